package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Signatures.Algorithm;
import cloister.attestation.TestAuthority.Contents;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/// docs/forgotten-checks.md no. 16, and RFC 8725 (JSON Web Token Best Current Practices).
class JwsTest {
  private static final Instant NOW = TestAuthority.NOW;
  private static final String ISSUER = "https://issuer.example";
  private static final String HEADER = "{\"alg\":\"RS256\",\"kid\":\"one\"}";
  private static final long SECOND = NOW.getEpochSecond();
  private static final String CLAIMS =
      "{\"iss\":\"%s\",\"iat\":%d,\"nbf\":%d,\"exp\":%d}"
          .formatted(ISSUER, SECOND, SECOND, SECOND + 3600);

  private final TestAuthority signer = TestAuthority.root(Kind.RSA, "Signer");
  private final Bytes token = TestTokens.signed(signer, Algorithm.RS256, HEADER, CLAIMS);

  @Test
  void aTokenOfTheIssuersKeyHoldsWithEachAlgorithm() throws Exception {
    assertThat(failure(token, keys(TestTokens.key("one", signer)))).isEmpty();
    for (var kind : List.of(Kind.P256, Kind.P384)) {
      var authority = TestAuthority.root(kind, "Signer");
      var algorithm = kind == Kind.P256 ? Algorithm.ES256 : Algorithm.ES384;
      String header = "{\"alg\":\"" + algorithm + "\",\"kid\":\"one\"}";
      Bytes signed = TestTokens.signed(authority, algorithm, header, CLAIMS);
      var checks = new Checks();
      KeySet.Signer signer =
          Jws.parse("a token", signed)
              .requireSignedByIssuer(
                  checks, "t", algorithm, keys(TestTokens.key("one", authority)), ISSUER, NOW);
      assertThat(signer.key())
          .isEqualTo(Digest.of(Bytes.of(authority.keys().getPublic().getEncoded())));
      assertThat(signer.fetched()).isEqualTo(NOW);
      assertThat(checks.list()).extracting(Check::name).containsExactly("t.keys", "t.signature");
    }
  }

  @Test
  void noAlteredBitOrOtherLengthHolds() throws Exception {
    Collateral keys = keys(TestTokens.key("one", signer));
    byte[] bytes = token.toArray();
    var random = new Random(7515);
    for (int i = 0; i < bytes.length; i++) {
      byte[] altered = bytes.clone();
      altered[i] ^= (byte) (1 << random.nextInt(8));
      assertThat(failure(Bytes.of(altered), keys)).as("byte %d", i).isNotEmpty();
    }
    for (int length = 0; length < bytes.length; length++) {
      assertThat(failure(token.slice(0, length), keys)).isNotEmpty();
    }
    for (String appended : new String[] {" ", "\n", "=", "A", ".", "\0"}) {
      assertThat(failure(Bytes.concat(token, Bytes.utf8(appended)), keys)).isNotEmpty();
      assertThat(failure(Bytes.concat(Bytes.utf8(appended), token), keys)).isNotEmpty();
    }
  }

  @Test
  void noHeaderChoosesTheAlgorithm() throws Exception {
    Collateral keys = keys(TestTokens.key("one", signer));
    for (String algorithm : new String[] {"none", "None", "HS256", "RS384", "PS256", "rs256", ""}) {
      String header = "{\"alg\":\"" + algorithm + "\",\"kid\":\"one\"}";
      Bytes signed = TestTokens.signed(signer, Algorithm.RS256, header, CLAIMS);
      assertThat(failure(signed, keys)).contains("t.signature: a token claims another algorithm");
    }
    String none = TestTokens.url(Bytes.utf8("{\"alg\":\"none\",\"kid\":\"one\"}"));
    String unsigned = none + "." + TestTokens.url(Bytes.utf8(CLAIMS)) + ".";
    assertThat(failure(Bytes.utf8(unsigned), keys)).contains("another algorithm");
    assertThat(failure(Bytes.utf8("e30.e30."), keys)).contains("alg is missing");
  }

  /// The public key as the secret of a MAC: the classic confusion.
  @Test
  void aMacUnderThePublicKeyIsNoSignature() throws Exception {
    String signed =
        TestTokens.url(Bytes.utf8("{\"alg\":\"HS256\",\"kid\":\"one\"}"))
            + "."
            + TestTokens.url(Bytes.utf8(CLAIMS));
    Bytes forged =
        Bytes.utf8(
            signed + "." + TestTokens.url(mac(signer.keys().getPublic().getEncoded(), signed)));
    assertThat(failure(forged, keys(TestTokens.key("one", signer)))).contains("another algorithm");
    String secret = "{\"kty\":\"oct\",\"kid\":\"one\",\"k\":\"AAAA\"}";
    assertThat(failure(forged, keys(secret))).isNotEmpty();
    assertThat(failure(token, keys(secret))).contains("no usable key one");
  }

