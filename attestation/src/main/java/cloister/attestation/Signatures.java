package cloister.attestation;

import cloister.crypto.Bytes;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.RSAPublicKeySpec;

/// Signatures and keys of the kinds that evidence has, by the JDK. A key of the wrong kind or a
/// signature of the wrong length verifies nothing; neither is an error.
final class Signatures {
  /// By the names of RFC 7518 §3.1.
  enum Algorithm {
    ES256("SHA256withECDSAinP1363Format", "P-256"),
    ES384("SHA384withECDSAinP1363Format", "P-384"),
    RS256("SHA256withRSA", "RSA"),
    RS384("SHA384withRSA", "RSA"),
    PS256("RSASSA-PSS", "RSA"),
    PS384("RSASSA-PSS", "RSA");

    private final String name;
    private final String key;

    Algorithm(String name, String key) {
      this.name = name;
      this.key = key;
    }
  }

  private static final int LEAST_RSA_BITS = 2048;

  private Signatures() {}

  /// @param signature ECDSA as r ‖ s, big-endian and of full length
  static boolean verify(Algorithm algorithm, PublicKey key, Bytes signed, Bytes signature) {
    if (!fits(algorithm, key)) {
      return false;
    }
    try {
      var verifier = Signature.getInstance(algorithm.name);
      switch (algorithm) {
        case PS256 ->
            verifier.setParameter(
                new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
        case PS384 ->
            verifier.setParameter(
                new PSSParameterSpec("SHA-384", "MGF1", MGF1ParameterSpec.SHA384, 48, 1));
        case ES256, ES384, RS256, RS384 -> {}
      }
      verifier.initVerify(key);
      verifier.update(signed.toArray());
      return verifier.verify(signature.toArray());
    } catch (SignatureException | InvalidKeyException _) {
      return false;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + algorithm.name, e);
    }
  }

  /// A public key on P-256 from its coordinates, which must be on the curve.
  static PublicKey p256(Bytes x, Bytes y) throws EvidenceException {
    return point("secp256r1", x, y);
  }

  static PublicKey p384(Bytes x, Bytes y) throws EvidenceException {
    return point("secp384r1", x, y);
  }

  static PublicKey rsa(Bytes modulus, Bytes exponent) throws EvidenceException {
    var n = new BigInteger(1, modulus.toArray());
    var e = new BigInteger(1, exponent.toArray());
    if (n.bitLength() < LEAST_RSA_BITS || n.bitLength() > 8192 || e.bitLength() > 32) {
      throw new EvidenceException("an RSA key of %d bits is refused".formatted(n.bitLength()));
    }
    try {
      return KeyFactory.getInstance("RSA").generatePublic(new RSAPublicKeySpec(n, e));
    } catch (GeneralSecurityException refused) {
      throw new EvidenceException("a malformed RSA key", refused);
    }
  }

  private static boolean fits(Algorithm algorithm, PublicKey key) {
    return switch (key) {
      case ECPublicKey ec ->
          algorithm.key.equals(
              switch (ec.getParams().getCurve().getField().getFieldSize()) {
                case 256 -> "P-256";
                case 384 -> "P-384";
                default -> "another";
              });
      case RSAPublicKey rsa ->
          algorithm.key.equals("RSA") && rsa.getModulus().bitLength() >= LEAST_RSA_BITS;
      default -> false;
    };
  }

  private static PublicKey point(String curve, Bytes x, Bytes y) throws EvidenceException {
    try {
      var parameters = AlgorithmParameters.getInstance("EC");
      parameters.init(new ECGenParameterSpec(curve));
      var spec = parameters.getParameterSpec(ECParameterSpec.class);
      var point = new ECPoint(new BigInteger(1, x.toArray()), new BigInteger(1, y.toArray()));
      if (!isOnCurve(spec, point)) {
        throw new EvidenceException("a public key that is no point of " + curve);
      }
      return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(point, spec));
    } catch (GeneralSecurityException e) {
      if (e instanceof EvidenceException refused) {
        throw refused;
      }
      throw new IllegalStateException("every JDK has " + curve, e);
    }
  }

  /// y² = x³ + ax + b, which the JDK does not check.
  private static boolean isOnCurve(ECParameterSpec spec, ECPoint point) {
    BigInteger p = ((ECFieldFp) spec.getCurve().getField()).getP();
    BigInteger x = point.getAffineX();
    BigInteger y = point.getAffineY();
    if (x.compareTo(p) >= 0 || y.compareTo(p) >= 0) {
      return false;
    }
    BigInteger right =
        x.pow(3).add(spec.getCurve().getA().multiply(x)).add(spec.getCurve().getB()).mod(p);
    return y.pow(2).mod(p).equals(right);
  }
}
