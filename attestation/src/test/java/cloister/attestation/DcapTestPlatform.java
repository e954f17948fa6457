package cloister.attestation;

import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.attestation.TestAuthority.Contents;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECPoint;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;

/// A platform of Intel's kind with keys of a test's own: it quotes whatever it is told to, and its
/// vendor publishes whatever it is told to. What Intel never signs for anybody can be tried on it.
final class DcapTestPlatform {
  static final Instant NOW = TestAuthority.NOW;
  static final Bytes MR_SIGNER = Bytes.hex("dc".repeat(32));
  private static final String EXTENSION = "1.2.840.113741.1.13.1";

  final TestAuthority root = TestAuthority.root(TestAuthority.Kind.P256, "Intel SGX Root CA");
  final TestAuthority authority;
  final TestAuthority signer =
      root.leaf(TestAuthority.Kind.P256, Contents.of("Intel SGX TCB Signing").numbered(3));
  final TestAuthority pck;
  private final TestAuthority attestationKey =
      root.leaf(TestAuthority.Kind.P256, Contents.of("an attestation key"));

  /// @param components of the platform, 16, and PCESVN
  DcapTestPlatform(List<Integer> components, int pceSvn) {
    this(components, pceSvn, "Intel SGX PCK Platform CA", "Intel SGX PCK Certificate");
  }

  private DcapTestPlatform(List<Integer> components, int pceSvn, String authority, String pck) {
    this.authority = root.authority(TestAuthority.Kind.P256, Contents.of(authority).numbered(2));
    this.pck =
        this.authority.leaf(
            TestAuthority.Kind.P256,
            Contents.of(pck).numbered(4).with(EXTENSION, extension(components, pceSvn)));
  }

  static DcapTestPlatform of(int component, int pceSvn) {
    return new DcapTestPlatform(all(component), pceSvn);
  }

  /// Whose certificates have these names.
  static DcapTestPlatform named(String authority, String pck) {
    return new DcapTestPlatform(all(5), 10, authority, pck);
  }

  static List<Integer> all(int component) {
    return IntStream.range(0, 16).map(_ -> component).boxed().toList();
  }

  Anchors anchors() {
    return Anchors.insecureForTests(Map.of(Anchors.Root.INTEL, root.certificate()));
  }

  // --- quotes

  /// What a quoting enclave is; Intel's by default.
  record Enclave(Bytes mrSigner, int product, int svn, Bytes attributes, Bytes miscSelect) {
    static final Enclave INTELS =
        new Enclave(MR_SIGNER, 2, 4, Bytes.hex("11" + "00".repeat(15)), Bytes.hex("00000000"));
  }

  /// A TD report 1.5: production, SEPT_VE_DISABLE.
  record Domain(
      List<Integer> svn,
      List<Integer> svn2,
      long attributes,
      long seamAttributes,
      Bytes reportData) {
    Domain(List<Integer> svn, List<Integer> svn2, long attributes, Bytes reportData) {
      this(svn, svn2, attributes, 0, reportData);
    }

    static Domain of(int module, int major, int component) {
      var svn = new ArrayList<>(all(component));
      svn.set(0, module);
      svn.set(1, major);
      return new Domain(svn, svn, 1L << 28, 0, Bytes.of(new byte[64]));
    }

    Domain runningModule(int module, int component) {
      var now = new ArrayList<>(svn2);
      now.set(0, module);
      now.set(2, component);
      return new Domain(svn, now, attributes, seamAttributes, reportData);
    }

    Domain runningVersion(int major) {
      var now = new ArrayList<>(svn2);
      now.set(1, major);
      return new Domain(svn, now, attributes, seamAttributes, reportData);
    }

    Domain withSeamAttributes(long bits) {
      return new Domain(svn, svn2, attributes, bits, reportData);
    }

    Domain withAttributes(long bits) {
      return new Domain(svn, svn2, bits, seamAttributes, reportData);
    }

    Bytes body() {
      var body = ByteBuffer.allocate(TdReport.BYTES_1_5).order(ByteOrder.LITTLE_ENDIAN);
      body.put(0, bytes(svn))
          .putLong(112, seamAttributes)
          .putLong(120, attributes)
          .put(128, Bytes.hex("e7").toArray());
      for (int register = 0; register < 5; register++) {
        byte[] value = new byte[48];
        Arrays.fill(value, (byte) (register + 1));
        body.put(register == 0 ? 136 : 280 + 48 * register, value);
      }
      return Bytes.of(body.put(520, reportData.toArray()).put(584, bytes(svn2)).array());
    }
  }

  Bytes quote(Domain domain) {
    return quote(domain, Enclave.INTELS);
  }

  /// Version 5, TDX.
  Bytes quote(Domain domain, Enclave enclave) {
    return quote(5, 0x81, 3, domain.body(), enclave);
  }

  /// Version 3, SGX.
  Bytes quote(Bytes mrEnclave, int attributes, Enclave enclave) {
    return quote(3, 0, 1, enclaveBody(mrEnclave, attributes), enclave);
  }

