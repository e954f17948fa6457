package cloister.attestation;

import cloister.attestation.TestAuthority.Contents;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;

/// An NVIDIA of a test's own: devices with their chains, reports and manifests, in the form of the
/// real ones.
final class NvidiaVendor {
  static final String HOPPER_DRIVER = "580.159.03";
  static final String HOPPER_VBIOS = "96.00.9F.00.01";
  static final String DRIVER_ID = "NV_GPU_DRIVER_GH100_580.159.03";
  static final String VBIOS_ID = "NV_GPU_VBIOS_1010_0200_882_96009F0001";

  private static final String SHA384 = "0609608648016503040202";

  final TestAuthority deviceRoot = TestAuthority.root(Kind.P384, "NVIDIA Device Identity CA");
  final TestAuthority family =
      deviceRoot.authority(Kind.P384, listed("NVIDIA GH100 Identity", "l1-root.crl", 11));
  final TestAuthority provisioner =
      family.authority(Kind.P384, listed("NVIDIA GH100 Provisioner ICA 1", "l2-gh100.crl", 12));
  final TestAuthority rom =
      provisioner.authority(Kind.P384, Contents.of("GH100 A01 GSP BROM").numbered(13));
  final TestAuthority leaf = leaf(rom, "GH100 A01 GSP FMC LF");

  final TestAuthority manifestRoot = TestAuthority.root(Kind.P384, "NVIDIA CoRIM signing Root CA");
  final TestAuthority manifests =
      manifestRoot.authority(Kind.P384, listed("NVIDIA Reference Value GH100 CA", "l1-corim", 21));
  final TestAuthority signer =
      manifests.leaf(Kind.P384, Contents.of("HCC RIM L4 Signer").numbered(22));

  /// A distribution point as the real ones have it, which makes a revocation list due.
  private static Contents listed(String name, String list, long serial) {
    byte[] url = ("http://crl.ndis.nvidia.com/crl/" + list).getBytes(StandardCharsets.US_ASCII);
    Bytes uri = der(0x86, Bytes.of(url));
    return Contents.of(name)
        .numbered(serial)
        .with("2.5.29.31", der(0x30, der(0x30, der(0xa0, der(0xa0, uri)))));
  }

  static TestAuthority leaf(TestAuthority rom, String name) {
    return rom.leaf(
        Kind.P384, Contents.of(name).numbered(14).with("2.23.133.5.4.1", composite(firmware())));
  }

  static Bytes firmware() {
    return digest(77);
  }

  static Bytes digest(int seed) {
    byte[] digest = new byte[48];
    Arrays.fill(digest, (byte) seed);
    return Bytes.of(digest);
  }

  /// version, a key, and the FWID.
  static Bytes composite(Bytes firmware) {
    return der(0x30, Bytes.hex("020101"), Bytes.hex("3000"), fwid(firmware));
  }

  /// Only what is read of a TcbInfo: [6] FWIDs, [7] flags.
  static Bytes tcbInfo(Bytes firmware, String flags) {
    return der(
        0x30,
        der(0x80, Bytes.utf8("NVIDIA")),
        der(0xa6, fwid(firmware), fwid(digest(0))),
        der(0x87, Bytes.hex(flags)));
  }

  private static Bytes fwid(Bytes firmware) {
    return der(0x30, Bytes.hex(SHA384), der(0x04, firmware));
  }

  static Bytes der(int tag, Bytes... parts) {
    Bytes content = Bytes.concat(parts);
    byte[] head =
        content.size() < 128
            ? new byte[] {(byte) tag, (byte) content.size()}
            : new byte[] {(byte) tag, (byte) 0x81, (byte) content.size()};
    return Bytes.concat(Bytes.of(head), content);
  }

  Anchors anchors() {
    return Anchors.insecureForTests(
        Map.of(
            Anchors.Root.NVIDIA_DEVICE, deviceRoot.certificate(),
            Anchors.Root.NVIDIA_MANIFEST, manifestRoot.certificate()));
  }

