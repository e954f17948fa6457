package cloister.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BytesTest {
  @Test
  void oneContentHasOneBase64Spelling() {
    assertThat(Bytes.base64("AQI=")).isEqualTo(Bytes.hex("0102"));
    for (String other : new String[] {"AQI", "AQJ=", "AQI=\n", "AQ", "A-I="}) {
      assertThatThrownBy(() -> Bytes.base64(other))
          .as(other)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void itCannotBeChangedFromOutside() {
    byte[] given = {1, 2, 3};
    Bytes bytes = Bytes.of(given);
    given[0] = 9;
    bytes.toArray()[1] = 9;
    assertThat(bytes.hex()).isEqualTo("010203");
    assertThat(Bytes.concat(bytes.slice(2, 3), bytes.slice(0, 1)).hex()).isEqualTo("0301");
    assertThatThrownBy(() -> bytes.slice(1, 4)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void aDigestHasOneSpelling() {
    Digest digest = Digest.ofUtf8("abc");
    assertThat(digest)
        .hasToString("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assertThat(Digest.parse(digest.toString())).isEqualTo(digest);
    String hex = digest.toString().substring(7);
    for (String other :
        new String[] {
          hex,
          "sha256:" + hex.toUpperCase(java.util.Locale.ROOT),
          "sha256:" + hex + "0",
          "sha256:" + hex.substring(1),
          "sha256:" + hex.substring(1) + "g",
          ""
        }) {
      assertThatThrownBy(() -> Digest.parse(other))
          .as(other)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