  @Test
  void aKeyThatTheTokenBringsIsNeverRead() throws Exception {
    var attacker = TestAuthority.root(Kind.RSA, "Attacker");
    for (String own :
        new String[] {
          "\"jwk\":" + TestTokens.key("one", attacker),
          "\"jku\":\"https://attacker.example/keys\"",
          "\"x5u\":\"https://attacker.example/certificate\"",
          "\"x5c\":" + TestTokens.certificates(List.of(attacker.certificate()))
        }) {
      String header = "{\"alg\":\"RS256\",\"kid\":\"one\"," + own + "}";
      Bytes forged = TestTokens.signed(attacker, Algorithm.RS256, header, CLAIMS);
      assertThat(failure(forged, keys(TestTokens.key("one", signer))))
          .startsWith("t.signature: a token was altered, or not signed by the key one");
    }
  }

  @Test
  void anExtensionIsRefused() {
    for (String extension : new String[] {"\"crit\":[\"exp\"]", "\"b64\":false"}) {
      String header = "{\"alg\":\"RS256\",\"kid\":\"one\"," + extension + "}";
      assertThatThrownBy(() ->
              Jws.parse("a token", TestTokens.signed(signer, Algorithm.RS256, header, CLAIMS)))
          .isInstanceOf(EvidenceException.class)
          .hasMessageContaining("is an extension");
    }
  }

  @Test
  void whatIsNoCompactTokenIsRefusedByItsFlaw() {
    String good = new String(token.toArray(), StandardCharsets.US_ASCII);
    String[] parts = good.split("\\.", -1);
    check("", "1 parts");
    check("..", "ends early");
    check(parts[0] + "." + parts[1], "2 parts");
    check(good + "." + parts[2], "4 parts");
    check(parts[0] + "." + parts[1] + "." + parts[2] + "==", "signature is not base64url");
    check(parts[0] + "=." + parts[1] + "." + parts[2], "header is not base64url");
    check(parts[0] + "." + parts[1] + "+." + parts[2], "claims is not base64url");
    // Stray trailing bits: the same bytes in another spelling.
    check("e31." + parts[1] + "." + parts[2], "in its one form");
    check(TestTokens.url(Bytes.utf8("[]")) + "." + parts[1] + ".", "no");
    check(TestTokens.url(Bytes.utf8("{\"alg\":1,\"alg\":2}")) + ".e30.", "same key twice");
    check("e30." + TestTokens.url(Bytes.utf8("{}{}")) + ".", "something follows");
    check("A".repeat(Jws.MAX_BYTES + 1), "at most");
  }

  @Test
  void theKeyIsTheIssuersByItsIdAndItsPurpose() throws Exception {
    String key = TestTokens.key("one", signer);
    assertThat(failure(token, Collateral.none())).contains("t.keys: no key set of " + ISSUER);
    assertThat(failure(token, keys(TestTokens.key("two", signer)))).contains("no usable key one");
    assertThat(
            failure(token, Collateral.of(List.of(TestTokens.keySet(ISSUER + "/", "one", signer)))))
        .contains("no key set of " + ISSUER + " is at hand");
    assertThat(failure(token, keys(with(key, "\"use\":\"enc\"")))).contains("no usable key");
    assertThat(failure(token, keys(with(key, "\"use\":\"sig\"")))).isEmpty();
    assertThat(failure(token, keys(with(key, "\"key_ops\":[\"sign\"]")))).contains("no usable key");
    assertThat(failure(token, keys(with(key, "\"key_ops\":[\"verify\"]")))).isEmpty();
    var other = TestAuthority.root(Kind.RSA, "Other");
    assertThat(failure(token, keys(TestTokens.key("one", other) + "," + key)))
        .as("an id that two keys have")
        .isEmpty();
    Bytes nameless = TestTokens.signed(signer, Algorithm.RS256, "{\"alg\":\"RS256\"}", CLAIMS);
    assertThat(failure(nameless, keys(key))).contains("kid is missing");
  }

  @Test
  void aKeysCertificateIsOfTheSameKeyAndValidAtThatInstant() throws Exception {
    var brief =
        TestAuthority.root(
            Kind.RSA, Contents.of("Brief").between(NOW.minusSeconds(10), NOW.plusSeconds(10)));
    Bytes signed = TestTokens.signed(brief, Algorithm.RS256, HEADER, CLAIMS);
    String certificate = "\"x5c\":" + TestTokens.certificates(List.of(brief.certificate()));
    Collateral keys = keys("{\"kty\":\"RSA\",\"kid\":\"one\"," + certificate + "}");
    assertThat(failure(signed, keys)).isEmpty();
    assertThat(failure(signed, keys, NOW.plusSeconds(11))).contains("t.keys: the certificate");
    assertThat(failure(signed, keys, NOW.minusSeconds(11))).contains("t.keys: the certificate");
    assertThat(failure(token, keys(with(TestTokens.key("one", signer), certificate))))
        .contains("certifies another key");
  }

