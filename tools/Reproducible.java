import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.TreeMap;
import java.util.TreeSet;

/// Compares two folders of jars byte for byte: `java tools/Reproducible.java ONE OTHER`.
void main(String[] folders) throws Exception {
  var one = digests(Path.of(folders[0]));
  var other = digests(Path.of(folders[1]));
  var differing = new TreeSet<String>(one.keySet());
  differing.addAll(other.keySet());
  differing.removeIf(jar -> one.containsKey(jar) && one.get(jar).equals(other.get(jar)));
  if (one.isEmpty() || !differing.isEmpty()) {
    System.err.println("Two builds of one commit differ in " + differing);
    System.exit(1);
  }
  one.forEach((jar, digest) -> IO.println(digest + "  " + jar));
}

TreeMap<String, String> digests(Path folder) throws Exception {
  var digests = new TreeMap<String, String>();
  try (var jars = Files.list(folder)) {
    for (Path jar : jars.filter(file -> file.toString().endsWith(".jar")).toList()) {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(jar));
      digests.put(jar.getFileName().toString(), HexFormat.of().formatHex(digest));
    }
  }
  return digests;
}
