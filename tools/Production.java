import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.ZipFile;

/// Makes a production distribution of a development one (docs/adr/0014-simulated-module.md): the
/// same jars without `simulated`, and none with the key that signs simulated evidence.
/// `java tools/Production.java cli/target/dist/lib cli/target/production/lib`.
void main(String[] folders) throws Exception {
  Path from = Path.of(folders[0]);
  Path to = Files.createDirectories(Path.of(folders[1]));
  try (var old = Files.list(to)) {
    for (Path jar : old.toList()) {
      Files.delete(jar);
    }
  }
  int leftOut = 0;
  try (var jars = Files.list(from)) {
    for (Path jar : jars.sorted().toList()) {
      if (jar.getFileName().toString().matches("simulated-[^/]*\\.jar")) {
        leftOut++;
        continue;
      }
      Path copy = to.resolve(jar.getFileName());
      Files.copy(jar, copy, StandardCopyOption.COPY_ATTRIBUTES);
      refuseKey(copy);
    }
  }
  if (leftOut != 1) {
    System.err.println(from + " has " + leftOut + " jars of `simulated`, not one: run `make` first");
    System.exit(1);
  }
  IO.println("A production distribution without the simulated TEE is in " + to);
}

void refuseKey(Path jar) throws Exception {
  String sentence = "Cloister's simulated TEE proves nothing to anyone.";
  byte[] seed =
      MessageDigest.getInstance("SHA-256").digest(sentence.getBytes(StandardCharsets.UTF_8));
  // ISO 8859-1 keeps every byte, so that text is searched for bytes.
  var forbidden =
      List.of(
          sentence,
          HexFormat.of().formatHex(seed),
          new String(seed, StandardCharsets.ISO_8859_1));
  try (var zip = new ZipFile(jar.toFile())) {
    for (var entry : zip.stream().toList()) {
      String name = entry.getName();
      String content =
          new String(zip.getInputStream(entry).readAllBytes(), StandardCharsets.ISO_8859_1);
      if (name.startsWith("cloister/simulated/") || forbidden.stream().anyMatch(content::contains)) {
        throw new IOException(jar + " can sign simulated evidence: " + name);
      }
    }
  }
}
