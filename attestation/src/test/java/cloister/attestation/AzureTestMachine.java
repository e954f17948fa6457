package cloister.attestation;

import cloister.attestation.Anchors.Root;
import cloister.attestation.Collateral.Item;
import cloister.attestation.Evidence.Part;
import cloister.attestation.Signatures.Algorithm;
import cloister.attestation.TestAuthority.Contents;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// Azure of a test's own: a chip on SNP, a paravisor's claims, a TPM's key, and Microsoft's
/// authority over utility VMs. Keys are made once, because RSA takes its time.
final class AzureTestMachine {
  static final Instant NOW = TestAuthority.NOW;
  static final Binding BINDING = Binding.of("cloister/session/v1", Bytes.utf8("nonce"));
  static final SnpTestPlatform CHIP = SnpTestPlatform.of(SnpProduct.MILAN);
  static final DcapTestPlatform INTEL = DcapTestPlatform.of(5, 10);
  static final DcapTestPlatform.Domain DOMAIN =
      DcapTestPlatform.Domain.of(5, 1, 5).withAttributes(0);
  static final TestAuthority TPM = TestAuthority.root(Kind.RSA, "TPM");

  static final String PURPOSE = "1.3.6.1.4.1.311.76.59.1.2";
  static final Bytes PURPOSE_EXTENSION = Bytes.hex("300d060b2b0601040182374c3b0102");
  static final String PURPOSE_IDENTIFIER = "2.5.29.37";
  static final TestAuthority MICROSOFT = TestAuthority.root(Kind.RSA, "Supply Chain");
  static final TestAuthority PRODUCTS =
      MICROSOFT.authority(Kind.RSA, Contents.of("Products").numbered(2));
  static final TestAuthority SIGNER =
      PRODUCTS.leaf(
          Kind.RSA,
          Contents.of("ContainerPlat")
              .numbered(3)
              .between(NOW.minusSeconds(1000), NOW.plusSeconds(1000))
              .with(PURPOSE_IDENTIFIER, PURPOSE_EXTENSION));
  static final String FEED = "ContainerPlat-AMD-UVM";
  static final String DID = did(MICROSOFT, PURPOSE);

  static final Bytes POLICY = Bytes.utf8("package policy\n");

  private static final List<Bytes> LISTS =
      List.of(CHIP.root.revocationList(), MICROSOFT.revocationList(), PRODUCTS.revocationList());
  private static final Collateral COLLATERAL = all();

  private static Collateral all() {
    var items = new ArrayList<>(INTEL.lists());
    LISTS.forEach(list -> items.add(new Item(Collateral.Kind.REVOCATION_LIST, "a test", list)));
    items.add(
        INTEL.info(DcapTestPlatform.Judgement.of("TDX", DcapTestPlatform.Level.of(5, "UpToDate"))));
    items.add(INTEL.identity("TD_QE", 4, "UpToDate"));
    items.add(
        new Item(
            Collateral.Kind.CERTIFICATES,
            "a test",
            TestAuthority.pem(List.of(INTEL.signer.certificate()))));
    return SnpTestPlatform.collateral(items);
  }

  private AzureTestMachine() {}

  static String did(TestAuthority authority, String purpose) {
    return "did:x509:0:sha256:"
        + Base64Url.encode(Bytes.of(Digest.of(authority.der()).toArray()))
        + "::eku:"
        + purpose;
  }

  static Anchors anchors() {
    return Anchors.insecureForTests(
        Map.of(
            Root.AMD_MILAN,
            CHIP.root.certificate(),
            Root.MICROSOFT_SUPPLY_CHAIN,
            MICROSOFT.certificate(),
            Root.INTEL,
            INTEL.root.certificate()));
  }

  static Collateral collateral() {
    return COLLATERAL;
  }

  static Bytes chipCertificates() {
    return TestAuthority.pem(List.of(CHIP.chipKey.certificate(), CHIP.chipAuthority.certificate()));
  }

