package cloister.attestation;

import cloister.attestation.Signatures.Algorithm;
import cloister.crypto.Bytes;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// Tokens and key sets as an issuer makes them, or as an attacker would.
final class TestTokens {
  private TestTokens() {}

  /// @param header whole, so that a test can write what no issuer writes
  static Bytes signed(TestAuthority by, Algorithm algorithm, String header, String claims) {
    String signed = url(Bytes.utf8(header)) + "." + url(Bytes.utf8(claims));
    return Bytes.utf8(signed + "." + url(by.sign(algorithm, Bytes.utf8(signed))));
  }

  /// The set of one key, which is the issuer's.
  static Collateral.Item keySet(String issuer, String kid, TestAuthority key) {
    return keySet(issuer, "{\"keys\":[" + key(kid, key) + "]}");
  }

  static Collateral.Item keySet(String issuer, String json) {
    return keySet(issuer, json, TestAuthority.NOW);
  }

  static Collateral.Item keySet(String issuer, String json, Instant fetched) {
    return new Collateral.Item(
        Collateral.Kind.KEY_SET, issuer, Bytes.utf8(json), Optional.of(fetched));
  }

  /// A JSON Web Key without a certificate.
  static String key(String kid, TestAuthority authority) {
    return switch (authority.keys().getPublic()) {
      case RSAPublicKey rsa ->
          "{\"kty\":\"RSA\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"AQAB\"}"
              .formatted(kid, number(rsa.getModulus(), (rsa.getModulus().bitLength() + 7) / 8));
      case ECPublicKey ec -> {
        int bits = ec.getParams().getCurve().getField().getFieldSize();
        yield "{\"kty\":\"EC\",\"crv\":\"P-%d\",\"kid\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}"
            .formatted(
                bits,
                kid,
                number(ec.getW().getAffineX(), bits / 8),
                number(ec.getW().getAffineY(), bits / 8));
      }
      default -> throw new IllegalArgumentException("no key of a token");
    };
  }

  /// The value of `x5c`.
  static String certificates(List<X509Certificate> chain) {
    return chain.stream()
        .map(one -> "\"" + Certificates.encoded(one).base64() + "\"")
        .collect(Collectors.joining(",", "[", "]"));
  }

  static String url(Bytes bytes) {
    return Base64Url.encode(bytes);
  }

  private static String number(BigInteger value, int bytes) {
    byte[] signed = value.toByteArray();
    byte[] padded = new byte[Math.max(bytes, signed.length)];
    System.arraycopy(signed, 0, padded, padded.length - signed.length, signed.length);
    return url(Bytes.of(Arrays.copyOfRange(padded, padded.length - bytes, padded.length)));
  }
}
