package cloister.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a production distribution cannot do: it is this class path without the module `simulated`
/// and without what tests bring.
final class ProductionTest {
  private static final String SENTENCE = "Cloister's simulated TEE proves nothing to anyone.";

  @TempDir Path folder;

  private static List<String> whole() {
    return List.of(System.getProperty("java.class.path").split(File.pathSeparator));
  }

  private static List<String> production() {
    return whole().stream()
        .filter(entry ->
            !isSimulated(entry) && !entry.endsWith("test-classes") && !entry.contains("testkit"))
        .toList();
  }

  private static boolean isSimulated(String entry) {
    return entry.matches(".*[/\\\\]simulated([/\\\\]target[/\\\\]classes|-[^/\\\\]*\\.jar)");
  }

  private record Ran(int exitCode, String output) {}

  private Ran run(List<String> classPath, String... arguments) throws Exception {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                String.join(File.pathSeparator, classPath),
                Main.class.getName()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ran(process.waitFor(), output);
  }

  @Test
  void noCommandLineGetsSimulatedEvidenceOutOfIt() throws Exception {
    assertThat(whole()).anyMatch(ProductionTest::isSimulated);
    for (String[] tee : new String[][] {{}, {"--tee", "simulated"}}) {
      var arguments =
          new ArrayList<>(
              List.of("enclave", "serve", "--accept-simulated", "--listen", "127.0.0.1:0"));
      arguments.addAll(List.of("--state", folder.resolve("state").toString()));
      arguments.addAll(List.of(tee));
      Ran ran = run(production(), arguments.toArray(String[]::new));
      assertThat(ran.output().lines().toList())
          .as(ran.output())
          .hasSize(2)
          .first()
          .asString()
          .startsWith("error: this is a production distribution, which has no simulated TEE");
      assertThat(ran.exitCode()).isEqualTo(4);
    }
    assertThat(folder).isEmptyDirectory();
    Ran measured = run(production(), "enclave", "measurement");
    assertThat(measured.output()).startsWith("error: this is a production distribution");
  }

  /// And a TEE that this machine does not have stops it, whatever else is there.
  @Test
  void hardwareThatIsMissingIsOneLineAndNothingTakesItsPlace() throws Exception {
    for (Tee tee : List.of(Tee.SEV_SNP, Tee.TDX, Tee.NITRO, Tee.AZURE_ACI)) {
      Ran ran =
          run(
              whole(),
              "enclave",
              "serve",
              "--tee",
              tee.label(),
              "--ephemeral-state",
              "--state",
              folder.resolve("state").toString());
      assertThat(ran.output().lines().toList()).as(ran.output()).hasSize(2);
      assertThat(ran.output()).startsWith("error: " + tee + " needs ");
      assertThat(ran.exitCode()).isEqualTo(4);
    }
  }

  /// Neither the sentence that the key is the digest of, nor the digest, in any class or resource.
  @Test
  void nothingOnItHasTheKeyThatSignsSimulatedEvidence() throws IOException {
    Bytes seed = Bytes.of(Digest.ofUtf8(SENTENCE).toArray());
    List<byte[]> secrets =
        List.of(
            SENTENCE.getBytes(StandardCharsets.UTF_8),
            seed.toArray(),
            seed.hex().getBytes(StandardCharsets.US_ASCII));
    assertThat(holders(production(), secrets)).isEmpty();
    // The search finds what there is.
    assertThat(holders(whole(), secrets)).isNotEmpty();
  }

  private static List<String> holders(List<String> classPath, List<byte[]> secrets)
      throws IOException {
    var holders = new ArrayList<String>();
    for (String entry : classPath) {
      Path path = Path.of(entry);
      if (Files.isDirectory(path)) {
        try (var files = Files.walk(path)) {
          for (Path file : files.filter(Files::isRegularFile).toList()) {
            if (hasAny(Files.readAllBytes(file), secrets)) {
              holders.add(file.toString());
            }
          }
        }
      } else if (Files.exists(path) && path.toString().contains("cloister")) {
        try (var jar = new ZipFile(path.toFile())) {
          for (var file : jar.stream().toList()) {
            if (hasAny(jar.getInputStream(file).readAllBytes(), secrets)) {
              holders.add(path + "!" + file);
            }
          }
        }
      }
    }
    return holders;
  }

  private static boolean hasAny(byte[] content, List<byte[]> secrets) {
    return secrets.stream().anyMatch(secret -> indexOf(content, secret) >= 0);
  }

  private static int indexOf(byte[] content, byte[] part) {
    for (int at = 0; at + part.length <= content.length; at++) {
      if (content[at] == part[0]
          && Arrays.equals(content, at, at + part.length, part, 0, part.length)) {
        return at;
      }
    }
    return -1;
  }
}
