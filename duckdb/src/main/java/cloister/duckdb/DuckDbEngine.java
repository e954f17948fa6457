package cloister.duckdb;

import cloister.privacy.Exact;
import cloister.privacy.ExactTable;
import cloister.query.Engine;
import cloister.query.EngineException;
import cloister.query.EngineQuery;
import cloister.room.Address;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/// The embedded engine. Each query runs in a worker process that has opened its input files and no
/// other; a worker that succeeded waits for the next query on the same files under the same limits.
///
/// A path must name the same content for as long as the engine lives: prepared versions are new
/// files.
public final class DuckDbEngine implements Engine {
  /// A worker is replaced after so many queries, whatever they did to its memory.
  private static final int MOST_QUERIES = 256;

  /// Workers kept with their files open, the least recently used leaving first.
  private static final int MOST_OPEN = 4;

  private record Open(Wire.Opening opening, WorkerProcess worker) {}

  private final Workers workers;
  private final ArrayDeque<Open> open = new ArrayDeque<>();

  /// The workers are shared with others and outlive the engine.
  public DuckDbEngine(Workers workers) {
    this.workers = workers;
  }

  @Override
  public void run(
      EngineQuery query,
      Map<Address, List<Path>> data,
      Limits limits,
      Consumer<ExactTable.Row> rows)
      throws EngineException, InterruptedException {
    var opening = opening(query, data, limits);
    var deadline = Deadline.after(limits.time());
    workers.enter(deadline);
    try {
      run(query, opening, limits.groups(), rows, deadline);
    } finally {
      workers.leave();
    }
  }

  private void run(
      EngineQuery query,
      Wire.Opening opening,
      int groups,
      Consumer<ExactTable.Row> rows,
      Deadline deadline)
      throws EngineException, InterruptedException {
    var worker = opened(opening, deadline);
    boolean succeeded = false;
    try {
      worker.query(
          new Wire.Query(
              query.sql(), query.keys(), query.counters() + query.cells(), query.lists(), groups),
          (keys, numbers, lists) -> {
            var exact = numbers.stream().map(Exact::of).toList();
            rows.accept(
                new ExactTable.Row(
                    keys,
                    exact.subList(0, query.counters()),
                    exact.subList(query.counters(), exact.size()),
                    lists.stream().map(list -> list.stream().map(Exact::of).toList()).toList()));
          },
          deadline.left());
      succeeded = worker.queries() < MOST_QUERIES;
    } finally {
      if (succeeded) {
        keep(new Open(opening, worker));
      } else {
        workers.dismiss(worker);
      }
    }
  }

  private WorkerProcess opened(Wire.Opening opening, Deadline deadline)
      throws EngineException, InterruptedException {
    var kept = reuse(opening);
    if (kept.isPresent()) {
      return kept.get();
    }
    var worker = workers.take(deadline);
    boolean succeeded = false;
    try {
      worker.open(opening, deadline.left());
      succeeded = true;
      return worker;
    } finally {
      if (!succeeded) {
        workers.dismiss(worker);
      }
    }
  }

  /// The one used last: its caches are the warmest, and the others may leave.
  private synchronized Optional<WorkerProcess> reuse(Wire.Opening opening) {
    for (var candidates = open.descendingIterator(); candidates.hasNext(); ) {
      var candidate = candidates.next();
      if (candidate.opening().equals(opening)) {
        candidates.remove();
        if (candidate.worker().isAlive()) {
          return Optional.of(candidate.worker());
        }
        workers.dismiss(candidate.worker());
      }
    }
    return Optional.empty();
  }

  private synchronized void keep(Open used) {
    open.addLast(used);
    if (open.size() > MOST_OPEN) {
      workers.dismiss(open.removeFirst().worker());
    }
  }

  @Override
  public synchronized void forget(Path folder) {
    String inside = PlainPath.of(folder) + File.separator;
    open.removeIf(each -> {
      boolean reads = each.opening().reads().stream().anyMatch(file -> file.startsWith(inside));
      if (reads) {
        workers.dismiss(each.worker());
      }
      return reads;
    });
  }

  @Override
  public synchronized void close() {
    open.forEach(each -> workers.dismiss(each.worker()));
    open.clear();
  }

  private static Wire.Opening opening(
      EngineQuery query, Map<Address, List<Path>> data, Limits limits) {
    var tables = new TreeMap<String, List<String>>();
    query
        .tables()
        .forEach((name, address) -> {
          var files = data.get(address);
          if (files == null || files.isEmpty()) {
            throw new IllegalArgumentException("no prepared files for " + address);
          }
          tables.put(name, files.stream().map(PlainPath::of).toList());
        });
    return new Wire.Opening(
        tables,
        List.of(),
        List.of(),
        limits.memoryBytes(),
        limits.threads(),
        limits.time().toMillis());
  }
}