  /// For real devices, with manifests of this vendor's.
  Anchors manifestAnchors() {
    return Anchors.insecureForTests(
        Map.of(Anchors.Root.NVIDIA_MANIFEST, manifestRoot.certificate()));
  }

  List<X509Certificate> chain() {
    return List.of(
        leaf.certificate(),
        rom.certificate(),
        provisioner.certificate(),
        family.certificate(),
        deviceRoot.certificate());
  }

  Evidence evidence(Bytes nonce) {
    return evidence(new Transcript(nonce), chain());
  }

  Evidence evidence(Transcript transcript, List<X509Certificate> chain) {
    return new Evidence(
        Tee.NVIDIA,
        Map.of(
            Evidence.Part.REPORT, transcript.signedBy(leaf),
            Evidence.Part.CERTIFICATES, TestAuthority.pem(chain)));
  }

  /// A transcript before it is signed: 64 blocks, and what a Hopper adds.
  static final class Transcript {
    final Bytes nonce;
    final SortedMap<Integer, Bytes> blocks = new TreeMap<>();
    final Map<Integer, Bytes> opaque = new TreeMap<>();

    Transcript(Bytes nonce) {
      this.nonce = nonce;
      for (int i = 1; i <= 64; i++) {
        blocks.put(i, digest(i));
      }
      opaque.put(3, Bytes.utf8(HOPPER_DRIVER + "\0"));
      opaque.put(6, Bytes.hex("009f009601000000"));
      opaque.put(11, Bytes.hex("55"));
      opaque.put(15, Bytes.utf8("882\0\0\0\0\0\0"));
      opaque.put(17, Bytes.utf8("1010\0"));
      opaque.put(18, Bytes.utf8("0200\0"));
      opaque.put(19, Bytes.utf8("\0\0"));
      opaque.put(20, firmware());
      opaque.put(21, Bytes.hex("55"));
      opaque.put(34, Bytes.hex("0100"));
      opaque.put(36, Bytes.hex("0000"));
    }

    Transcript with(int type, String hex) {
      opaque.put(type, Bytes.hex(hex));
      return this;
    }

    Transcript without(int type) {
      opaque.remove(type);
      return this;
    }

    Bytes signedBy(TestAuthority key) {
      Bytes content = content();
      return Bytes.concat(content, key.sign(Signatures.Algorithm.ES384, content));
    }

    Bytes content() {
      var out = ByteBuffer.allocate(20_000).order(ByteOrder.LITTLE_ENDIAN);
      out.put(Bytes.hex("11e001ff").toArray()).put(nonce.toArray()).put((byte) 0);
      out.put(Bytes.hex("11600000").toArray()).put((byte) blocks.size());
      int record = blocks.size() * 55;
      out.putShort((short) record).put((byte) (record >> 16));
      blocks.forEach((index, digest) ->
          out.put(index.byteValue())
              .put((byte) 1)
              .putShort((short) 51)
              .put((byte) 1)
              .putShort((short) 48)
              .put(digest.toArray()));
      out.put(new byte[32]);
      int opaqueBytes = opaque.values().stream().mapToInt(value -> 4 + value.size()).sum();
      out.putShort((short) opaqueBytes);
      opaque.forEach((type, value) ->
          out.putShort(type.shortValue()).putShort((short) value.size()).put(value.toArray()));
      return Bytes.of(Arrays.copyOf(out.array(), out.position()));
    }
  }

  /// The driver's of the indices 20 to 40 and the VBIOS's of 1 to 19, as [Transcript] measures
  /// them.
  List<Collateral.Item> manifests() {
    return List.of(
        item(DRIVER_ID, manifest("GH100", HOPPER_DRIVER, golden(20, 40))),
        item(VBIOS_ID, manifest("GH100", HOPPER_VBIOS, golden(1, 19))));
  }

  /// Current, and empty.
  List<Collateral.Item> revocationLists() {
    return List.of(
        list(deviceRoot.revocationList()),
        list(family.revocationList()),
        list(manifestRoot.revocationList()));
  }

