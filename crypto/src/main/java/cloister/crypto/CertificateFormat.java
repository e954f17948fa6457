package cloister.crypto;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.operator.ContentSigner;

/// The profile of X.509 (RFC 5280) and PKCS#10 (RFC 2986) that requests, certificates and
/// authorities share.
final class CertificateFormat {
  /// The participant's [SealingKey] as an extension: an OCTET STRING in the extension's value. The
  /// arc is a random UUID (ITU-T X.667), so it needs no registration and means nothing else.
  static final ASN1ObjectIdentifier SEALING_KEY =
      new ASN1ObjectIdentifier("2.25.292091498033187212154102950100311166327");

  /// A request with an X-Wing key has 1.5 KiB, a certificate 1.8 KiB.
  static final int MAXIMUM_BYTES = 8 * 1024;

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_-]{0,62}");

  private CertificateFormat() {}

  static X500Name subject(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a certified name has 1 to 63 lower-case letters, digits, - and _, and starts with a"
              + " letter");
    }
    return new X500Name(new RDN[] {new RDN(BCStyle.CN, new DERUTF8String(name))});
  }

  /// The name in a subject that has exactly one common name and nothing else.
  static String name(X500Name subject) throws CryptoException {
    RDN[] parts = subject.getRDNs();
    if (parts.length != 1
        || parts[0].isMultiValued()
        || !parts[0].getFirst().getType().equals(BCStyle.CN)
        || !(parts[0].getFirst().getValue() instanceof ASN1String text)
        || !NAME.matcher(text.getString()).matches()) {
      throw new CryptoException("the subject is not one common name of the permitted form");
    }
    return text.getString();
  }

  static AlgorithmIdentifier identifier(IssuingAlgorithm algorithm) {
    return new AlgorithmIdentifier(
        switch (algorithm) {
          case ED25519 -> EdECObjectIdentifiers.id_Ed25519;
          case ECDSA_P384_SHA384 -> X9ObjectIdentifiers.ecdsa_with_SHA384;
        });
  }

  /// The key as Bouncy Castle's builders want it.
  static ContentSigner signer(IssuingKey key) {
    var content = new ByteArrayOutputStream();
    return new ContentSigner() {
      @Override
      public AlgorithmIdentifier getAlgorithmIdentifier() {
        return identifier(key.algorithm());
      }

      @Override
      public OutputStream getOutputStream() {
        return content;
      }

      @Override
      public byte[] getSignature() {
        return key.sign(content.toByteArray()).toArray();
      }
    };
  }

  /// Whether this is an uncompressed or compressed point on P-384, by the curve's name.
  static boolean isP384(SubjectPublicKeyInfo key) {
    return key.getAlgorithm()
        .equals(
            new AlgorithmIdentifier(
                X9ObjectIdentifiers.id_ecPublicKey, SECObjectIdentifiers.secp384r1));
  }

  /// The DER of one certificate and not a byte more: the JDK's parser would ignore what follows.
  static X509Certificate parse(Bytes der) throws CryptoException {
    refuseTooLong(der);
    try {
      var parsed =
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(der.array()));
      if (!Arrays.equals(parsed.getEncoded(), der.array()) || parsed.getVersion() != 3) {
        throw new CryptoException("not one X.509 certificate of version 3 in DER");
      }
      return parsed;
    } catch (CertificateException e) {
      throw new CryptoException("not an X.509 certificate", e);
    }
  }

  static void refuseTooLong(Bytes der) throws CryptoException {
    if (der.size() > MAXIMUM_BYTES) {
      throw new CryptoException("longer than " + MAXIMUM_BYTES + " bytes");
    }
  }

  static IllegalStateException cannotEncode(IOException cause) {
    return new IllegalStateException("ASN.1 of our own making always encodes", cause);
  }
}
