package cloister.duckdb;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// What a worker does to itself before it sees the first row, through the C library. DuckDB's
/// `memory_limit` does not bind single huge values; the kernel's `RLIMIT_DATA` does. On systems
/// without these calls only DuckDB's own limits hold.
///
/// @param setrlimit `int setrlimit(int resource, const struct rlimit *)`
/// @param capset `int capset(cap_user_header_t, const cap_user_data_t)`
/// @param prctl `int prctl(int option, unsigned long, unsigned long, unsigned long, unsigned long)`
record Confinement(MethodHandle setrlimit, MethodHandle capset, MethodHandle prctl) {
  private static final int RLIMIT_DATA = 2;
  private static final int RLIMIT_CORE = 4;
  private static final int PR_SET_DUMPABLE = 4;
  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int CAPABILITY_VERSION_3 = 0x2008_0522;

  /// What the JVM itself needs beside the engine: heap, code cache, metaspace and thread stacks.
  private static final long JVM_BYTES = 1L << 30;

  static boolean isSupported() {
    return System.getProperty("os.name").equals("Linux");
  }

  @SuppressWarnings("restricted") // the worker is started with native access: it loads DuckDB
  static Confinement load() {
    var linker = Linker.nativeLinker();
    var symbols = linker.defaultLookup();
    return new Confinement(
        linker.downcallHandle(
            symbols.findOrThrow("setrlimit"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS)),
        linker.downcallHandle(
            symbols.findOrThrow("capset"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS)),
        linker.downcallHandle(
            symbols.findOrThrow("prctl"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG)));
  }

  /// No core dump, no reading of this process by others of the same user, no privileges and no way
  /// to new ones: for this thread and those that it starts. Root obeys the modes of files then.
  void confine() {
    limit(RLIMIT_CORE, 0);
    control(PR_SET_DUMPABLE, 0);
    control(PR_SET_NO_NEW_PRIVS, 1);
    dropCapabilities();
  }

  /// Bounds the writable memory of the whole process.
  void limitMemory(long engineBytes) {
    limit(RLIMIT_DATA, Math.addExact(engineBytes, JVM_BYTES));
  }

  private void limit(int resource, long value) {
    try (var arena = Arena.ofConfined()) {
      var limit = arena.allocateFrom(ValueLayout.JAVA_LONG, value, value);
      check((int) setrlimit.invokeExact(resource, limit));
    } catch (Throwable failure) {
      throw new IllegalStateException("setrlimit was refused", failure);
    }
  }

  private void dropCapabilities() {
    try (var arena = Arena.ofConfined()) {
      // This thread; effective, permitted and inheritable sets of 64 bits, all empty.
      var header = arena.allocateFrom(ValueLayout.JAVA_INT, CAPABILITY_VERSION_3, 0);
      check((int) capset.invokeExact(header, arena.allocate(24, 4)));
    } catch (Throwable failure) {
      throw new IllegalStateException("capset was refused", failure);
    }
  }

  private void control(int option, long value) {
    try {
      check((int) prctl.invokeExact(option, value, 0L, 0L, 0L));
    } catch (Throwable failure) {
      throw new IllegalStateException("prctl was refused", failure);
    }
  }

  private static void check(int result) {
    if (result != 0) {
      throw new IllegalStateException("returned " + result);
    }
  }
}
