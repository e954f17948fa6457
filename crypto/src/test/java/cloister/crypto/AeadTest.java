package cloister.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class AeadTest {
  private static final Bytes AAD = Bytes.utf8("entry 7");

  private final Aead aead = Aead.of(Secret.random(32));

  @Test
  void aRecordComesBack() throws Exception {
    for (int length : new int[] {0, 1, 1000}) {
      Bytes sealed = aead.seal(AAD, new byte[length]);
      assertThat(sealed.size()).isEqualTo(length + Aead.OVERHEAD_BYTES);
      assertThat(aead.open(AAD, sealed)).isEqualTo(new byte[length]);
    }
  }

  @Test
  void anyFlippedBitTruncationOrOtherUseIsRefused() {
    Bytes sealed = aead.seal(AAD, new byte[] {1, 2, 3});
    for (int bit = 0; bit < sealed.size() * 8; bit++) {
      byte[] altered = sealed.toArray();
      altered[bit / 8] ^= (byte) (1 << (bit % 8));
      refused(aead, AAD, Bytes.of(altered));
    }
    for (int length = 0; length < sealed.size(); length++) {
      refused(aead, AAD, sealed.slice(0, length));
    }
    refused(aead, Bytes.utf8("entry 8"), sealed);
    refused(Aead.of(Secret.random(32)), AAD, sealed);
  }

  @Test
  void theSameRecordIsSealedDifferentlyEachTime() {
    assertThat(aead.seal(AAD, new byte[9])).isNotEqualTo(aead.seal(AAD, new byte[9]));
  }

  @Test
  void aKeyOfAnotherLengthIsABug() {
    assertThatThrownBy(() -> Aead.of(Secret.random(16)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static void refused(Aead aead, Bytes aad, Bytes sealed) {
    assertThatThrownBy(() -> aead.open(aad, sealed)).isInstanceOf(CryptoException.class);
  }
}
