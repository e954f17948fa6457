package cloister.duckdb;

import cloister.query.EngineException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The enclave's end of one worker. Used by one thread at a time. Whatever goes wrong kills the
/// process: a worker that has failed once is never asked again.
final class WorkerProcess {
  private final Process process;
  private final DataOutputStream out;
  private final DataInputStream in;
  private final ExecutorService readers;
  private final Set<Workers.Layer> layers = EnumSet.noneOf(Workers.Layer.class);
  private Optional<Wire.Failure> ended = Optional.empty();
  private int queries;

  WorkerProcess(Process process, ExecutorService readers) {
    this.process = process;
    this.out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
    this.in = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16));
    this.readers = readers;
  }

  /// Waits until the process has loaded the engine.
  ///
  /// @return what the worker says that it has done to itself
  Set<Workers.Layer> await(Duration time) throws EngineException, InterruptedException {
    exchange(this::ready, time);
    return layers;
  }

  private Optional<Wire.Failure> ready() throws IOException {
    if (in.readUnsignedByte() != Wire.READY) {
      throw new IOException("unknown answer");
    }
    if (in.readBoolean()) {
      layers.add(Workers.Layer.LIMITS);
    }
    if (in.readBoolean()) {
      layers.add(Workers.Layer.FILES);
    }
    return Optional.empty();
  }

  void open(Wire.Opening opening, Duration time) throws EngineException, InterruptedException {
    exchange(
        () -> {
          opening.write(out);
          return receive(new Wire.Query("", 0, 0, 0), (_, _, _) -> {});
        },
        time);
  }

  /// Hands over each row as it comes; rows of a query that fails later have been handed over too.
  void query(Wire.Query query, Wire.Rows rows, Duration time)
      throws EngineException, InterruptedException {
    queries++;
    exchange(
        () -> {
          query.write(out);
          return receive(query, rows);
        },
        time);
  }

  /// Whether it ended because of a file that it was given to read, as it said itself. One that
  /// crashed or was killed says nothing.
  boolean refusedItsInput() {
    return ended.equals(Optional.of(Wire.Failure.INPUT));
  }

  boolean isAlive() {
    return process.isAlive();
  }

  int queries() {
    return queries;
  }

  /// With what it started: bubblewrap that dies while it sets up would leave its child behind.
  void kill() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  /// Returns when the killed process is no more.
  void awaitEnd() {
    process.onExit().join();
  }

  long pid() {
    return process.pid();
  }

  private void exchange(Callable<Optional<Wire.Failure>> conversation, Duration time)
      throws EngineException, InterruptedException {
    // Reading a pipe cannot be timed or interrupted; killing the process ends it.
    var answer = readers.submit(conversation);
    Optional<Wire.Failure> failure;
    try {
      failure = answer.get(Math.max(0, time.toNanos()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      failure = Optional.of(Wire.Failure.TIME);
    } catch (ExecutionException broken) {
      if (broken.getCause() instanceof IOException) {
        failure = Optional.of(Wire.Failure.FAILED);
      } else {
        kill();
        throw new IllegalStateException("reading a worker's answer failed", broken.getCause());
      }
    } catch (InterruptedException interrupted) {
      kill();
      throw interrupted;
    }
    if (failure.isPresent()) {
      kill();
      ended = failure;
      throw new EngineException(reason(failure.get()));
    }
  }

  private Optional<Wire.Failure> receive(Wire.Query query, Wire.Rows rows) throws IOException {
    for (int received = 0; ; received++) {
      switch (in.readUnsignedByte()) {
        case Wire.END -> {
          return Optional.empty();
        }
        case Wire.FAILURE -> {
          return Optional.of(Wire.Failure.read(in));
        }
        case Wire.ROW -> {
          if (received == query.rows()) {
            throw new IOException("more rows than asked for");
          }
          var texts = new ArrayList<Optional<String>>(query.keys());
          for (int i = 0; i < query.keys(); i++) {
            texts.add(Wire.readKey(in));
          }
          var values = new ArrayList<BigInteger>(query.numbers());
          for (int i = 0; i < query.numbers(); i++) {
            values.add(Wire.readNumber(in));
          }
          var lists = new ArrayList<List<BigInteger>>(query.lists());
          for (int i = 0; i < query.lists(); i++) {
            lists.add(Wire.readNumbers(in));
          }
          rows.row(texts, values, lists);
        }
        default -> throw new IOException("unknown answer");
      }
    }
  }

  private static EngineException.Reason reason(Wire.Failure failure) {
    return switch (failure) {
      case TIME -> EngineException.Reason.TIME;
      case MEMORY -> EngineException.Reason.MEMORY;
      case GROUPS -> EngineException.Reason.GROUPS;
      case INPUT, FAILED -> EngineException.Reason.FAILED;
    };
  }
}
