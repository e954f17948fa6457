package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.crypto.Bytes;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AllowedTest {
  private static final Bytes ZERO = Bytes.of(new byte[2]);
  private static final Bytes OTHER = Bytes.hex("0001");

  /// Whoever wrote no list is not told of one that they wrote.
  @Test
  void aPolicyThatLacksAKeyIsToldSo() {
    Allowed<Bytes> absent = new Allowed.OneOf<>(Set.of(ZERO));
    assertThat(absent.checkOrZero("tdx.mr-owner", OTHER))
        .isEqualTo(
            Check.fails(
                "tdx.mr-owner",
                "is 0001, and the policy accepts only zeros, as it does where it lacks mr-owner:"
                    + " list what is accepted there"));
    assertThat(absent.checkOrZero("tdx.mr-owner", ZERO).failed()).isFalse();
    Allowed<Bytes> listed = new Allowed.OneOf<>(Set.of(OTHER));
    assertThat(listed.checkOrZero("tdx.mr-owner", ZERO))
        .isEqualTo(listed.check("tdx.mr-owner", ZERO));
  }
}
