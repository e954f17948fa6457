package cloister.crypto;

import java.io.IOException;
import java.math.BigInteger;
import java.util.Date;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;

/// A collaboration's certificate authority: certifies the keys that the signed collaboration names,
/// and no others.
public final class CertificateAuthority {
  private static final int MAXIMUM_SERIAL_BITS = 159; // 20 octets, positive: RFC 5280 §4.1.2.2.

  private final IssuingKey key;
  private final AuthorityCertificate certificate;

  private CertificateAuthority(IssuingKey key, AuthorityCertificate certificate) {
    this.key = key;
    this.certificate = certificate;
  }

  /// A new authority with a self-signed certificate. It can certify participants but no further
  /// authorities (path length 0).
  public static CertificateAuthority create(
      IssuingKey key, String name, Validity validity, BigInteger serial) {
    X500Name subject = CertificateFormat.subject(name);
    var builder = builder(subject, serial, validity, subject, key.spki());
    add(builder, Extension.basicConstraints, Criticality.CRITICAL, new BasicConstraints(0));
    add(builder, Extension.keyUsage, Criticality.CRITICAL, new KeyUsage(KeyUsage.keyCertSign));
    try {
      return resume(key, AuthorityCertificate.parse(sign(builder, key)));
    } catch (CryptoException e) {
      throw new IllegalStateException("the certificate was made with this key", e);
    }
  }

  /// The authority again, after a restart.
  ///
  /// @throws CryptoException if the certificate is for another key
  public static CertificateAuthority resume(IssuingKey key, AuthorityCertificate certificate)
      throws CryptoException {
    if (!certificate.spki().equals(key.spki())) {
      throw new CryptoException("the authority's certificate is not for this key");
    }
    return new CertificateAuthority(key, certificate);
  }

  public AuthorityCertificate certificate() {
    return certificate;
  }

  /// Certifies the request's two keys under the name.
  ///
  /// @param name the participant as the signed collaboration has it
  /// @param thumbprint the participant's key as the signed collaboration has it
  /// @throws CryptoException if the request is for another name or by another key
  public Certificate issue(
      CertificateRequest request,
      String name,
      Digest thumbprint,
      Validity validity,
      BigInteger serial)
      throws CryptoException {
    if (!request.name().equals(name)) {
      throw new CryptoException("the request asks for another name than the participant's");
    }
    if (!request.verifyingKey().thumbprint().equals(thumbprint)) {
      throw new CryptoException(
          "the request is by key "
              + request.verifyingKey().thumbprint()
              + ", but the collaboration names "
              + thumbprint
              + " for "
              + name);
    }
    if (!certificate.validity().contains(validity)) {
      throw new IllegalArgumentException("a certificate is not valid beyond its authority");
    }
    var builder =
        builder(
            certificate.subject(),
            serial,
            validity,
            CertificateFormat.subject(name),
            request.verifyingKey().spki());
    add(builder, Extension.basicConstraints, Criticality.CRITICAL, new BasicConstraints(false));
    add(builder, Extension.keyUsage, Criticality.CRITICAL, new KeyUsage(KeyUsage.digitalSignature));
    add(
        builder,
        Extension.extendedKeyUsage,
        Criticality.CRITICAL,
        new ExtendedKeyUsage(KeyPurposeId.id_kp_clientAuth));
    add(
        builder,
        CertificateFormat.SEALING_KEY,
        Criticality.OPTIONAL,
        new DEROctetString(request.sealingKey().encoded().array()));
    return Certificate.parse(sign(builder, key));
  }

  private static X509v3CertificateBuilder builder(
      X500Name issuer, BigInteger serial, Validity validity, X500Name subject, Bytes spki) {
    if (serial.signum() <= 0 || serial.bitLength() > MAXIMUM_SERIAL_BITS) {
      throw new IllegalArgumentException("a serial number is positive and has at most 159 bits");
    }
    return new X509v3CertificateBuilder(
        issuer,
        serial,
        Date.from(validity.from()),
        Date.from(validity.until()),
        subject,
        SubjectPublicKeyInfo.getInstance(spki.toArray()));
  }

  private enum Criticality {
    CRITICAL,
    OPTIONAL
  }

  private static void add(
      X509v3CertificateBuilder builder,
      ASN1ObjectIdentifier type,
      Criticality criticality,
      ASN1Encodable value) {
    try {
      builder.addExtension(type, criticality == Criticality.CRITICAL, value);
    } catch (IOException e) {
      throw CertificateFormat.cannotEncode(e);
    }
  }

  private static Bytes sign(X509v3CertificateBuilder builder, IssuingKey key) {
    try {
      return Bytes.owning(builder.build(CertificateFormat.signer(key)).getEncoded());
    } catch (IOException e) {
      throw CertificateFormat.cannotEncode(e);
    }
  }
}
