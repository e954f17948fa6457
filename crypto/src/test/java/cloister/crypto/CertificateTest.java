package cloister.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.function.Consumer;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.Test;

class CertificateTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final Validity YEAR = new Validity(NOW, NOW.plus(Duration.ofDays(365)));
  private static final Validity MONTH = new Validity(NOW, NOW.plus(Duration.ofDays(30)));
  private static final BigInteger SERIAL = new BigInteger(1, Bytes.hex("7f00aa").toArray());
  private static final ASN1ObjectIdentifier UNKNOWN = new ASN1ObjectIdentifier("1.2.3.4");

  private final SigningKey airline = SigningKey.generate();
  private final SealingKey sealingKey = OpeningKey.generate().sealingKey();
  private final SigningKey authorityKey = SigningKey.generate();
  private final CertificateAuthority authority =
      CertificateAuthority.create(authorityKey, "airline-media-2026", YEAR, BigInteger.ONE);
  private final CertificateRequest request =
      CertificateRequest.create(airline, "airline", sealingKey);

  @Test
  void anHonestRequestBecomesACertificateThatVerifies() throws Exception {
    var received = CertificateRequest.parse(request.encoded());
    assertThat(received.name()).isEqualTo("airline");
    assertThat(received.verifyingKey()).isEqualTo(airline.verifyingKey());
    assertThat(received.sealingKey()).isEqualTo(sealingKey);

    Bytes issued = issue(received).encoded();
    var root = AuthorityCertificate.parse(authority.certificate().encoded());
    VerifiedCertificate verified = Certificate.parse(issued).verify(root, NOW);
    assertThat(verified.name()).isEqualTo("airline");
    assertThat(verified.verifyingKey()).isEqualTo(airline.verifyingKey());
    assertThat(verified.sealingKey()).isEqualTo(sealingKey);
    assertThat(verified.validity()).isEqualTo(MONTH);
    assertThat(verified.serial()).isEqualTo(SERIAL);
  }

  @Test
  void anyFlippedByteOfARequestIsRefused() {
    byte[] encoded = request.encoded().toArray();
    for (int at = 0; at < encoded.length; at++) {
      byte[] altered = encoded.clone();
      altered[at] ^= (byte) (1 << (at % 8));
      assertThatThrownBy(() -> CertificateRequest.parse(Bytes.of(altered)))
          .as("byte %d", at)
          .isInstanceOf(CryptoException.class);
    }
  }

  @Test
  void aRequestWithSomethingBehindItOrTooLongIsRefused() {
    requestRefused(Bytes.concat(request.encoded(), Bytes.of(new byte[1])));
    requestRefused(request.encoded().slice(0, request.encoded().size() - 1));
    requestRefused(Bytes.of(new byte[0]));
    requestRefused(Bytes.of(new byte[9000]));
    requestRefused(Bytes.concat(request.encoded(), Bytes.of(new byte[9000])));
  }

  @Test
  void aRequestForAKeyThatItsAuthorDoesNotHoldIsRefused() throws Exception {
    // Key substitution: somebody else's key in the request, signed with one's own.
    Bytes stolen =
        requested(new X500Name("CN=airline"), airline.spki(), SigningKey.generate(), extension());
    requestRefused(stolen);
  }

  @Test
  void aRequestWithAnotherSubjectOrMoreExtensionsIsRefused() throws Exception {
    for (String subject :
        new String[] {
          "CN=airline,O=Airline",
          "O=airline",
          "CN=airline,CN=media",
          "CN=airline+O=x",
          "",
          "CN=Airline",
          "CN=air line",
          "CN=*"
        }) {
      requestRefused(requested(new X500Name(subject), airline.spki(), airline, extension()));
    }
    var unknown = new Extension(UNKNOWN, false, DERNull.INSTANCE.getEncoded());
    var subject = new X500Name("CN=airline");
    requestRefused(requested(subject, airline.spki(), airline, extension(), unknown));
    requestRefused(requested(subject, airline.spki(), airline, unknown));
    var garbage = new Extension(CertificateFormat.SEALING_KEY, false, new byte[] {4, 1, 0});
    requestRefused(requested(subject, airline.spki(), airline, garbage));
    var notDer = new Extension(CertificateFormat.SEALING_KEY, false, new byte[] {5, 9, 0});
    requestRefused(requested(subject, airline.spki(), airline, notDer));
    PKCS10CertificationRequest bare =
        new PKCS10CertificationRequestBuilder(
                subject, SubjectPublicKeyInfo.getInstance(airline.spki().toArray()))
            .build(CertificateFormat.signer(airline));
    requestRefused(Bytes.of(bare.getEncoded()));
  }

  @Test
  void onlyTheNamedParticipantWithTheNamedKeyIsCertified() {
    Digest other = SigningKey.generate().verifyingKey().thumbprint();
    assertThatThrownBy(() -> authority.issue(request, "airline", other, MONTH, SERIAL))
        .isInstanceOf(CryptoException.class)
        .hasMessageContaining(other.toString());
    assertThatThrownBy(() ->
            authority.issue(request, "media", airline.verifyingKey().thumbprint(), MONTH, SERIAL))
        .isInstanceOf(CryptoException.class);
    assertThatThrownBy(() ->
            authority.issue(
                request,
                "airline",
                airline.verifyingKey().thumbprint(),
                new Validity(NOW, NOW.plus(Duration.ofDays(366))),
                SERIAL))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anyFlippedByteOfACertificateIsRefused() throws Exception {
    byte[] encoded = issue(request).encoded().toArray();
    for (int at = 0; at < encoded.length; at++) {
      byte[] altered = encoded.clone();
      altered[at] ^= (byte) (1 << (at % 8));
      certificateRefused(Bytes.of(altered), NOW);
    }
    certificateRefused(Bytes.of(Arrays.copyOf(encoded, encoded.length + 1)), NOW);
    certificateRefused(Bytes.of(Arrays.copyOf(encoded, encoded.length - 1)), NOW);
    certificateRefused(Bytes.of(new byte[9000]), NOW);
  }

  @Test
  void aCertificateIsGoodWithinItsTimeOnly() throws Exception {
    Certificate certificate = issue(request);
    var root = authority.certificate();
    certificate.verify(root, MONTH.from());
    certificate.verify(root, MONTH.until());
    assertThatThrownBy(() -> certificate.verify(root, MONTH.from().minusSeconds(1)))
        .isInstanceOf(CryptoException.class);
    assertThatThrownBy(() -> certificate.verify(root, MONTH.until().plusSeconds(1)))
        .isInstanceOf(CryptoException.class)
        .hasMessageContaining("expired");
  }

  @Test
  void anAuthorityThatHasExpiredVouchesForNobody() throws Exception {
    Validity brief = new Validity(NOW, NOW.plusSeconds(10));
    var expired =
        CertificateAuthority.create(authorityKey, "airline-media-2026", brief, BigInteger.TWO);
    Certificate certificate = issue(request);
    certificate.verify(expired.certificate(), NOW.plusSeconds(10));
    assertThatThrownBy(() -> certificate.verify(expired.certificate(), NOW.plusSeconds(11)))
        .isInstanceOf(CryptoException.class)
        .hasMessageContaining("authority");
  }

  @Test
  void aForeignOrSelfMadeCertificateIsRefused() throws Exception {
    // The same name, another key: what a second collaboration, or anybody, can make.
    var foreign =
        CertificateAuthority.create(
            SigningKey.generate(), "airline-media-2026", YEAR, BigInteger.ONE);
    Bytes issued =
        foreign
            .issue(request, "airline", airline.verifyingKey().thumbprint(), MONTH, SERIAL)
            .encoded();
    certificateRefused(issued, NOW);
    var selfMade = CertificateAuthority.create(airline, "airline", YEAR, BigInteger.ONE);
    certificateRefused(selfMade.certificate().encoded(), NOW);
    certificateRefused(
        selfMade
            .issue(request, "airline", airline.verifyingKey().thumbprint(), MONTH, SERIAL)
            .encoded(),
        NOW);
  }

  @Test
  void theAuthoritysOwnCertificateIsNoParticipants() {
    certificateRefused(authority.certificate().encoded(), NOW);
  }

  @Test
  void aCertifiedParticipantIsNoAuthority() throws Exception {
    Certificate leaf = issue(request);
    assertThatThrownBy(() -> AuthorityCertificate.parse(leaf.encoded()))
        .isInstanceOf(CryptoException.class);
    // Even one that signs under its own certified name.
    Bytes under =
        signed(airline, "CN=airline", "CN=media", builder -> participantExtensions(builder));
    certificateRefused(under, NOW);
  }

  @Test
  void aCertificateOutsideTheProfileIsRefusedEvenIfTheAuthoritySignedIt() throws Exception {
    Certificate.parse(signedByAuthority(builder -> participantExtensions(builder)))
        .verify(authority.certificate(), NOW);

    certificateRefused(signedByAuthority(builder -> {}), NOW);
    certificateRefused(
        signedByAuthority(builder -> {
          participantExtensions(builder);
          add(builder, UNKNOWN, true, DERNull.INSTANCE);
        }),
        NOW);
    certificateRefused(
        signedByAuthority(builder ->
            extensions(
                builder,
                new BasicConstraints(true),
                new KeyUsage(KeyUsage.digitalSignature),
                KeyPurposeId.id_kp_clientAuth)),
        NOW);
    certificateRefused(
        signedByAuthority(builder ->
            extensions(
                builder,
                new BasicConstraints(false),
                new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyCertSign),
                KeyPurposeId.id_kp_clientAuth)),
        NOW);
    certificateRefused(
        signedByAuthority(builder ->
            extensions(
                builder,
                new BasicConstraints(false),
                new KeyUsage(KeyUsage.digitalSignature),
                KeyPurposeId.id_kp_serverAuth)),
        NOW);
    certificateRefused(
        signedByAuthority(builder ->
            extensions(
                builder,
                new BasicConstraints(false),
                new KeyUsage(KeyUsage.digitalSignature),
                KeyPurposeId.id_kp_clientAuth,
                KeyPurposeId.anyExtendedKeyUsage)),
        NOW);
    certificateRefused(
        signed(
            authorityKey,
            "CN=airline-media-2026",
            "CN=airline,O=Airline",
            builder -> participantExtensions(builder)),
        NOW);
  }

  @Test
  void anAuthorityWithoutTheRightProfileIsRefused() throws Exception {
    for (ASN1Encodable constraints :
        new ASN1Encodable[] {
          new BasicConstraints(false), new BasicConstraints(true), new BasicConstraints(1)
        }) {
      Bytes root = authorityWith(constraints, new KeyUsage(KeyUsage.keyCertSign), authorityKey);
      assertThatThrownBy(() -> AuthorityCertificate.parse(root))
          .isInstanceOf(CryptoException.class);
    }
    Bytes signsAll =
        authorityWith(
            new BasicConstraints(0),
            new KeyUsage(KeyUsage.keyCertSign | KeyUsage.digitalSignature),
            authorityKey);
    assertThatThrownBy(() -> AuthorityCertificate.parse(signsAll))
        .isInstanceOf(CryptoException.class);
    Bytes notOwn =
        authorityWith(
            new BasicConstraints(0), new KeyUsage(KeyUsage.keyCertSign), SigningKey.generate());
    assertThatThrownBy(() -> AuthorityCertificate.parse(notOwn))
        .isInstanceOf(CryptoException.class)
        .hasMessageContaining("own key");
  }

  @Test
  void anAuthorityResumesWithItsOwnKeyOnly() throws Exception {
    var root = AuthorityCertificate.parse(authority.certificate().encoded());
    var again = CertificateAuthority.resume(SigningKey.decode(authorityKey.encoded()), root);
    again
        .issue(request, "airline", airline.verifyingKey().thumbprint(), MONTH, SERIAL)
        .verify(root, NOW);
    assertThatThrownBy(() -> CertificateAuthority.resume(SigningKey.generate(), root))
        .isInstanceOf(CryptoException.class);
  }

  private Certificate issue(CertificateRequest received) throws CryptoException {
    return authority.issue(received, "airline", airline.verifyingKey().thumbprint(), MONTH, SERIAL);
  }

  private static void requestRefused(Bytes encoded) {
    assertThatThrownBy(() -> CertificateRequest.parse(encoded)).isInstanceOf(CryptoException.class);
  }

  private void certificateRefused(Bytes encoded, Instant at) {
    assertThatThrownBy(() -> Certificate.parse(encoded).verify(authority.certificate(), at))
        .isInstanceOf(CryptoException.class);
  }

  private Extension extension() throws IOException {
    return new Extension(
        CertificateFormat.SEALING_KEY,
        false,
        new DEROctetString(sealingKey.encoded().toArray()).getEncoded());
  }

  private static Bytes requested(
      X500Name subject, Bytes spki, SigningKey signer, Extension... extensions) throws IOException {
    return Bytes.of(
        new PKCS10CertificationRequestBuilder(
                subject, SubjectPublicKeyInfo.getInstance(spki.toArray()))
            .addAttribute(
                PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, new Extensions(extensions))
            .build(CertificateFormat.signer(signer))
            .getEncoded());
  }

  private Bytes signedByAuthority(Consumer<X509v3CertificateBuilder> extensions)
      throws IOException {
    return signed(authorityKey, "CN=airline-media-2026", "CN=airline", extensions);
  }

  private Bytes signed(
      SigningKey signer,
      String issuer,
      String subject,
      Consumer<X509v3CertificateBuilder> extensions)
      throws IOException {
    X500Name issuerName =
        issuer.equals("CN=airline-media-2026")
            ? authority.certificate().subject()
            : new X500Name(issuer);
    var builder =
        new X509v3CertificateBuilder(
            issuerName,
            SERIAL,
            Date.from(MONTH.from()),
            Date.from(MONTH.until()),
            new X500Name(subject),
            SubjectPublicKeyInfo.getInstance(airline.spki().toArray()));
    extensions.accept(builder);
    return Bytes.of(builder.build(CertificateFormat.signer(signer)).getEncoded());
  }

  private Bytes authorityWith(ASN1Encodable constraints, KeyUsage usage, SigningKey signer)
      throws IOException {
    var name = CertificateFormat.subject("airline-media-2026");
    var builder =
        new X509v3CertificateBuilder(
            name,
            BigInteger.ONE,
            Date.from(YEAR.from()),
            Date.from(YEAR.until()),
            name,
            SubjectPublicKeyInfo.getInstance(authorityKey.spki().toArray()));
    add(builder, Extension.basicConstraints, true, constraints);
    add(builder, Extension.keyUsage, true, usage);
    return Bytes.of(builder.build(CertificateFormat.signer(signer)).getEncoded());
  }

  private void participantExtensions(X509v3CertificateBuilder builder) {
    extensions(
        builder,
        new BasicConstraints(false),
        new KeyUsage(KeyUsage.digitalSignature),
        KeyPurposeId.id_kp_clientAuth);
  }

  private void extensions(
      X509v3CertificateBuilder builder,
      BasicConstraints constraints,
      KeyUsage usage,
      KeyPurposeId... purposes) {
    add(builder, Extension.basicConstraints, true, constraints);
    add(builder, Extension.keyUsage, true, usage);
    add(builder, Extension.extendedKeyUsage, true, new ExtendedKeyUsage(purposes));
    add(
        builder,
        CertificateFormat.SEALING_KEY,
        false,
        new DEROctetString(sealingKey.encoded().toArray()));
  }

  private static void add(
      X509v3CertificateBuilder builder,
      ASN1ObjectIdentifier type,
      boolean critical,
      ASN1Encodable value) {
    try {
      builder.addExtension(type, critical, value);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
