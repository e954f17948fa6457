package cloister.attestation;

import cloister.crypto.Bytes;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/// A certificate of a VCEK or VLEK: what AMD says about the key that signs reports (AMD 57230,
/// §3.1, tables of extensions). Nothing of it is believed before its chain is checked.
///
/// @param hardwareId of the chip, as long as the product's chip identifiers are; VCEK only
/// @param provider whom AMD issued the key to, as in `CN=cc-us-east-2.amazonaws.com`; VLEK only
record SnpEndorsement(
    X509Certificate certificate,
    SnpSigningKey key,
    SnpProduct product,
    SnpTcb tcb,
    Optional<Bytes> hardwareId,
    Optional<String> provider) {
  private static final String ARC = "1.3.6.1.4.1.3704.1.";
  private static final String STRUCTURE_VERSION = ARC + "1";
  private static final String PRODUCT_NAME = ARC + "2";
  private static final String BOOTLOADER = ARC + "3.1";
  private static final String TEE = ARC + "3.2";
  private static final String SNP = ARC + "3.3";
  private static final String MICROCODE = ARC + "3.8";
  private static final String FMC = ARC + "3.9";
  private static final String HARDWARE_ID = ARC + "4";
  private static final String PROVIDER = ARC + "5";
  private static final Pattern PROVIDER_TEXT = Pattern.compile("[!-~][ -~]{0,255}");

  /// Whether a certificate is one of these rather than of an authority.
  static boolean isOne(X509Certificate certificate) {
    return certificate.getExtensionValue(PRODUCT_NAME) != null;
  }

  /// @throws EvidenceException if an extension is missing or malformed: none is optional for its
  ///   kind of key and product, as a component that is skipped would be a patch level believed
  static SnpEndorsement read(X509Certificate certificate) throws EvidenceException {
    SnpProduct product = product(certificate);
    SnpSigningKey key = key(certificate);
    int version = version(certificate, STRUCTURE_VERSION);
    boolean hasFmc = product.layout() == SnpProduct.Layout.TURIN;
    if (version != (hasFmc ? 1 : 0)) {
      throw new EvidenceException(
          "a certificate of %s has extensions of an unknown version %d"
              .formatted(product.vendorName(), version));
    }
    if (!hasFmc && Certificates.extension(certificate, FMC).isPresent()) {
      throw new EvidenceException(product.vendorName() + " has no FMC, and its certificate has");
    }
    var tcb =
        new SnpTcb(
            hasFmc ? Optional.of(version(certificate, FMC)) : Optional.empty(),
            version(certificate, BOOTLOADER),
            version(certificate, TEE),
            version(certificate, SNP),
            version(certificate, MICROCODE));
    return switch (key) {
      case VCEK ->
          new SnpEndorsement(
              certificate,
              key,
              product,
              tcb,
              Optional.of(hardwareId(certificate, product)),
              Optional.empty());
      case VLEK ->
          new SnpEndorsement(
              certificate, key, product, tcb, Optional.empty(), Optional.of(provider(certificate)));
    };
  }

  private static SnpProduct product(X509Certificate certificate) throws EvidenceException {
    String name = text(certificate, PRODUCT_NAME);
    return SnpProduct.byCertificate(name)
        .orElseThrow(
            () -> new EvidenceException("a certificate is for no product that this version knows"));
  }

  /// A chip's key names the chip and no provider, a loaded one the reverse; the subject agrees.
  private static SnpSigningKey key(X509Certificate certificate) throws EvidenceException {
    boolean chip = certificate.getExtensionValue(HARDWARE_ID) != null;
    boolean provider = certificate.getExtensionValue(PROVIDER) != null;
    if (chip == provider) {
      throw new EvidenceException("a certificate names both a chip and a provider, or neither");
    }
    SnpSigningKey key = chip ? SnpSigningKey.VCEK : SnpSigningKey.VLEK;
    if (!Chain.of(certificate).equals(key.subject())) {
      throw new EvidenceException("a certificate of a %s is not named so".formatted(key));
    }
    return key;
  }

  /// One component of 0 to 255.
  private static int version(X509Certificate certificate, String identifier)
      throws EvidenceException {
    Der extension = extension(certificate, identifier);
    int version = extension.integer();
    extension.end();
    if (version > 255) {
      throw new EvidenceException("extension " + identifier + " is above 255");
    }
    return version;
  }

  /// Three encodings are in use: the 64 bytes themselves, an OCTET STRING of them, and on Turin its
  /// 8 bytes themselves.
  private static Bytes hardwareId(X509Certificate certificate, SnpProduct product)
      throws EvidenceException {
    Bytes content = content(certificate, HARDWARE_ID);
    int size = product.chipIdBytes();
    if (size == 64 && content.size() == size + 2) {
      Der wrapped = Der.of("extension " + HARDWARE_ID, content);
      content = wrapped.octetString();
      wrapped.end();
    }
    if (content.size() != size) {
      throw new EvidenceException(
          "a certificate of %s names a chip by %d bytes, not %d"
              .formatted(product.vendorName(), content.size(), size));
    }
    return content;
  }

  private static String provider(X509Certificate certificate) throws EvidenceException {
    String provider = text(certificate, PROVIDER);
    // Checks show it before the chain is known to be good.
    if (!PROVIDER_TEXT.matcher(provider).matches()) {
      throw new EvidenceException("a certificate names its provider by no printable text");
    }
    return provider;
  }

  private static String text(X509Certificate certificate, String identifier)
      throws EvidenceException {
    Der extension = extension(certificate, identifier);
    String text = extension.text(Der.IA5_STRING);
    extension.end();
    return text;
  }

  private static Der extension(X509Certificate certificate, String identifier)
      throws EvidenceException {
    return Der.of("extension " + identifier, content(certificate, identifier));
  }

  private static Bytes content(X509Certificate certificate, String identifier)
      throws EvidenceException {
    return Certificates.extension(certificate, identifier)
        .orElseThrow(
            () -> new EvidenceException("a certificate lacks the extension " + identifier));
  }

  /// Whether it is about this chip, by the 64 bytes that a report has.
  boolean isOfChip(Bytes chipId) {
    return hardwareId
        .map(id -> Bytes.of(Arrays.copyOf(id.toArray(), chipId.size())))
        .filter(chipId::equals)
        .isPresent();
  }

  /// Whether it names the report's chip, if it names any, and the patch level that is reported.
  boolean isAbout(SnpReport report) {
    try {
      return (key == SnpSigningKey.VLEK || isOfChip(report.chipId()))
          && tcb.equals(SnpTcb.read(product.layout(), "reported", report.reportedTcb()));
    } catch (EvidenceException _) {
      return false;
    }
  }
}
