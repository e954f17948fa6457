package cloister.platform;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// A device that is asked by ioctl(2).
interface KernelDevice {
  /// Opens the device, makes the one call and closes it.
  ///
  /// @param argument what the request's struct is in; written to by the kernel
  /// @throws IOException with the error number
  void call(long request, MemorySegment argument) throws IOException;
}
