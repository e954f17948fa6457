package cloister.duckdb;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.SynchronousQueue;
import org.duckdb.DuckDBDriver;
import org.jspecify.annotations.Nullable;

/// The disposable process around DuckDB. It holds no key, opens the files that it is told of and no
/// other, and answers with rows or with the code of a failure; DuckDB's own words end here.
///
/// A plan may still hang it, or crash it: the enclave kills it from outside and starts another.
final class Worker {
  /// Nested expressions recurse in native code: 1 MB of stack, Java's default, is a crash.
  private static final long STACK_BYTES = 64L << 20;

  private static final int EXPRESSION_DEPTH = 250;

  /// What DuckDB asks at its start; it crashes where such a file is there and does not open.
  private static final List<String> MEMORY_OF_THE_MACHINE =
      List.of("/proc/self/cgroup", "/sys/fs/cgroup");

  private final DataOutputStream out;
  private final SynchronousQueue<Callable<Optional<Wire.Failure>>> requests =
      new SynchronousQueue<>();
  private final Optional<Confinement> confinement;
  private final Optional<Landlock> landlock;

  /// From the opening on.
  private Optional<Connection> connection = Optional.empty();

  private Worker(
      DataOutputStream out, Optional<Confinement> confinement, Optional<Landlock> landlock) {
    this.out = out;
    this.confinement = confinement;
    this.landlock = landlock;
  }

  public static void main(String[] arguments) throws Exception {
    Optional<Confinement> confinement =
        Confinement.isSupported() ? Optional.of(Confinement.load()) : Optional.empty();
    confinement.ifPresent(Confinement::confine);
    var out = new FileOutputStream(FileDescriptor.out);
    var worker =
        new Worker(
            new DataOutputStream(new BufferedOutputStream(out, 1 << 16)),
            confinement,
            Landlock.load());
    new Thread(null, worker::serve, "query", STACK_BYTES).start();
    worker.listen(new DataInputStream(new FileInputStream(FileDescriptor.in)));
  }

  /// Reads ahead of the query that runs, so that the end of the enclave is the end of this process
  /// however busy DuckDB is.
  private void listen(DataInputStream in) throws InterruptedException {
    try {
      while (true) {
        switch (in.readUnsignedByte()) {
          case Wire.OPEN -> {
            var opening = Wire.Opening.read(in);
            requests.put(() -> open(opening));
          }
          case Wire.QUERY -> {
            var query = Wire.Query.read(in);
            requests.put(() -> query(query));
          }
          default -> throw new IOException("unknown request");
        }
      }
    } catch (IOException _) {
      Runtime.getRuntime().halt(0);
    }
  }

  private void serve() {
    try {
      // A first database initialises what the one to come would wait for.
      try (var first = connect()) {
        execute(first, "SELECT count(*) FROM range(10) GROUP BY range % 2");
      }
      out.writeByte(Wire.READY);
      out.writeBoolean(confinement.isPresent());
      out.writeBoolean(landlock.isPresent());
      out.flush();
      while (true) {
        answer(requests.take().call());
      }
    } catch (Throwable _) {
      Runtime.getRuntime().halt(1);
    }
  }

  @SuppressWarnings("EnumOrdinal") // both ends of the wire are the same build
  private void answer(Optional<Wire.Failure> failure) throws IOException {
    if (failure.isPresent()) {
      out.writeByte(Wire.FAILURE);
      out.writeByte(failure.get().ordinal());
    } else {
      out.writeByte(Wire.END);
    }
    out.flush();
  }

  private Optional<Wire.Failure> open(Wire.Opening opening) {
    try {
      confinement.ifPresent(limits -> limits.limitMemory(opening.memoryBytes()));
      landlock.ifPresent(files -> files.restrict(ownFiles(), opening.reads(), opening.outputs()));
      // Landlock binds a thread and those that it starts: DuckDB's come after it.
      var fresh = connect();
      for (String statement : lockdown(opening)) {
        execute(fresh, statement);
      }
      for (var table : opening.tables().entrySet()) {
        execute(
            fresh,
            "CREATE VIEW "
                + Sql.name(table.getKey())
                + " AS SELECT * FROM read_parquet("
                + Sql.literals(table.getValue())
                + ", hive_partitioning=false)");
      }
      connection = Optional.of(fresh);
      return Optional.empty();
    } catch (SQLException failure) {
      return Optional.of(classify(failure));
    }
  }

  /// Classes are loaded as they are needed.
  private static List<String> ownFiles() {
    var files =
        new ArrayList<>(
            List.of(System.getProperty("java.class.path").split(File.pathSeparator, -1)));
    files.add(System.getProperty("java.home"));
    files.addAll(MEMORY_OF_THE_MACHINE);
    files.removeIf(file -> !Files.exists(Path.of(file)));
    return files;
  }