  Collateral collateral() throws EvidenceException {
    var items = new ArrayList<Collateral.Item>(manifests());
    items.addAll(revocationLists());
    return Collateral.of(items);
  }

  static Collateral.Item list(Bytes bytes) {
    return new Collateral.Item(Collateral.Kind.REVOCATION_LIST, "a test", bytes);
  }

  static Collateral.Item item(String id, Bytes xml) {
    return new Collateral.Item(
        Collateral.Kind.REFERENCE_MANIFEST, "https://rim.example/v1/rim/" + id, xml);
  }

  static SortedMap<Integer, List<Bytes>> golden(int from, int to) {
    var golden = new TreeMap<Integer, List<Bytes>>();
    for (int i = from; i <= to; i++) {
      golden.put(i, List.of(digest(200), digest(i + 1)));
    }
    return golden;
  }

  Bytes manifest(String product, String version, SortedMap<Integer, List<Bytes>> golden) {
    return signed(xml(product, version, golden), signerPath(), signer);
  }

  List<X509Certificate> signerPath() {
    return List.of(signer.certificate(), manifests.certificate(), manifestRoot.certificate());
  }

  static String xml(String product, String version, SortedMap<Integer, List<Bytes>> golden) {
    var resources = new StringBuilder();
    golden.forEach((index, digests) -> {
      resources
          .append("<n:Resource type=\"Measurement\" index=\"%d\" active=\"True\"".formatted(index))
          .append(" alternatives=\"%d\"".formatted(digests.size()));
      for (int i = 0; i < digests.size(); i++) {
        resources.append(" h:Hash%d=\"%s\"".formatted(i, digests.get(i).hex()));
      }
      resources.append("/>");
    });
    return """
    <SoftwareIdentity xmlns="http://standards.iso.org/iso/19770/-2/2015/schema.xsd" \
    xmlns:n="http://standards.iso.org/iso/19770/-2/2015/schema.xsd" \
    xmlns:h="http://www.w3.org/2001/04/xmlenc#sha384" name="%s" version="1.0">
    <n:Entity name="NVIDIA Corporation"/>
    <n:Meta colloquialVersion="%s" edition="GPU" product="%s"/>
    <n:Payload>
    <n:Resource type="Measurement" index="250" active="False" alternatives="1" h:Hash0="00"/>
    %s</n:Payload></SoftwareIdentity>\
    """
        .formatted(product, version, product, resources);
  }

  /// The real form: enveloped, ECDSA with SHA-384, Canonical XML 1.1.
  static Bytes signed(String xml, List<X509Certificate> certificates, TestAuthority key) {
    try {
      var builders = DocumentBuilderFactory.newDefaultNSInstance();
      var document =
          builders
              .newDocumentBuilder()
              .parse(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));
      var factory = XMLSignatureFactory.getInstance("DOM");
      String canonical = "http://www.w3.org/2006/12/xml-c14n11";
      var reference =
          factory.newReference(
              "",
              factory.newDigestMethod("http://www.w3.org/2001/04/xmldsig-more#sha384", null),
              List.of(
                  factory.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null),
                  factory.newTransform(canonical, (TransformParameterSpec) null)),
              null,
              null);
      CanonicalizationMethod method =
          factory.newCanonicalizationMethod(canonical, (C14NMethodParameterSpec) null);
      var information =
          factory.newSignedInfo(
              method,
              factory.newSignatureMethod(
                  "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", null),
              List.of(reference));
      var keys = factory.getKeyInfoFactory();
      var context = new DOMSignContext(key.keys().getPrivate(), document.getDocumentElement());
      context.setDefaultNamespacePrefix("ds");
      factory
          .newXMLSignature(information, keys.newKeyInfo(List.of(keys.newX509Data(certificates))))
          .sign(context);
      var out = new ByteArrayOutputStream();
      TransformerFactory.newDefaultInstance()
          .newTransformer()
          .transform(new DOMSource(document), new StreamResult(out));
      return Bytes.of(out.toByteArray());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
