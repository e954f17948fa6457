package cloister.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SecretTest {
  private static final Bytes NOTHING = Bytes.of(new byte[0]);

  @Test
  void itPrintsItsLengthOnly() {
    assertThat(Secret.utf8("hunter2")).hasToString("Secret of 7 bytes");
    assertThat(Secret.utf8("a").hashCode()).isEqualTo(Secret.utf8("b").hashCode());
  }

  @Test
  void itComparesByContent() {
    assertThat(Secret.utf8("a")).isEqualTo(Secret.utf8("a")).isNotEqualTo(Secret.utf8("b"));
    assertThat(Secret.random(32)).isNotEqualTo(Secret.random(32));
  }

  @Test
  void closingWipesItAndUsingItAfterwardsIsABug() {
    Secret secret = Secret.utf8("a");
    Secret copy = secret.copy();
    byte[] held = secret.view();
    secret.close();
    assertThat(held).containsOnly(0);
    assertThatThrownBy(secret::expose).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> secret.derive("x", NOTHING, 1))
        .isInstanceOf(IllegalStateException.class);
    assertThat(secret).isNotEqualTo(Secret.of(new byte[1]));
    assertThat(copy.expose()).containsExactly('a');
  }

  @Test
  void whatIsExposedOrGivenIsACopy() {
    byte[] given = {1, 2};
    Secret secret = Secret.of(given);
    given[0] = 9;
    secret.expose()[1] = 9;
    assertThat(secret.expose()).containsExactly(1, 2);
  }

  @Test
  void labelContextAndKeyEachGiveAnotherSecret() {
    Secret key = Secret.of(new byte[32]);
    Secret derived = key.derive("label", Bytes.utf8("context"), 32);
    assertThat(key.derive("label", Bytes.utf8("context"), 32)).isEqualTo(derived);
    assertThat(key.derive("labelc", Bytes.utf8("ontext"), 32)).isNotEqualTo(derived);
    assertThat(key.derive("label", NOTHING, 32)).isNotEqualTo(derived);
    assertThat(Secret.utf8("another key").derive("label", Bytes.utf8("context"), 32))
        .isNotEqualTo(derived);
    assertThat(key.derive("label", Bytes.utf8("context"), 8160).size()).isEqualTo(8160);
    assertThatThrownBy(() -> key.derive("label", NOTHING, 8161))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void derivationIsTheOneOfTheVectors() throws Exception {
    Vectors.Case vector = Vectors.ofFormat("derive");
    Secret derived =
        Secret.of(vector.bytes("key"))
            .derive(vector.text("label"), Bytes.of(vector.bytes("context")), 40);
    assertThat(derived).isEqualTo(Secret.of(vector.bytes("derived")));
  }

  @Test
  void hkdfAgreesWithTheVectorsOfRfc5869() {
    // RFC 5869 A.1 and A.3.
    byte[] key = Bytes.hex("0b".repeat(22)).toArray();
    byte[] extracted = Hkdf.extract(Bytes.hex("000102030405060708090a0b0c").toArray(), key);
    assertThat(Bytes.of(extracted).hex())
        .isEqualTo("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    assertThat(
            Bytes.of(Hkdf.expand(extracted, Bytes.hex("f0f1f2f3f4f5f6f7f8f9").toArray(), 42)).hex())
        .isEqualTo(
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    byte[] unsalted = Hkdf.extract(new byte[0], key);
    assertThat(Bytes.of(Hkdf.expand(unsalted, new byte[0], 42)).hex())
        .isEqualTo(
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
  }
}
