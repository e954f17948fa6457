package cloister.enclave;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// A folder's files at one time, to be put back: what a crash would have left there.
record Snapshot(Path place, Map<Path, byte[]> files) {
  static Snapshot of(Path folder) throws IOException {
    var files = new LinkedHashMap<Path, byte[]>();
    for (Path file : Disk.list(folder)) {
      files.put(file, Files.readAllBytes(file));
    }
    return new Snapshot(folder, files);
  }

  void restore() throws IOException {
    Files.createDirectories(place);
    for (var file : files.entrySet()) {
      Files.write(file.getKey(), file.getValue());
    }
  }
}
