package cloister.platform;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;

/// The C library's ioctl, on one device.
///
/// @param open `int open(const char *, int flags, ...)`
/// @param ioctl `int ioctl(int, unsigned long request, ...)`, with a pointer
/// @param close `int close(int)`
record Ioctl(Path device, MethodHandle open, MethodHandle ioctl, MethodHandle close)
    implements KernelDevice {
  private static final int O_RDWR_CLOEXEC = 0x8_0002;

  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  @SuppressWarnings("restricted") // the enclave is started with native access
  static Ioctl of(Path device) {
    var linker = Linker.nativeLinker();
    var symbols = linker.defaultLookup();
    var number = ValueLayout.JAVA_INT;
    var errno = Linker.Option.captureCallState("errno");
    var variadic = Linker.Option.firstVariadicArg(2);
    return new Ioctl(
        device,
        linker.downcallHandle(
            symbols.findOrThrow("open"),
            FunctionDescriptor.of(number, ValueLayout.ADDRESS, number),
            errno,
            variadic),
        linker.downcallHandle(
            symbols.findOrThrow("ioctl"),
            FunctionDescriptor.of(number, number, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS),
            errno,
            variadic),
        linker.downcallHandle(symbols.findOrThrow("close"), FunctionDescriptor.of(number, number)));
  }

  @Override
  public void call(long request, MemorySegment argument) throws IOException {
    try (var arena = Arena.ofConfined()) {
      var state = arena.allocate(STATE);
      int file = open(state, arena.allocateFrom(device.toString()));
      try {
        if (ioctl(state, file, request, argument) < 0) {
          throw failed("ioctl 0x%08x".formatted(request), state);
        }
      } finally {
        close(file);
      }
    }
  }

  private int open(MemorySegment state, MemorySegment path) throws IOException {
    int file;
    try {
      file = (int) open.invokeExact(state, path, O_RDWR_CLOEXEC);
    } catch (Throwable failure) {
      throw new IllegalStateException("open was refused", failure);
    }
    if (file < 0) {
      throw failed("open", state);
    }
    return file;
  }

  private int ioctl(MemorySegment state, int file, long request, MemorySegment argument) {
    try {
      return (int) ioctl.invokeExact(state, file, request, argument);
    } catch (Throwable failure) {
      throw new IllegalStateException("ioctl was refused", failure);
    }
  }

  private void close(int file) {
    try {
      int _ = (int) close.invokeExact(file);
    } catch (Throwable failure) {
      throw new IllegalStateException("close was refused", failure);
    }
  }

  private IOException failed(String call, MemorySegment state) {
    return new IOException(
        "%s of %s: errno %d".formatted(call, device, (int) ERRNO.get(state, 0L)));
  }
}
