package cloister.attestation;

import cloister.attestation.Collateral.Item;
import cloister.attestation.TestAuthority.Contents;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/// An AMD platform of a test's own: roots, authorities and keys of one product, which sign reports
/// that no real chip would.
final class SnpTestPlatform {
  static final Instant NOW = TestAuthority.NOW;
  static final String ARC = "1.3.6.1.4.1.3704.1.";
  static final String PROVIDER = "CN=cc-us-east-2.amazonaws.com";

  /// Every component differs from every other, so that a swap of two shows.
  static final Map<SnpProduct.Layout, Bytes> TCB =
      Map.of(
          SnpProduct.Layout.MILAN, Bytes.hex("04010000000017d5"),
          SnpProduct.Layout.TURIN, Bytes.hex("0103020500000048"));

  final SnpProduct product;
  final TestAuthority root;
  final TestAuthority chipAuthority;
  final TestAuthority loadedAuthority;
  final TestAuthority chipKey;
  final TestAuthority loadedKey;
  private final Collateral collateral;

  private SnpTestPlatform(SnpProduct product) {
    this.product = product;
    String name = product.vendorName();
    this.root = TestAuthority.root(Kind.RSA_PSS, "ARK-" + name);
    this.chipAuthority = root.authority(Kind.RSA_PSS, Contents.of("SEV-" + name).numbered(7));
    this.loadedAuthority =
        root.authority(Kind.RSA_PSS, Contents.of("SEV-VLEK-" + name).numbered(8));
    this.chipKey = chipAuthority.leaf(Kind.P384, chipKey());
    this.loadedKey = loadedAuthority.leaf(Kind.P384, loadedKey());
    this.collateral = revocationLists(root.revocationList());
  }

  static SnpTestPlatform of(SnpProduct product) {
    return new SnpTestPlatform(product);
  }

  /// What a VCEK's certificate says; tests replace extensions one by one.
  Contents chipKey() {
    return withTcb(Contents.of("SEV-VCEK").numbered(0))
        .with(ARC + "2", ia5(product.vendorName() + "-B0"))
        .with(ARC + "4", chipId().slice(0, product.chipIdBytes()));
  }

  Contents loadedKey() {
    return withTcb(Contents.of("SEV-VLEK").numbered(0))
        .with(ARC + "2", ia5(product.vendorName()))
        .with(ARC + "5", ia5(PROVIDER));
  }

  private Contents withTcb(Contents contents) {
    byte[] tcb = tcb().toArray();
    return switch (product.layout()) {
      case MILAN ->
          contents
              .with(ARC + "1", integer(0))
              .with(ARC + "3.1", integer(tcb[0]))
              .with(ARC + "3.2", integer(tcb[1]))
              .with(ARC + "3.3", integer(tcb[6]))
              .with(ARC + "3.8", integer(tcb[7]));
      case TURIN ->
          contents
              .with(ARC + "1", integer(1))
              .with(ARC + "3.9", integer(tcb[0]))
              .with(ARC + "3.1", integer(tcb[1]))
              .with(ARC + "3.2", integer(tcb[2]))
              .with(ARC + "3.3", integer(tcb[3]))
              .with(ARC + "3.8", integer(tcb[7]));
    };
  }

  static Bytes integer(int value) {
    int unsigned = value & 0xff;
    return unsigned < 0x80
        ? Bytes.of(new byte[] {2, 1, (byte) unsigned})
        : Bytes.of(new byte[] {2, 2, 0, (byte) unsigned});
  }

  static Bytes ia5(String text) {
    return Bytes.concat(Bytes.of(new byte[] {0x16, (byte) text.length()}), Bytes.utf8(text));
  }

  Bytes tcb() {
    return TCB.getOrDefault(product.layout(), Bytes.of(new byte[8]));
  }

  Bytes chipId() {
    byte[] id = new byte[64];
    for (int i = 0; i < product.chipIdBytes(); i++) {
      id[i] = (byte) (0xa0 + i);
    }
    return Bytes.of(id);
  }

  Anchors anchors() {
    return Anchors.insecureForTests(Map.of(product.root(), root.certificate()));
  }

  /// A good report of version 3 by the chip's key.
  Bytes report() {
    return report(chipKey);
  }

