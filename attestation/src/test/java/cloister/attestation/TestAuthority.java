package cloister.attestation;

import cloister.crypto.Bytes;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// A vendor of a test's own: a certificate with its key, which signs certificates, revocation lists
/// and anything else. It makes what no vendor publishes: a revoked key, an expired list.
final class TestAuthority {
  /// Valid around this instant, unless a test says otherwise.
  static final Instant NOW = Instant.parse("2026-11-28T12:00:00Z");

  private static final Duration LIFE = Duration.ofDays(365);

  /// Keys, and how an authority with one signs certificates.
  enum Kind {
    P256("SHA256withECDSA"),
    P384("SHA384withECDSA"),
    RSA("SHA256withRSA"),
    RSA_PSS("SHA384withRSAandMGF1");

    private final String certificates;

    Kind(String certificates) {
      this.certificates = certificates;
    }
  }

  /// What a certificate says beside its name and key.
  ///
  /// @param serial unique where revocation matters
  /// @param extensions DER by identifier, not critical
  record Contents(
      String subject,
      BigInteger serial,
      Instant from,
      Instant until,
      Map<String, Bytes> extensions) {
    static Contents of(String commonName) {
      return new Contents(
          commonName.contains("=") ? commonName : "CN=" + commonName,
          new BigInteger(64, new java.security.SecureRandom()).add(BigInteger.ONE),
          NOW.minus(LIFE),
          NOW.plus(LIFE),
          Map.of());
    }

    Contents with(String identifier, Bytes der) {
      var all = new LinkedHashMap<>(extensions);
      all.put(identifier, der);
      return new Contents(subject, serial, from, until, all);
    }

    Contents between(Instant start, Instant end) {
      return new Contents(subject, serial, start, end, extensions);
    }

    Contents numbered(long number) {
      return new Contents(subject, BigInteger.valueOf(number), from, until, extensions);
    }
  }

  private final Kind kind;
  private final KeyPair keys;
  private final X509Certificate certificate;

  private TestAuthority(Kind kind, KeyPair keys, X509Certificate certificate) {
    this.kind = kind;
    this.keys = keys;
    this.certificate = certificate;
  }

  static TestAuthority root(Kind kind, String commonName) {
    return root(kind, Contents.of(commonName));
  }

  static TestAuthority root(Kind kind, Contents contents) {
    KeyPair keys = generate(kind);
    var self = new X500Name(contents.subject());
    return new TestAuthority(
        kind, keys, certify(kind, keys.getPrivate(), self, contents, keys, Role.AUTHORITY));
  }

  /// An authority below this one.
  TestAuthority authority(Kind below, Contents contents) {
    return issue(below, contents, Role.AUTHORITY);
  }

  /// A certificate below this one that signs no others.
  TestAuthority leaf(Kind below, Contents contents) {
    return issue(below, contents, Role.LEAF);
  }

  private TestAuthority issue(Kind below, Contents contents, Role role) {
    KeyPair subject = generate(below);
    var issuer = X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
    return new TestAuthority(
        below, subject, certify(kind, keys.getPrivate(), issuer, contents, subject, role));
  }

  X509Certificate certificate() {
    return certificate;
  }

  Bytes der() {
    return Certificates.encoded(certificate);
  }

  KeyPair keys() {
    return keys;
  }

  /// A revocation list around [#NOW] that names these serial numbers.
  Bytes revocationList(long... revoked) {
    return revocationList(NOW.minus(Duration.ofDays(1)), NOW.plus(Duration.ofDays(30)), revoked);
  }

  Bytes revocationList(Instant thisUpdate, Instant nextUpdate, long... revoked) {
    try {
      var builder =
          new X509v2CRLBuilder(
              X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded()),
              Date.from(thisUpdate));
      builder.setNextUpdate(Date.from(nextUpdate));
      for (long serial : revoked) {
        builder.addCRLEntry(BigInteger.valueOf(serial), Date.from(thisUpdate), 1);
      }
      return Bytes.of(builder.build(signer(kind, keys.getPrivate())).getEncoded());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// A signature as evidence has it: ECDSA as r ‖ s.
  Bytes sign(Signatures.Algorithm algorithm, Bytes content) {
    try {
      Signature signature =
          Signature.getInstance(
              switch (algorithm) {
                case ES256 -> "SHA256withECDSAinP1363Format";
                case ES384 -> "SHA384withECDSAinP1363Format";
                case RS256 -> "SHA256withRSA";
                case RS384 -> "SHA384withRSA";
                case PS256, PS384 -> "RSASSA-PSS";
              });
      switch (algorithm) {
        case PS256 ->
            signature.setParameter(
                new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
        case PS384 ->
            signature.setParameter(
                new PSSParameterSpec("SHA-384", "MGF1", MGF1ParameterSpec.SHA384, 48, 1));
        case ES256, ES384, RS256, RS384 -> {}
      }
      signature.initSign(keys.getPrivate());
      signature.update(content.toArray());
      return Bytes.of(signature.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Leaf first.
  static Bytes pem(List<X509Certificate> certificates) {
    var text = new StringBuilder();
    for (X509Certificate one : certificates) {
      text.append("-----BEGIN CERTIFICATE-----\n")
          .append(
              java.util.Base64.getMimeEncoder(64, new byte[] {'\n'})
                  .encodeToString(Certificates.encoded(one).toArray()))
          .append("\n-----END CERTIFICATE-----\n");
    }
    return Bytes.utf8(text.toString());
  }

  private enum Role {
    AUTHORITY,
    LEAF
  }

  private static KeyPair generate(Kind kind) {
    try {
      KeyPairGenerator generator;
      switch (kind) {
        case P256, P384 -> {
          generator = KeyPairGenerator.getInstance("EC");
          generator.initialize(
              new ECGenParameterSpec(kind == Kind.P256 ? "secp256r1" : "secp384r1"));
        }
        case RSA, RSA_PSS -> {
          generator = KeyPairGenerator.getInstance("RSA");
          generator.initialize(2048);
        }
        default -> throw new IllegalStateException();
      }
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static X509Certificate certify(
      Kind signing, PrivateKey by, X500Name issuer, Contents contents, KeyPair subject, Role role) {
    try {
      var builder =
          new X509v3CertificateBuilder(
              issuer,
              contents.serial(),
              Date.from(contents.from()),
              Date.from(contents.until()),
              new X500Name(contents.subject()),
              SubjectPublicKeyInfo.getInstance(subject.getPublic().getEncoded()));
      builder.addExtension(
          Extension.basicConstraints, true, new BasicConstraints(role == Role.AUTHORITY));
      builder.addExtension(
          Extension.keyUsage,
          true,
          new KeyUsage(
              role == Role.AUTHORITY
                  ? KeyUsage.keyCertSign | KeyUsage.cRLSign
                  : KeyUsage.digitalSignature));
      for (var extension : contents.extensions().entrySet()) {
        builder.addExtension(
            new Extension(
                new ASN1ObjectIdentifier(extension.getKey()),
                false,
                extension.getValue().toArray()));
      }
      return Certificates.certificate(
          "a test's certificate", builder.build(signer(signing, by)).getEncoded());
    } catch (IOException | EvidenceException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ContentSigner signer(Kind kind, PrivateKey key) {
    try {
      return new JcaContentSignerBuilder(kind.certificates)
          .setProvider(new BouncyCastleProvider())
          .build(key);
    } catch (OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }
}
