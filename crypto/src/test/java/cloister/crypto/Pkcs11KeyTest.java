package cloister.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/// Runs against SoftHSM2 where it is installed. Its configuration is read from the environment by a
/// library that is loaded once per process, so the token work runs in a process of its own.
@EnabledIf(
    value = "softHsmIsInstalled",
    disabledReason = "SoftHSM2 is not installed: apt-get install softhsm2")
class Pkcs11KeyTest {
  private static final Pattern SLOT = Pattern.compile("slot (\\d+)");

  @TempDir Path folder;

  @Test
  void anAuthorityWithItsKeyInAnHsmIssuesAndResumesAndTheWrongPinIsRefused() throws Exception {
    long slot = freshToken();
    // The first process makes the key, the second must find it.
    String first = inOwnProcess(slot);
    String second = inOwnProcess(slot);
    assertThat(first).isNotBlank().isEqualTo(second);
    assertThat(run(List.of("softhsm2-util", "--show-slots"))).contains("cloister-test");
  }

  @Test
  void aLibraryThatIsNoneIsRefused() {
    var slot = new Pkcs11Key.Slot(folder.resolve("no-library.so"), 0);
    assertThatThrownBy(() -> Pkcs11Key.openOrCreate(slot, "authority", Secret.utf8("1234")))
        .isInstanceOf(CryptoException.class)
        .hasMessageContaining("library");
  }

  @Test
  void aPathThatWouldAddSettingsIsRefused() {
    for (String path : new String[] {"a\nslot = 1", "a\"b", "${user.home}/x"}) {
      assertThatThrownBy(() -> new Pkcs11Key.Slot(Path.of(path), 0))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  /// What the processes run: arguments are the library and the slot.
  static final class TokenSession {
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final Validity YEAR = new Validity(NOW, NOW.plus(Duration.ofDays(365)));

    private TokenSession() {}

    public static void main(String[] arguments) throws Exception {
      var slot = new Pkcs11Key.Slot(Path.of(arguments[0]), Long.parseLong(arguments[1]));
      assertThatThrownBy(() -> Pkcs11Key.openOrCreate(slot, "authority", Secret.utf8("wrong pin")))
          .isInstanceOf(CryptoException.class)
          .hasMessageContaining("PIN");

      var key = Pkcs11Key.openOrCreate(slot, "authority", Secret.utf8("1234"));
      assertThat(Pkcs11Key.openOrCreate(slot, "authority", Secret.utf8("1234")).spki())
          .isEqualTo(key.spki());
      assertThat(Pkcs11Key.openOrCreate(slot, "other", Secret.utf8("1234")).spki())
          .isNotEqualTo(key.spki());
      assertThat(key.exportedPrivateKey()).isEmpty();

      var authority = CertificateAuthority.create(key, "hospitals", YEAR, BigInteger.ONE);
      var root = AuthorityCertificate.parse(authority.certificate().encoded());
      assertThat(root.algorithm()).isEqualTo(IssuingAlgorithm.ECDSA_P384_SHA384);
      SigningKey member = SigningKey.generate();
      var request = CertificateRequest.create(member, "north", OpeningKey.generate().sealingKey());
      Certificate issued =
          CertificateAuthority.resume(key, root)
              .issue(request, "north", member.verifyingKey().thumbprint(), YEAR, BigInteger.TWO);
      assertThat(issued.verify(root, NOW).verifyingKey()).isEqualTo(member.verifyingKey());
      byte[] forged = issued.encoded().toArray();
      forged[forged.length - 1] ^= 1;
      assertThatThrownBy(() -> Certificate.parse(Bytes.of(forged)).verify(root, NOW))
          .isInstanceOf(CryptoException.class);
      System.out.println(Digest.of(key.spki()));
    }
  }

  private String inOwnProcess(long slot) throws IOException, InterruptedException {
    return run(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            TokenSession.class.getName(),
            library().orElseThrow().toString(),
            Long.toString(slot)));
  }

  private long freshToken() throws IOException, InterruptedException {
    Files.createDirectories(folder.resolve("tokens"));
    Files.writeString(
        folder.resolve("softhsm2.conf"),
        "directories.tokendir = " + folder.resolve("tokens") + "\nlog.level = ERROR\n");
    Matcher slot =
        SLOT.matcher(
            run(
                List.of(
                    "softhsm2-util",
                    "--init-token",
                    "--free",
                    "--label",
                    "cloister-test",
                    "--pin",
                    "1234",
                    "--so-pin",
                    "5678")));
    assertThat(slot.find()).isTrue();
    return Long.parseLong(slot.group(1));
  }

  private String run(List<String> command) throws IOException, InterruptedException {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("SOFTHSM2_CONF", folder.resolve("softhsm2.conf").toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  static boolean softHsmIsInstalled() {
    return library().isPresent()
        && Stream.of(System.getenv("PATH").split(":", -1))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "softhsm2-util")));
  }

  private static Optional<Path> library() {
    return Stream.of(
            "/usr/lib/softhsm/libsofthsm2.so",
            "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
            "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
            "/usr/local/lib/softhsm/libsofthsm2.so",
            "/opt/homebrew/lib/softhsm/libsofthsm2.so")
        .map(Path::of)
        .filter(Files::isRegularFile)
        .findFirst();
  }
}
