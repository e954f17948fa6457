package cloister.crypto;

import java.io.IOException;
import java.util.Arrays;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.CertificationRequestInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;

/// A participant's request to be certified (PKCS#10, RFC 2986): a name, a verifying key and a
/// sealing key, signed by the key itself. Every instance has had that signature checked, so its
/// author holds the private key and meant this name and this sealing key.
public final class CertificateRequest {
  private final Bytes encoded;
  private final String name;
  private final VerifyingKey verifyingKey;
  private final SealingKey sealingKey;

  private CertificateRequest(
      Bytes encoded, String name, VerifyingKey verifyingKey, SealingKey sealingKey) {
    this.encoded = encoded;
    this.name = name;
    this.verifyingKey = verifyingKey;
    this.sealingKey = sealingKey;
  }

  public static CertificateRequest create(SigningKey key, String name, SealingKey sealingKey) {
    try {
      var extension =
          new Extension(
              CertificateFormat.SEALING_KEY,
              false,
              new DEROctetString(sealingKey.encoded().array()).getEncoded());
      Bytes encoded =
          Bytes.owning(
              new PKCS10CertificationRequestBuilder(
                      CertificateFormat.subject(name),
                      SubjectPublicKeyInfo.getInstance(key.spki().toArray()))
                  .addAttribute(
                      PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, new Extensions(extension))
                  .build(CertificateFormat.signer(key))
                  .getEncoded());
      return new CertificateRequest(encoded, name, key.verifyingKey(), sealingKey);
    } catch (IOException e) {
      throw CertificateFormat.cannotEncode(e);
    }
  }

  /// Parses a request of exactly the form that [#create] writes and checks its signature.
  ///
  /// @throws CryptoException if it has another form, another algorithm, more than 8 KiB, or a
  ///   signature that is not by the key it contains
  public static CertificateRequest parse(Bytes der) throws CryptoException {
    CertificateFormat.refuseTooLong(der);
    try {
      var request = new PKCS10CertificationRequest(der.array());
      if (!Arrays.equals(request.toASN1Structure().getEncoded("DER"), der.array())) {
        throw new CryptoException("not one certificate request in DER");
      }
      CertificationRequestInfo info = request.toASN1Structure().getCertificationRequestInfo();
      if (info.getVersion().intValueExact() != 0
          || !request
              .getSignatureAlgorithm()
              .equals(CertificateFormat.identifier(IssuingAlgorithm.ED25519))) {
        throw new CryptoException("not a version 1 request signed with Ed25519");
      }
      var key = VerifyingKey.of(Bytes.owning(info.getSubjectPublicKeyInfo().getEncoded("DER")));
      // Proof of possession (RFC 2986 §4.2). The input is DER, so this is what was signed.
      key.verify(Bytes.owning(info.getEncoded("DER")), Bytes.owning(request.getSignature()));
      return new CertificateRequest(
          der, CertificateFormat.name(info.getSubject()), key, requestedKey(request));
    } catch (IOException
        | IllegalArgumentException
        | IllegalStateException
        | ArithmeticException
        | ClassCastException e) {
      // What Bouncy Castle throws for ASN.1 of another shape.
      throw new CryptoException("not a certificate request (PKCS#10)", e);
    }
  }

  private static SealingKey requestedKey(PKCS10CertificationRequest request)
      throws CryptoException {
    Attribute[] attributes = request.getAttributes();
    if (attributes.length != 1
        || !attributes[0].getAttrType().equals(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest)
        || attributes[0].getAttrValues().size() != 1) {
      throw new CryptoException("the request has other attributes than one extension request");
    }
    Extensions extensions = Extensions.getInstance(attributes[0].getAttrValues().getObjectAt(0));
    Extension sealingKey = extensions.getExtension(CertificateFormat.SEALING_KEY);
    if (extensions.getExtensionOIDs().length != 1 || sealingKey == null) {
      throw new CryptoException("the request asks for other extensions than its sealing key");
    }
    return SealingKey.decode(
        Bytes.owning(ASN1OctetString.getInstance(sealingKey.getParsedValue()).getOctets()));
  }

  /// DER.
  public Bytes encoded() {
    return encoded;
  }

  /// The name that is asked for, which an authority has yet to grant.
  public String name() {
    return name;
  }

  public VerifyingKey verifyingKey() {
    return verifyingKey;
  }

  public SealingKey sealingKey() {
    return sealingKey;
  }
}
