package cloister.benchmarks;

import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// A signature of a new key over as many bytes as a certificate has, verified by the JDK.
@State(Scope.Thread)
public abstract class BareSignature {
  private static final int CERTIFICATE_BYTES = 1000;

  private final String algorithm;
  private final KeyPair keys;
  private final byte[] signed = new byte[CERTIFICATE_BYTES];
  private final byte[] signature;

  BareSignature(String algorithm, String key, AlgorithmParameterSpec parameters) {
    this.algorithm = algorithm;
    new SplittableRandom(1).nextBytes(signed);
    try {
      this.keys = generate(key, parameters);
      var signer = Signature.getInstance(algorithm);
      signer.initSign(keys.getPrivate());
      signer.update(signed);
      this.signature = signer.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + algorithm, e);
    }
  }

  boolean verified() throws GeneralSecurityException {
    var verifier = Signature.getInstance(algorithm);
    verifier.initVerify(keys.getPublic());
    verifier.update(signed);
    return verifier.verify(signature);
  }

  static KeyPair generate(String key, AlgorithmParameterSpec parameters)
      throws GeneralSecurityException {
    try {
      var generator = KeyPairGenerator.getInstance(key);
      generator.initialize(parameters);
      return generator.generateKeyPair();
    } catch (InvalidAlgorithmParameterException e) {
      throw new IllegalStateException("every JDK has such keys", e);
    }
  }

  /// As Intel signs.
  public static class P256 extends BareSignature {
    public P256() {
      super("SHA256withECDSA", "EC", new ECGenParameterSpec("secp256r1"));
    }
  }

  /// As AMD's chips and AWS sign.
  public static class P384 extends BareSignature {
    public P384() {
      super("SHA384withECDSA", "EC", new ECGenParameterSpec("secp384r1"));
    }
  }

  /// As tokens and TPMs are signed.
  public static class Rsa2048 extends BareSignature {
    public Rsa2048() {
      super("SHA256withRSA", "RSA", new RSAKeyGenParameterSpec(2048, RSAKeyGenParameterSpec.F4));
    }
  }

  /// As authorities sign.
  public static class Rsa4096 extends BareSignature {
    public Rsa4096() {
      super("SHA384withRSA", "RSA", new RSAKeyGenParameterSpec(4096, RSAKeyGenParameterSpec.F4));
    }
  }
}