  // The TPM

  static TpmRegisters registers() {
    var values = new TreeMap<Integer, Bytes>();
    for (int index = 0; index < TpmRegisters.COUNT; index++) {
      values.put(index, Bytes.of(Digest.ofUtf8("register " + index).toArray()));
    }
    return new TpmRegisters(values);
  }

  static Bytes bitmap(Set<Integer> selection) {
    byte[] bitmap = new byte[3];
    for (int index : selection) {
      bitmap[index / 8] |= (byte) (1 << index % 8);
    }
    return Bytes.of(bitmap);
  }

  /// TPMS_ATTEST over these registers.
  static Bytes attest(Bytes nonce, TpmRegisters registers) {
    return Bytes.concat(
        Bytes.hex("ff5443478018"),
        sized(Bytes.concat(Bytes.hex("000b"), Bytes.of(new byte[32]))),
        sized(nonce),
        Bytes.hex("0000000000003039" + "00000007" + "00000000" + "01" + "2020031200120003"),
        Bytes.hex("00000001" + "000b" + "03"),
        bitmap(registers.values().keySet()),
        sized(Bytes.of(registers.digest().toArray())));
  }

  static Bytes sized(Bytes content) {
    return Bytes.concat(
        Bytes.of(ByteBuffer.allocate(2).putShort((short) content.size()).array()), content);
  }

  static Bytes quote(Bytes attest) {
    return quote(TPM, attest);
  }

  static Bytes quote(TestAuthority key, Bytes attest) {
    return Bytes.concat(
        sized(attest), Bytes.hex("0014000b"), sized(key.sign(Algorithm.RS256, attest)));
  }

  static Bytes quote() {
    return quote(attest(BINDING.sha256(), registers()));
  }

  // The paravisor

  static String key(TestAuthority of) {
    var key = (RSAPublicKey) of.keys().getPublic();
    return """
    {"kid":"HCLAkPub","key_ops":["sign"],"kty":"RSA","e":"%s","n":"%s"}\
    """
        .formatted(magnitude(key.getPublicExponent()), magnitude(key.getModulus()));
  }

  private static String magnitude(BigInteger value) {
    byte[] bytes = value.toByteArray();
    return Base64Url.encode(
        Bytes.of(bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes));
  }

  static String runtimeClaims() {
    return runtimeClaims(key(TPM), BINDING.reportData());
  }

  static String runtimeClaims(String keys, Bytes userData) {
    return """
    {"keys":[%s],"vm-configuration":{"console-enabled":false,"secure-boot":true,\
    "tpm-enabled":true,"tpm-persisted":true,"vmUniqueId":"A VM"},"user-data":"%s"}\
    """
        .formatted(keys, userData.hex().toUpperCase(java.util.Locale.ROOT));
  }

