package cloister.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.testkit.SoftHsm;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/// Runs against SoftHSM2 where it is installed.
@EnabledIf(
    value = "cloister.testkit.SoftHsm#isInstalled",
    disabledReason = "SoftHSM2 is not installed: apt-get install softhsm2")
class Pkcs11KeyTest {
  @TempDir Path folder;

  @Test
  void anAuthorityWithItsKeyInAnHsmIssuesAndResumesAndTheWrongPinIsRefused() throws Exception {
    var token = SoftHsm.create(folder);
    // The first process makes the key, the second must find it.
    String first = token.run(TokenSession.class);
    String second = token.run(TokenSession.class);
    assertThat(first).isNotBlank().isEqualTo(second);
  }

  @Test
  void aLibraryThatIsNoneIsRefused() {
    var slot = new Pkcs11Key.Slot(folder.resolve("no-library.so"), 0);
    assertThatThrownBy(() -> Pkcs11Key.Token.open(slot, Secret.utf8("1234")))
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
      assertThatThrownBy(() -> Pkcs11Key.Token.open(slot, Secret.utf8("wrong pin")))
          .isInstanceOf(CryptoException.class)
          .hasMessageContaining("PIN");

      Pkcs11Key.Token token;
      try (var pin = Secret.utf8("1234")) {
        token = Pkcs11Key.Token.open(slot, pin);
      }
      // The PIN is gone, the token is not.
      var key = token.openOrCreate("authority");
      assertThat(token.openOrCreate("authority").spki()).isEqualTo(key.spki());
      assertThat(token.openOrCreate("other").spki()).isNotEqualTo(key.spki());
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
}
