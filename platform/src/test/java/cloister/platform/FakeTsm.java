package cloister.platform;

import cloister.crypto.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Linux's drivers/virt/coco/guest/report.c, as far as a guest sees it: each write advances the
/// generation, a report is made when it is read and is of the generation of that moment, a write of
/// a wrong size is refused without telling (configfs commits at close), and reading can be refused
/// for a moment.
final class FakeTsm implements KernelFiles {
  private static final int INBLOB_BYTES = 64;

  static final Path FOLDER = Path.of("/config/tsm/report");

  /// What happens before a read of that attribute; it may write, as a racing process does.
  interface Meanwhile {
    void before(String attribute, Path request) throws IOException;
  }

  static final class Request {
    long written;
    long read = -1;
    Bytes inblob = Bytes.of(new byte[0]);
    String level = "0";
    @Nullable Bytes outblob;
  }

  final Map<Path, Request> requests = new HashMap<>();
  String provider = "sev_guest\n";
  int floor;
  Bytes certificates = Bytes.of(new byte[0]);
  Meanwhile meanwhile = (_, _) -> {};
  boolean mayCreate = true;
  boolean refusesInblob;
  int made;

  @Override
  public boolean exists(Path path) {
    String name = path.getFileName().toString();
    return switch (name) {
      case "auxblob", "privlevel_floor" -> provider.startsWith("sev");
      default -> path.equals(FOLDER) || requests.containsKey(path);
    };
  }

  @Override
  public void createFolder(Path folder) throws IOException {
    if (!mayCreate) {
      throw new AccessDeniedException(folder.toString());
    }
    if (requests.putIfAbsent(folder, new Request()) != null) {
      throw new FileAlreadyExistsException(folder.toString());
    }
    made++;
  }

  @Override
  public void deleteFolder(Path folder) throws IOException {
    if (requests.remove(folder) == null) {
      throw new NoSuchFileException(folder.toString());
    }
  }

  private Request request(Path file) throws IOException {
    Request request = requests.get(file.getParent());
    if (request == null) {
      throw new NoSuchFileException(file.toString());
    }
    return request;
  }

  @Override
  public void write(Path file, Bytes content) throws IOException {
    Request request = request(file);
    switch (file.getFileName().toString()) {
      case "inblob" -> {
        if (refusesInblob || content.size() > INBLOB_BYTES) {
          return;
        }
        request.inblob = content;
        request.written++;
      }
      case "privlevel" -> {
        String level = new String(content.toArray(), StandardCharsets.US_ASCII);
        if (Integer.parseInt(level) < floor) {
          throw new IOException("Invalid argument");
        }
        request.level = level;
        request.written++;
      }
      default -> throw new AccessDeniedException(file.toString());
    }
  }

  @Override
  public Bytes read(Path file, int mostBytes) throws IOException {
    String attribute = file.getFileName().toString();
    meanwhile.before(attribute, java.util.Objects.requireNonNull(file.getParent()));
    Request request = request(file);
    Bytes content =
        switch (attribute) {
          case "provider" -> Bytes.utf8(provider);
          case "generation" -> Bytes.utf8(request.written + "\n");
          case "privlevel_floor" -> Bytes.utf8(floor + "\n");
          case "auxblob" -> {
            outblob(request);
            yield certificates;
          }
          case "outblob" -> outblob(request);
          default -> throw new NoSuchFileException(file.toString());
        };
    if (content.size() > mostBytes) {
      throw new IOException("more than " + mostBytes);
    }
    return content;
  }

  private Bytes outblob(Request request) throws IOException {
    if (request.inblob.size() == 0 || Integer.parseInt(request.level) < floor) {
      throw new IOException("Invalid argument");
    }
    Bytes known = request.outblob;
    if (known == null || request.read != request.written) {
      known = report(request.inblob, request.level);
      request.outblob = known;
      request.read = request.written;
    }
    return known;
  }

  /// What a report for that report data is here.
  static Bytes report(Bytes reportData, String level) {
    return Bytes.concat(Bytes.utf8("report at level " + level + " of "), reportData);
  }
}