  Bytes report(TestAuthority signer) {
    return report(signer, _ -> {});
  }

  /// Good but for what the test makes of it.
  Bytes report(Consumer<ByteBuffer> edits) {
    return report(chipKey, edits);
  }

  Bytes loadedReport() {
    return loadedReport(_ -> {});
  }

  Bytes loadedReport(Consumer<ByteBuffer> edits) {
    return report(
        loadedKey,
        report -> {
          report.putInt(0x48, 1 << 2).put(0x1a0, new byte[64]);
          edits.accept(report);
        });
  }

  Bytes report(TestAuthority signer, Consumer<ByteBuffer> edits) {
    ByteBuffer report = ByteBuffer.allocate(SnpReport.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    byte[] tcb = tcb().toArray();
    int model = product == SnpProduct.GENOA ? 0x11 : product == SnpProduct.TURIN ? 0x02 : 0x01;
    report.putInt(0, 3).putInt(4, 2).putLong(8, 0x30137).putInt(0x34, 1);
    report.put(0x38, tcb).putLong(0x40, 0x25).put(0x50, bytes(64, 0x11)).put(0x90, bytes(48, 0x22));
    report.put(0xc0, bytes(32, 0x33)).put(0x140, bytes(32, 0x44)).put(0x160, bytes(32, 0xff));
    report.put(0x180, tcb).put(0x188, (byte) (product == SnpProduct.TURIN ? 0x1a : 0x19));
    report.put(0x189, (byte) model).put(0x18a, (byte) 1).put(0x1a0, chipId().toArray());
    report.put(0x1e0, tcb).putInt(0x1e8, 0x01371d).putInt(0x1ec, 0x01371d).put(0x1f0, tcb);
    edits.accept(report);
    byte[] bytes = report.array();
    Bytes signature =
        signer.sign(Signatures.Algorithm.ES384, Bytes.of(Arrays.copyOf(bytes, 0x2a0)));
    for (int i = 0; i < 48; i++) {
      bytes[0x2a0 + i] = signature.toArray()[47 - i];
      bytes[0x2e8 + i] = signature.toArray()[95 - i];
    }
    return Bytes.of(bytes);
  }

  static byte[] bytes(int size, int value) {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  Evidence evidence(Bytes report) {
    return evidence(report, chipKey, chipAuthority);
  }

  Evidence loadedEvidence(Bytes report) {
    return evidence(report, loadedKey, loadedAuthority);
  }

  static Evidence evidence(Bytes report, TestAuthority... certificates) {
    return evidence(
        report,
        TestAuthority.pem(Arrays.stream(certificates).map(TestAuthority::certificate).toList()));
  }

  static Evidence evidence(Bytes report, Bytes certificates) {
    return new Evidence(
        Tee.SEV_SNP,
        Map.of(Evidence.Part.REPORT, report, Evidence.Part.CERTIFICATES, certificates));
  }

  Collateral collateral() {
    return collateral;
  }

  static Collateral revocationLists(Bytes... lists) {
    var items = new ArrayList<Item>();
    for (Bytes list : lists) {
      items.add(new Item(Collateral.Kind.REVOCATION_LIST, "a test", list));
    }
    return collateral(items);
  }

  static Collateral collateral(List<Item> items) {
    try {
      return Collateral.of(items);
    } catch (EvidenceException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /// The names of the checks that fail; `parse` where it was not even read; empty if it holds.
  static Set<String> failures(
      Evidence evidence, Collateral collateral, Anchors anchors, Instant at) {
    Report report;
    try {
      report = Report.parse(evidence);
    } catch (EvidenceException e) {
      return e.checks().isEmpty() ? Set.of("parse") : names(e.checks());
    }
    try {
      VerifiedReport verified = report.verify(collateral, anchors, at);
      return names(verified.checks());
    } catch (EvidenceException e) {
      return names(e.checks());
    }
  }

  Set<String> failures(Evidence evidence) {
    return failures(evidence, collateral(), anchors(), NOW);
  }

  static Set<String> names(List<Check> checks) {
    var names = new TreeSet<String>();
    checks.stream().filter(Check::failed).map(Check::name).forEach(names::add);
    return names;
  }
}