  /// The order matters: paths are allowed while that is still possible, external access is then
  /// closed for good, and the last statement forbids every further SET.
  private static List<String> lockdown(Wire.Opening opening) {
    var files = new ArrayList<>(opening.reads());
    files.addAll(opening.outputs());
    return List.of(
        // Spill files hold plaintext: there are none.
        "SET temp_directory=''",
        "SET memory_limit='" + opening.memoryBytes() + "B'",
        "SET threads=" + opening.threads(),
        "SET max_expression_depth=" + EXPRESSION_DEPTH,
        "SET max_execution_time=" + opening.timeMillis(),
        "SET TimeZone='UTC'",
        "SET parquet_metadata_cache=true",
        // Shared subexpressions are hoisted out of TRY, where they fail.
        "SET disabled_optimizers='common_subexpressions'",
        "SET error_on_division_by_zero=false",
        "SET autoinstall_known_extensions=false",
        "SET autoload_known_extensions=false",
        "SET allow_community_extensions=false",
        "SET allow_persistent_secrets=false",
        "SET allow_extension_repositories='forbidden'",
        "SET allow_unsigned_extensions=false",
        "SET allowed_paths=" + Sql.literals(files),
        "SET enable_external_access=false",
        "SET lock_configuration=true");
  }

  private Optional<Wire.Failure> query(Wire.Query query) throws IOException {
    if (connection.isEmpty()) {
      return Optional.of(Wire.Failure.FAILED);
    }
    try (var statement = connection.get().createStatement()) {
      if (!statement.execute(query.sql())) {
        if (query.keys() != 0 || query.numbers() != 1) {
          return Optional.of(Wire.Failure.FAILED);
        }
        out.writeByte(Wire.ROW);
        Wire.writeNumber(out, BigInteger.valueOf(statement.getLargeUpdateCount()));
        return Optional.empty();
      }
      try (var rows = statement.getResultSet()) {
        return send(rows, query);
      }
    } catch (SQLException failure) {
      return Optional.of(classify(failure));
    } catch (OutOfMemoryError _) {
      return Optional.of(Wire.Failure.MEMORY);
    }
  }

  private Optional<Wire.Failure> send(ResultSet rows, Wire.Query query)
      throws SQLException, IOException {
    int firstList = query.keys() + query.numbers() + 1;
    int columns = query.keys() + query.numbers() + query.lists();
    if (rows.getMetaData().getColumnCount() != columns) {
      return Optional.of(Wire.Failure.FAILED);
    }
    for (int sent = 0; rows.next(); sent++) {
      if (sent == query.rows()) {
        return Optional.of(Wire.Failure.GROUPS);
      }
      var keys = new ArrayList<Optional<String>>();
      for (int column = 1; column <= query.keys(); column++) {
        keys.add(Optional.ofNullable(rows.getString(column)));
      }
      var numbers = new ArrayList<BigInteger>();
      for (int column = query.keys() + 1; column < firstList; column++) {
        var number = number(rows.getObject(column));
        if (number.isEmpty()) {
          return Optional.of(Wire.Failure.FAILED);
        }
        numbers.add(number.get());
      }
      var lists = new ArrayList<List<BigInteger>>();
      for (int column = firstList; column <= columns; column++) {
        var list = numbers(rows.getObject(column));
        if (list.isEmpty()) {
          return Optional.of(Wire.Failure.FAILED);
        }
        lists.add(list.get());
      }
      out.writeByte(Wire.ROW);
      for (var key : keys) {
        Wire.writeKey(out, key);
      }
      for (var number : numbers) {
        Wire.writeNumber(out, number);
      }
      for (var list : lists) {
        Wire.writeNumbers(out, list);
      }
    }
    return Optional.empty();
  }

  private static Optional<BigInteger> number(@Nullable Object value) {
    return switch (value) {
      case BigInteger number -> Optional.of(number);
      case Long number -> Optional.of(BigInteger.valueOf(number));
      case Integer number -> Optional.of(BigInteger.valueOf(number));
      case null, default -> Optional.empty();
    };
  }

  private static Optional<List<BigInteger>> numbers(@Nullable Object value) throws SQLException {
    if (!(value instanceof Array array)
        || !(array.getArray() instanceof Object[] elements)
        || elements.length > Wire.LIST_NUMBERS) {
      return Optional.empty();
    }
    var numbers = new ArrayList<BigInteger>();
    for (var element : elements) {
      var number = number(element);
      if (number.isEmpty()) {
        return Optional.empty();
      }
      numbers.add(number.get());
    }
    return Optional.of(numbers);
  }

  /// Streamed results would save memory, but hide which limit a query met.
  private static Connection connect() throws SQLException {
    return new DuckDBDriver().connect("jdbc:duckdb:", new Properties());
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /// DuckDB gives no codes through JDBC; its messages start with the kind of the error.
  private static Wire.Failure classify(SQLException failure) {
    String message = String.valueOf(failure.getMessage());
    if (message.startsWith("Out of Memory Error")) {
      return Wire.Failure.MEMORY;
    }
    if (message.startsWith("INTERRUPT Error")) {
      return Wire.Failure.TIME;
    }
    // A file that cannot be opened or written is the machine's fault, one that ends early its own.
    boolean storage =
        message.startsWith("IO Error") && !message.startsWith("IO Error: Could not read");
    return storage || message.startsWith("FATAL Error") ? Wire.Failure.FAILED : Wire.Failure.INPUT;
  }
}
