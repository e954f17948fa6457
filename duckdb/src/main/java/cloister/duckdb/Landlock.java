package cloister.duckdb;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Linux's Landlock (landlock(7)): a thread, and those that it starts later, open files under the
/// rules alone, for ever. DuckDB's own `allowed_paths` makes no difference between reading and
/// writing: a plan may overwrite what it may read, and only the kernel says no.
///
/// @param syscall `long syscall(long number, ...)`, with three arguments
/// @param ruleset `long syscall(long number, ...)`, with a pointer, a size and flags
/// @param rule `long syscall(long number, ...)`, with a file, a kind, a pointer and flags
/// @param open `int open(const char *, int flags, ...)`
/// @param close `int close(int)`
record Landlock(
    MethodHandle syscall,
    MethodHandle ruleset,
    MethodHandle rule,
    MethodHandle open,
    MethodHandle close,
    int abi) {
  // The numbers are the same on all machines (asm-generic/unistd.h).
  private static final long CREATE_RULESET = 444;
  private static final long ADD_RULE = 445;
  private static final long RESTRICT_SELF = 446;

  private static final long CREATE_RULESET_VERSION = 1;
  private static final int RULE_PATH_BENEATH = 1;
  private static final int O_PATH_CLOEXEC = 0x28_0000;

  private static final long WRITE_FILE = 1L << 1;
  private static final long READ_FILE = 1L << 2;
  private static final long READ_DIR = 1L << 3;
  private static final long TRUNCATE = 1L << 14;
  private static final long BIND_AND_CONNECT = 3;

  /// Empty where the kernel has no Landlock, or has it switched off.
  @SuppressWarnings("restricted") // the worker is started with native access: it loads DuckDB
  static Optional<Landlock> load() {
    if (!Confinement.isSupported()) {
      return Optional.empty();
    }
    var linker = Linker.nativeLinker();
    var symbols = linker.defaultLookup();
    var number = ValueLayout.JAVA_LONG;
    var file = ValueLayout.JAVA_INT;
    var pointer = ValueLayout.ADDRESS;
    var variadic = Linker.Option.firstVariadicArg(1);
    var syscall = symbols.findOrThrow("syscall");
    var calls =
        new Landlock(
            linker.downcallHandle(
                syscall, FunctionDescriptor.of(number, number, number, number, number), variadic),
            linker.downcallHandle(
                syscall, FunctionDescriptor.of(number, number, pointer, number, number), variadic),
            linker.downcallHandle(
                syscall,
                FunctionDescriptor.of(number, number, number, number, pointer, number),
                variadic),
            linker.downcallHandle(
                symbols.findOrThrow("open"),
                FunctionDescriptor.of(file, pointer, file),
                Linker.Option.firstVariadicArg(2)),
            linker.downcallHandle(symbols.findOrThrow("close"), FunctionDescriptor.of(file, file)),
            0);
    int abi = calls.version();
    return abi < 1
        ? Optional.empty()
        : Optional.of(
            new Landlock(calls.syscall, calls.ruleset, calls.rule, calls.open, calls.close, abi));
  }

  private int version() {
    try {
      return (int)
          (long)
              ruleset.invokeExact(CREATE_RULESET, MemorySegment.NULL, 0L, CREATE_RULESET_VERSION);
    } catch (Throwable failure) {
      throw new IllegalStateException("syscall was refused", failure);
    }
  }

  /// From now on this thread reads these files and what is in these folders, writes these files,
  /// and opens, makes, removes or renames nothing else; nor does it connect anywhere.
  ///
  /// @param folders existing folders or files, read only
  /// @param read existing files
  /// @param written existing files
  void restrict(List<String> folders, List<String> read, List<String> written) {
    try (var arena = Arena.ofConfined()) {
      var attributes = arena.allocate(16, 8);
      attributes.set(ValueLayout.JAVA_LONG, 0, handled());
      attributes.set(ValueLayout.JAVA_LONG, 8, abi >= 4 ? BIND_AND_CONNECT : 0);
      int rules =
          (int)
              check(
                  (long) ruleset.invokeExact(CREATE_RULESET, attributes, abi >= 4 ? 16L : 8L, 0L));
      for (String folder : folders) {
        allow(arena, rules, folder, isFolder(folder) ? READ_FILE | READ_DIR : READ_FILE);
      }
      for (String file : read) {
        allow(arena, rules, file, READ_FILE);
      }
      for (String file : written) {
        allow(arena, rules, file, (READ_FILE | WRITE_FILE | TRUNCATE) & handled());
      }
      check((long) syscall.invokeExact(RESTRICT_SELF, (long) rules, 0L, 0L));
      check((int) close.invokeExact(rules));
    } catch (Throwable failure) {
      throw new IllegalStateException("Landlock was refused", failure);
    }
  }

  /// Every right that this kernel's Landlock knows; one that is not handled is not restricted.
  private long handled() {
    int rights = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;
    return (1L << rights) - 1;
  }

  private static boolean isFolder(String path) {
    return Files.isDirectory(Path.of(path));
  }

  private void allow(Arena arena, int rules, String path, long access) throws Throwable {
    int file = (int) check((int) open.invokeExact(arena.allocateFrom(path), O_PATH_CLOEXEC));
    // struct landlock_path_beneath_attr, packed
    var attributes = arena.allocate(12, 8);
    attributes.set(ValueLayout.JAVA_LONG, 0, access);
    attributes.set(ValueLayout.JAVA_INT, 8, file);
    check(
        (long) rule.invokeExact(ADD_RULE, (long) rules, (long) RULE_PATH_BENEATH, attributes, 0L));
    check((int) close.invokeExact(file));
  }

  private static long check(long result) {
    if (result < 0) {
      throw new IllegalStateException("returned " + result);
    }
    return result;
  }
}