  static Bytes enclaveBody(Bytes mrEnclave, int attributes) {
    var body = ByteBuffer.allocate(SgxReport.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    body.put(48, (byte) attributes).put(64, mrEnclave.toArray()).put(128, MR_SIGNER.toArray());
    return Bytes.of(body.array());
  }

  /// @param type of the body, which version 5 alone says
  Bytes quote(int version, int tee, int type, Bytes body, Enclave enclave) {
    Bytes descriptor =
        version == 5 ? Bytes.concat(u16(type), u32(body.size())) : Bytes.of(new byte[0]);
    Bytes signed = Bytes.concat(Bytes.of(header(version, tee)), descriptor, body);
    return Bytes.concat(signed, signature(signed, enclave, version > 3));
  }

  private static byte[] header(int version, int tee) {
    return ByteBuffer.allocate(48)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putShort((short) version)
        .putShort((short) 2)
        .putInt(tee)
        .putInt(0)
        .put(Bytes.hex("939a7233f79c4ca9940a0db3957f0607").toArray())
        .array();
  }

  private Bytes signature(Bytes signed, Enclave enclave, boolean nested) {
    Bytes key = point((ECPublicKey) attestationKey.keys().getPublic());
    Bytes authentication = Bytes.utf8("authentication");
    var report = ByteBuffer.allocate(SgxReport.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    report
        .put(16, enclave.miscSelect().toArray())
        .put(48, enclave.attributes().toArray())
        .put(128, enclave.mrSigner().toArray())
        .putShort(256, (short) enclave.product())
        .putShort(258, (short) enclave.svn())
        .put(320, Digest.of(key.toArray(), authentication.toArray()).toArray());
    Bytes quoting = Bytes.of(report.array());
    Bytes chain =
        TestAuthority.pem(List.of(pck.certificate(), authority.certificate(), root.certificate()));
    Bytes certification =
        Bytes.concat(
            quoting,
            pck.sign(Signatures.Algorithm.ES256, quoting),
            u16(authentication.size()),
            authentication,
            u16(5),
            u32(chain.size()),
            chain);
    Bytes all =
        Bytes.concat(
            attestationKey.sign(Signatures.Algorithm.ES256, signed),
            key,
            nested
                ? Bytes.concat(u16(6), u32(certification.size()), certification)
                : certification);
    return Bytes.concat(u32(all.size()), all);
  }

  // --- collateral

  /// A level as TCB info lists it.
  record Level(int component, int pceSvn, int tdxComponent, String status, String advisory) {
    static Level of(int component, String status) {
      return new Level(component, 10, component, status, "INTEL-SA-0" + component);
    }
  }

  /// A level of a TDX module.
  record ModuleLevel(int svn, String status) {}

  record Judgement(
      String id,
      int evaluation,
      Instant issued,
      String family,
      String pce,
      List<Level> levels,
      List<ModuleLevel> module) {
    static Judgement of(String id, Level... levels) {
      return new Judgement(
          id,
          17,
          NOW.minus(Duration.ofDays(1)),
          "00606A000000",
          "0000",
          List.of(levels),
          List.of(new ModuleLevel(5, "UpToDate"), new ModuleLevel(2, "OutOfDate")));
    }

    Judgement modules(ModuleLevel... levels) {
      return new Judgement(id, evaluation, issued, family, pce, this.levels, List.of(levels));
    }

    Judgement evaluated(int number, Instant when) {
      return new Judgement(id, number, when, family, pce, levels, module);
    }

    Judgement ofFamily(String other) {
      return new Judgement(id, evaluation, issued, other, pce, levels, module);
    }

    Judgement ofPce(String other) {
      return new Judgement(id, evaluation, issued, family, other, levels, module);
    }
  }

  Item info(Judgement info) {
    return info(info, UnaryOperator.identity());
  }

  /// @param edits of the JSON, before it is signed
  Item info(Judgement info, UnaryOperator<String> edits) {
    String zeros = "00".repeat(48);
    String identity =
        "\"mrsigner\":\"%s\",\"attributes\":\"%s\",\"attributesMask\":\"%s\""
            .formatted(zeros, "00".repeat(8), "FF".repeat(8));
    String modules =
        info.module().stream()
            .map(level ->
                "{\"tcb\":{\"isvsvn\":%d},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"%s\"}"
                    .formatted(level.svn(), level.status()))
            .collect(Collectors.joining(","));
    String levels =
        info.levels().stream()
            .map(level -> level(level, info.id()))
            .collect(Collectors.joining(","));
    String json =
        ("{\"id\":\"%s\",\"version\":3,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\",\"fmspc\":\"%s\","
                + "\"pceId\":\"%s\",\"tcbType\":0,\"tcbEvaluationDataNumber\":%d,"
                + "\"tdxModule\":{%s},\"tdxModuleIdentities\":[{\"id\":\"TDX_01\",%s,\"tcbLevels\":[%s]}],"
                + "\"tcbLevels\":[%s]}")
            .formatted(
                info.id(),
                info.issued(),
                info.issued().plus(Duration.ofDays(30)),
                info.family(),
                info.pce(),
                info.evaluation(),
                identity,
                identity,
                modules,
                levels);
    return signed(Kind.TCB_INFO, "tcbInfo", edits.apply(json));
  }

  private static String level(Level level, String id) {
    return "{\"tcb\":{\"sgxtcbcomponents\":[%s],\"pcesvn\":%d%s},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"%s\",\"advisoryIDs\":[\"%s\"]}"
        .formatted(
            components(level.component()),
            level.pceSvn(),
            id.equals("TDX")
                ? ",\"tdxtcbcomponents\":[%s]".formatted(components(level.tdxComponent()))
                : "",
            level.status(),
            level.advisory());
  }

  private static String components(int svn) {
    return IntStream.range(0, 16)
        .mapToObj(_ -> "{\"svn\":%d}".formatted(svn))
        .collect(Collectors.joining(","));
  }

  Item identity(String id, int svn, String status) {
    return identity(id, svn, status, NOW.minus(Duration.ofDays(1)));
  }

  Item identity(String id, int svn, String status, Instant issued) {
    String json =
        ("{\"id\":\"%s\",\"version\":2,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\",\"tcbEvaluationDataNumber\":17,"
                + "\"miscselect\":\"00000000\",\"miscselectMask\":\"FFFFFFFF\",\"attributes\":\"11%s\",\"attributesMask\":\"FB%s\","
                + "\"mrsigner\":\"%s\",\"isvprodid\":2,\"tcbLevels\":[{\"tcb\":{\"isvsvn\":%d},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"%s\"}]}")
            .formatted(
                id,
                issued,
                issued.plus(Duration.ofDays(30)),
                "00".repeat(15),
                "FF".repeat(7) + "00".repeat(8),
                MR_SIGNER.hex(),
                svn,
                status);
    return signed(Kind.ENCLAVE_IDENTITY, "enclaveIdentity", json);
  }

  private Item signed(Kind kind, String member, String json) {
    Bytes signature = signer.sign(Signatures.Algorithm.ES256, Bytes.utf8(json));
    return new Item(
        kind,
        "a test",
        Bytes.utf8("{\"%s\":%s,\"signature\":\"%s\"}".formatted(member, json, signature.hex())));
  }

  /// Clean lists of both authorities.
  List<Item> lists() {
    return lists(authority.revocationList(), root.revocationList());
  }

  static List<Item> lists(Bytes... lists) {
    return Arrays.stream(lists)
        .map(list -> new Item(Kind.REVOCATION_LIST, "a test", list))
        .toList();
  }

  Collateral collateral(Item... items) throws EvidenceException {
    var all = new ArrayList<>(lists());
    all.addAll(List.of(items));
    all.add(
        new Item(Kind.CERTIFICATES, "a test", TestAuthority.pem(List.of(signer.certificate()))));
    return Collateral.of(all);
  }

  // --- encodings

  private static Bytes extension(List<Integer> components, int pceSvn) {
    var tcb = new ASN1EncodableVector();
    for (int i = 0; i < 16; i++) {
      tcb.add(pair(".2." + (i + 1), new ASN1Integer(components.get(i))));
    }
    tcb.add(pair(".2.17", new ASN1Integer(pceSvn)));
    tcb.add(pair(".2.18", new DEROctetString(new byte[16])));
    var all = new ASN1EncodableVector();
    all.add(pair(".1", new DEROctetString(new byte[16])));
    all.add(pair(".2", new DERSequence(tcb)));
    all.add(pair(".3", new DEROctetString(new byte[2])));
    all.add(pair(".4", new DEROctetString(Bytes.hex("00606a000000").toArray())));
    try {
      return Bytes.of(new DERSequence(all).getEncoded());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static DERSequence pair(String suffix, org.bouncycastle.asn1.ASN1Encodable value) {
    var pair = new ASN1EncodableVector();
    pair.add(new ASN1ObjectIdentifier(EXTENSION + suffix));
    pair.add(value);
    return new DERSequence(pair);
  }

  private static Bytes point(ECPublicKey key) {
    ECPoint point = key.getW();
    return Bytes.concat(
        coordinate(point.getAffineX().toByteArray()), coordinate(point.getAffineY().toByteArray()));
  }

  private static Bytes coordinate(byte[] number) {
    byte[] fixed = new byte[32];
    int size = Math.min(32, number.length);
    System.arraycopy(number, number.length - size, fixed, 32 - size, size);
    return Bytes.of(fixed);
  }

  private static byte[] bytes(List<Integer> values) {
    byte[] bytes = new byte[values.size()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = values.get(i).byteValue();
    }
    return bytes;
  }

  private static Bytes u16(int value) {
    return Bytes.of(
        ByteBuffer.allocate(2).order(ByteOrder.LITTLE_ENDIAN).putShort((short) value).array());
  }

  private static Bytes u32(int value) {
    return Bytes.of(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }
}
