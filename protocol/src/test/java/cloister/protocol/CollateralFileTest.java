package cloister.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Collateral;
import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.crypto.Bytes;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CollateralFileTest {
  private static final Item KEYS =
      new Item(
          Kind.KEY_SET,
          "https://issuer.example",
          Bytes.utf8("{\"keys\":[]}"),
          Optional.of(Instant.parse("2026-11-28T12:00:00.5Z")));

  @Test
  void aBundleReadsBackAsItWas() throws Exception {
    var bundle = Collateral.of(List.of(KEYS));
    byte[] file = CollateralFile.write(bundle).canonical();
    assertThat(CollateralFile.read(file).items()).containsExactly(KEYS);
  }

  @Test
  void whatIsMalformedIsRefusedWhole() {
    String good =
        "{\"format\":\"cloister/collateral/v1\",\"items\":[{\"bytes\":\"e30=\",\"kind\":\"key-set\","
            + "\"source\":\"s\"}]}";
    assertThat(CollateralFile.read(utf8(good)).items()).hasSize(1);
    String dated = good.replace("\"kind\"", "\"fetched\":\"2026-11-28T12:00:00Z\",\"kind\"");
    assertThat(CollateralFile.read(utf8(dated)).items().getFirst().fetched())
        .contains(Instant.parse("2026-11-28T12:00:00Z"));
    for (String bad :
        List.of(
            good.replace("v1", "v2"),
            good.replace("key-set", "keys"),
            good.replace("e30=", "e30"),
            dated.replace("12:00:00Z", "12:00:00+00:00"),
            dated.replace("2026-11", "2026-13"),
            dated.replace("2026-11-28", "+12026-11-28"),
            dated.replace("key-set", "tcb-info"),
            good.replace("\"source\":\"s\"", "\"source\":\"s\",\"trusted\":true"),
            good.replace("key-set", "certificates"),
            good.replace("key-set", "revocation-list"))) {
      assertThatThrownBy(() -> CollateralFile.read(utf8(bad)))
          .isInstanceOf(CloisterException.class);
    }
  }

  /// Cut anywhere, and with any byte altered: read as something or refused, and nothing else.
  @Test
  void aDamagedBundleIsReadOrRefused() throws Exception {
    var other = new Item(Kind.TCB_INFO, "https://other.example", Bytes.utf8("{}"));
    byte[] good = CollateralFile.write(Collateral.of(List.of(KEYS, other))).canonical();
    assertThat(CollateralFile.read(good).items()).containsExactly(KEYS, other);
    for (int at = 0; at < good.length; at++) {
      assertThat(isRead(Arrays.copyOf(good, at))).as("cut at %d", at).isFalse();
      for (int bit = 0; bit < 8; bit++) {
        byte[] altered = good.clone();
        altered[at] ^= (byte) (1 << bit);
        isRead(altered);
      }
    }
  }

  private static boolean isRead(byte[] file) {
    try {
      return !CollateralFile.read(file).items().isEmpty();
    } catch (CloisterException e) {
      assertThat(e.getMessage()).isNotBlank();
      return false;
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