  /// A good report with these claims and whatever hardware report.
  static Bytes hcl(Bytes hardware, int type, String claims) {
    Bytes json = Bytes.utf8(claims);
    ByteBuffer report = ByteBuffer.allocate(2600).order(ByteOrder.LITTLE_ENDIAN);
    report.put("HCLA".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    report.putInt(2).putInt(1236 + json.size()).putInt(2).putInt(0);
    report.position(32).put(hardware.toArray()).position(1216);
    report.putInt(20 + json.size()).putInt(1).putInt(type).putInt(1).putInt(json.size());
    report.put(json.toArray());
    return Bytes.of(report.array());
  }

  static Bytes hcl(String claims) {
    return hcl(snpReport(claims, report -> {}), 2, claims);
  }

  static Bytes snpReport(String claims, Consumer<ByteBuffer> edits) {
    return CHIP.report(report -> {
      report.put(0x50, new byte[64]).put(0x50, Digest.ofUtf8(claims).toArray());
      edits.accept(report);
    });
  }

  /// TDREPORT and its 160 zeros: what is authentic of it is in a quote.
  static Bytes tdReport(Bytes reportData) {
    return Bytes.of(ByteBuffer.allocate(1184).put(128, reportData.toArray()).array());
  }

  /// As the paravisor has them: the digest of its claims and zeros.
  static Bytes reportData(String claims) {
    return Bytes.concat(Bytes.of(Digest.ofUtf8(claims).toArray()), Bytes.of(new byte[32]));
  }

  /// A machine on TDX, whose paravisor's domain is this one but for the report data.
  static Map<Part, Bytes> domainMachine(DcapTestPlatform.Domain domain) {
    String claims = runtimeClaims();
    Bytes reportData = reportData(claims);
    var parts = virtualMachine();
    parts.remove(Part.CERTIFICATES);
    parts.put(Part.REPORT, hcl(tdReport(reportData), 4, claims));
    parts.put(
        Part.HARDWARE_QUOTE,
        INTEL.quote(
            new DcapTestPlatform.Domain(
                domain.svn(), domain.svn2(), domain.attributes(), reportData)));
    return parts;
  }

  static Map<Part, Bytes> virtualMachine() {
    var parts = new EnumMap<Part, Bytes>(Part.class);
    parts.put(Part.REPORT, hcl(runtimeClaims()));
    parts.put(Part.CERTIFICATES, chipCertificates());
    parts.put(Part.TPM_QUOTE, quote());
    parts.put(Part.TPM_REGISTERS, registers().encoded());
    return parts;
  }

  // The utility VM

  static Bytes containerReport(Consumer<ByteBuffer> edits) {
    return CHIP.report(report -> {
      report.put(0x50, BINDING.reportData().toArray());
      report.put(0xc0, Digest.of(POLICY).toArray());
      edits.accept(report);
    });
  }

  static Bytes utilityMachine() {
    return Bytes.of(SnpTestPlatform.bytes(48, 0x22));
  }

  /// What an endorsement says; tests replace it one by one.
  record Endorsement(
      List<TestAuthority> certificates,
      String issuer,
      String feed,
      Instant signedAt,
      String measurement,
      String svn) {
    static Endorsement good() {
      return new Endorsement(
          List.of(SIGNER, PRODUCTS, MICROSOFT), DID, FEED, NOW, utilityMachine().hex(), "103");
    }

    Endorsement by(TestAuthority... others) {
      return new Endorsement(List.of(others), issuer, feed, signedAt, measurement, svn);
    }

    Endorsement of(String other) {
      return new Endorsement(certificates, issuer, feed, signedAt, other, svn);
    }

    Endorsement from(String other) {
      return new Endorsement(certificates, other, feed, signedAt, measurement, svn);
    }

    Endorsement on(String other) {
      return new Endorsement(certificates, issuer, other, signedAt, measurement, svn);
    }

    Endorsement at(Instant other) {
      return new Endorsement(certificates, issuer, feed, other, measurement, svn);
    }

    Endorsement numbered(String other) {
      return new Endorsement(certificates, issuer, feed, signedAt, measurement, other);
    }

    /// The form with JSON.
    Bytes json() {
      return json(payload -> payload);
    }

    Bytes json(UnaryOperator<String> edits) {
      Bytes header =
          CborWriting.map(
              CborWriting.number(1),
              Bytes.hex("3825"),
              CborWriting.number(3),
              CborWriting.text("application/json"),
              CborWriting.number(33),
              chain(),
              CborWriting.text("iss"),
              CborWriting.text(issuer),
              CborWriting.text("feed"),
              CborWriting.text(feed),
              CborWriting.text("signingtime"),
              epoch());
      String payload =
          """
          {"x-ms-sevsnpvm-launchmeasurement":"%s","x-ms-sevsnpvm-guestsvn":"%s"}\
          """
              .formatted(measurement, svn);
      return signed(header, Bytes.utf8(edits.apply(payload)));
    }

    /// The form of a hash envelope.
    Bytes digest() {
      Bytes claims =
          CborWriting.map(
              CborWriting.number(1),
              CborWriting.text(issuer),
              CborWriting.number(2),
              CborWriting.text(feed),
              CborWriting.number(6),
              epoch(),
              CborWriting.text("svn"),
              CborWriting.number(Long.parseLong(svn)));
      Bytes header =
          CborWriting.map(
              CborWriting.number(1),
              Bytes.hex("3825"),
              CborWriting.number(15),
              claims,
              CborWriting.number(33),
              chain(),
              CborWriting.number(258),
              Bytes.hex("382a"),
              CborWriting.number(259),
              CborWriting.text("application/octet-stream"));
      return signed(header, Bytes.hex(measurement));
    }

    private Bytes epoch() {
      return Bytes.concat(CborWriting.head(6, 1), CborWriting.number(signedAt.getEpochSecond()));
    }

    private Bytes chain() {
      return CborWriting.array(
          certificates.stream().map(one -> CborWriting.bytes(one.der())).toArray(Bytes[]::new));
    }

    Bytes signed(Bytes header, Bytes payload) {
      Bytes signed =
          CborWriting.array(
              CborWriting.text("Signature1"),
              CborWriting.bytes(header),
              CborWriting.bytes(Bytes.of(new byte[0])),
              CborWriting.bytes(payload));
      return Bytes.concat(
          Bytes.hex("d2"),
          CborWriting.array(
              CborWriting.bytes(header),
              CborWriting.map(),
              CborWriting.bytes(payload),
              CborWriting.bytes(certificates.getFirst().sign(Algorithm.PS384, signed))));
    }
  }

  static Map<Part, Bytes> containerGroup() {
    return containerGroup(Endorsement.good().json());
  }

  static Map<Part, Bytes> containerGroup(Bytes endorsement) {
    var parts = new EnumMap<Part, Bytes>(Part.class);
    parts.put(Part.REPORT, containerReport(report -> {}));
    parts.put(Part.CERTIFICATES, chipCertificates());
    parts.put(Part.POLICY, POLICY);
    parts.put(Part.ENDORSEMENT, endorsement);
    return parts;
  }

  // What comes of it

  static Map<Part, Bytes> with(Map<Part, Bytes> parts, Part part, Bytes other) {
    var changed = new EnumMap<>(parts);
    changed.put(part, other);
    return changed;
  }

  static Map<Part, Bytes> without(Map<Part, Bytes> parts, Part part) {
    var changed = new EnumMap<>(parts);
    changed.remove(part);
    return changed;
  }

  static Set<String> failures(Tee tee, Map<Part, Bytes> parts) {
    return failures(tee, parts, collateral(), NOW);
  }

  static Set<String> failures(Tee tee, Map<Part, Bytes> parts, Collateral collateral, Instant at) {
    return SnpTestPlatform.failures(new Evidence(tee, parts), collateral, anchors(), at);
  }

  static VerifiedReport verified(Tee tee, Map<Part, Bytes> parts) throws EvidenceException {
    return verified(tee, parts, NOW);
  }

  static VerifiedReport verified(Tee tee, Map<Part, Bytes> parts, Instant at)
      throws EvidenceException {
    return Report.parse(new Evidence(tee, parts)).verify(collateral(), anchors(), at);
  }

  /// All lists but one.
  static List<Collateral> collateralWithoutOne() {
    var without = new ArrayList<Collateral>();
    for (int left = 0; left < LISTS.size(); left++) {
      var items = new ArrayList<Item>();
      for (int i = 0; i < LISTS.size(); i++) {
        if (i != left) {
          items.add(new Item(Collateral.Kind.REVOCATION_LIST, "a test", LISTS.get(i)));
        }
      }
      without.add(SnpTestPlatform.collateral(items));
    }
    return without;
  }
}