  @Test
  void aMalformedKeySetIsRefusedAsSuch() throws Exception {
    for (String key :
        new String[] {
          "{}",
          "{\"kty\":\"RSA\",\"kid\":\"one\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
          "{\"kty\":\"RSA\",\"kid\":\"one\",\"n\":\"AQ=\",\"e\":\"AQAB\"}",
          "{\"kty\":\"EC\",\"kid\":\"one\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"AQ\"}",
          "{\"kty\":\"RSA\",\"kid\":\"one\",\"x5c\":[\"AAAA\"]}",
          "{\"kty\":\"RSA\",\"kid\":\"one\",\"x5c\":[\"*\"]}"
        }) {
      assertThat(failure(token, keys(key))).as(key).startsWith("t.keys: ");
    }
    String off =
        "{\"kty\":\"EC\",\"kid\":\"one\",\"crv\":\"P-256\",\"x\":\"%1$s\",\"y\":\"%1$s\"}"
            .formatted(TestTokens.url(Bytes.of(new byte[32])));
    assertThat(failure(token, keys(off))).contains("no point of");
    assertThat(failure(token, Collateral.of(List.of(TestTokens.keySet(ISSUER, "[]")))))
        .startsWith("t.keys: ");
  }

  @Test
  void timesAreHeldAtEachBoundary() throws Exception {
    Jws jws = Jws.parse("a token", token);
    Duration hour = Duration.ofHours(1);
    assertThat(times(jws, hour, NOW)).isEmpty();
    assertThat(times(jws, hour, NOW.minus(Jws.CLOCK_SKEW))).isEmpty();
    assertThat(times(jws, hour, NOW.minus(Jws.CLOCK_SKEW).minusSeconds(1)))
        .containsExactly("t.issued-at", "t.not-before");
    assertThat(times(jws, hour, NOW.plusSeconds(3599))).isEmpty();
    assertThat(times(jws, hour, NOW.plusSeconds(3600))).containsExactly("t.expires");
    assertThat(times(jws, hour.minusSeconds(1), NOW)).containsExactly("t.lifetime");
  }

  @Test
  void aTokenWithoutTimesOrWithAbsurdOnesIsRefused() {
    for (String claims :
        new String[] {
          "{}",
          "{\"iat\":1}",
          "{\"exp\":1}",
          "{\"iat\":1,\"exp\":\"2\"}",
          "{\"iat\":1,\"exp\":1e9}",
          "{\"iat\":-1,\"exp\":2}",
          "{\"iat\":1,\"exp\":9223372036854775807}",
          "{\"iat\":1,\"exp\":99999999999999999999}"
        }) {
      assertThatThrownBy(() ->
              times(
                  Jws.parse("a token", TestTokens.signed(signer, Algorithm.RS256, HEADER, claims)),
                  Duration.ofHours(1),
                  NOW))
          .as(claims)
          .isInstanceOf(EvidenceException.class);
    }
  }

  private static void check(String token, String flaw) {
    assertThatThrownBy(() -> Jws.parse("a token", Bytes.utf8(token)))
        .as(token)
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining(flaw);
  }

  private static String with(String key, String member) {
    return key.substring(0, key.length() - 1) + "," + member + "}";
  }

  private static Collateral keys(String keys) throws EvidenceException {
    return Collateral.of(List.of(TestTokens.keySet(ISSUER, "{\"keys\":[" + keys + "]}")));
  }

  private static List<String> times(Jws jws, Duration longest, Instant at)
      throws EvidenceException {
    var checks = new Checks();
    jws.requireCurrent(checks, "t", longest, at);
    return checks.list().stream().filter(Check::failed).map(Check::name).toList();
  }

  private static String failure(Bytes token, Collateral collateral) {
    return failure(token, collateral, NOW);
  }

  /// Empty if it holds.
  private static String failure(Bytes token, Collateral collateral, Instant at) {
    try {
      Jws.parse("a token", token)
          .requireSignedByIssuer(new Checks(), "t", Algorithm.RS256, collateral, ISSUER, at);
      return "";
    } catch (EvidenceException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static Bytes mac(byte[] key, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return Bytes.of(mac.doFinal(text.getBytes(StandardCharsets.US_ASCII)));
  }
}
