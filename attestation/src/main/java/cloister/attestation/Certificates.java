package cloister.attestation;

import cloister.crypto.Bytes;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CRLException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Reads X.509 certificates and revocation lists as vendors send them: DER, or PEM blocks with
/// anything between them. The JDK parses what is inside; the bounds are here.
final class Certificates {
  private static final int MAX_BYTES = 256 * 1024;
  private static final int MAX_REVOCATION_LIST_BYTES = 4 << 20;
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\\s]*)-----END CERTIFICATE-----");

  private Certificates() {}

  /// All certificates, in order.
  ///
  /// @param what names them in errors
  /// @throws EvidenceException if there is none, there are more than `most`, or one is malformed
  static List<X509Certificate> read(String what, Bytes pemOrDer, int most)
      throws EvidenceException {
    if (pemOrDer.size() > MAX_BYTES) {
      throw new EvidenceException(what + ": more than " + MAX_BYTES + " bytes of certificates");
    }
    List<byte[]> encoded = new ArrayList<>();
    if (pemOrDer.size() > 0 && pemOrDer.slice(0, 1).toArray()[0] == Der.SEQUENCE) {
      encoded.addAll(elements(what, pemOrDer.toArray()));
    } else {
      var blocks = BLOCK.matcher(new String(pemOrDer.toArray(), StandardCharsets.ISO_8859_1));
      while (blocks.find()) {
        encoded.add(base64(what, blocks.group(1)));
      }
    }
    if (encoded.isEmpty()) {
      throw new EvidenceException(what + ": no certificate, neither PEM nor DER");
    }
    if (encoded.size() > most) {
      throw new EvidenceException(
          "%s: %d certificates, and at most %d are read".formatted(what, encoded.size(), most));
    }
    var certificates = new ArrayList<X509Certificate>();
    for (byte[] one : encoded) {
      certificates.add(certificate(what, one));
    }
    return certificates;
  }

  static X509Certificate certificate(String what, byte[] der) throws EvidenceException {
    try {
      var stream = new ByteArrayInputStream(der);
      var parsed = (X509Certificate) factory().generateCertificate(stream);
      if (stream.available() > 0) {
        throw new EvidenceException(what + ": bytes follow the certificate");
      }
      return parsed;
    } catch (CertificateException e) {
      throw new EvidenceException(what + ": a malformed certificate", e);
    }
  }

  /// One list, DER or PEM.
  static X509CRL revocationList(String what, Bytes bytes) throws EvidenceException {
    if (bytes.size() > MAX_REVOCATION_LIST_BYTES) {
      throw new EvidenceException(what + ": larger than any revocation list");
    }
    try {
      return (X509CRL) factory().generateCRL(new ByteArrayInputStream(bytes.toArray()));
    } catch (CRLException | CertificateException e) {
      throw new EvidenceException(what + ": a malformed revocation list", e);
    }
  }

  /// The content of an extension, without the OCTET STRING around it.
  static Optional<Bytes> extension(X509Certificate certificate, String identifier)
      throws EvidenceException {
    byte[] wrapped = certificate.getExtensionValue(identifier);
    return wrapped == null
        ? Optional.empty()
        : Optional.of(Der.of("extension " + identifier, Bytes.of(wrapped)).octetString());
  }

  /// The SubjectPublicKeyInfo.
  static Bytes key(X509Certificate certificate) {
    return Bytes.of(certificate.getPublicKey().getEncoded());
  }

  static Bytes encoded(X509Certificate certificate) {
    try {
      return Bytes.of(certificate.getEncoded());
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("it was parsed from an encoding", e);
    }
  }

  private static CertificateFactory factory() throws CertificateException {
    return CertificateFactory.getInstance("X.509");
  }

  /// DER elements one after the other; zero bytes after them are padding.
  private static List<byte[]> elements(String what, byte[] der) throws EvidenceException {
    int end = der.length;
    while (end > 0 && der[end - 1] == 0) {
      end--;
    }
    List<byte[]> elements = new ArrayList<>();
    int at = 0;
    while (at < end) {
      // A certificate has between 256 and 65535 bytes, and so always the length form 82 hi lo.
      if (der.length - at < 4 || der[at] != Der.SEQUENCE || der[at + 1] != (byte) 0x82) {
        throw new EvidenceException(what + ": not a sequence of DER certificates");
      }
      int length = 4 + (Byte.toUnsignedInt(der[at + 2]) << 8 | Byte.toUnsignedInt(der[at + 3]));
      // Zero bytes at the end of the last signature were taken for padding: they belong to it.
      if (length > der.length - at) {
        throw new EvidenceException(what + ": a certificate that is cut off");
      }
      elements.add(Arrays.copyOfRange(der, at, at + length));
      at += length;
    }
    return elements;
  }

  private static byte[] base64(String what, String text) throws EvidenceException {
    try {
      return Base64.getMimeDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new EvidenceException(what + ": a PEM block that is not base64", e);
    }
  }
}
