package cloister.attestation;

import cloister.attestation.Signatures.Algorithm;
import cloister.attestation.TestAuthority.Contents;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Stream;

/// A Nitro hypervisor of a test's own, with the five certificates that AWS has: it signs documents
/// as AWS does, or with whatever flaw a test writes into them.
final class TestHypervisor {
  static final Instant NOW = TestAuthority.NOW;
  private static final Bytes HEADER = Bytes.hex("a1013822");
  private static final Bytes EMPTY_MAP = Bytes.hex("a0");
  static final Bytes NULL = Bytes.hex("f6");

  /// cRLDistributionPoints naming http://a.example/l: who has it publishes a list.
  private static final Bytes LIST =
      Bytes.hex("301a3018a016a0148612687474703a2f2f612e6578616d706c652f6c");

  final TestAuthority root = TestAuthority.root(Kind.P384, "aws.nitro-enclaves");
  final TestAuthority regional = root.authority(Kind.P384, listed("regional", 2));
  final TestAuthority zonal = regional.authority(Kind.P384, listed("zonal", 3));
  final TestAuthority instance = zonal.authority(Kind.P384, Contents.of("instance").numbered(4));
  final TestAuthority leaf =
      instance.leaf(
          Kind.P384,
          Contents.of("i-0-enc0")
              .numbered(5)
              .between(NOW.minusSeconds(3), NOW.plus(Duration.ofHours(3))));

  private static Contents listed(String name, long number) {
    return Contents.of(name).numbered(number).with("2.5.29.31", LIST);
  }

  Anchors anchors() {
    return Anchors.insecureForTests(Map.of(Anchors.Root.AWS_NITRO, root.certificate()));
  }

  /// The fields of a document, encoded, in AWS's order.
  SequencedMap<String, Bytes> fields(Bytes userData) {
    var fields = new LinkedHashMap<String, Bytes>();
    fields.put("module_id", CborWriting.text("i-0-enc0"));
    fields.put("digest", CborWriting.text("SHA384"));
    fields.put("timestamp", CborWriting.number(NOW.toEpochMilli()));
    fields.put("pcrs", registers(0x10, 16));
    fields.put("certificate", CborWriting.bytes(leaf.der()));
    fields.put(
        "cabundle",
        CborWriting.array(
            Stream.of(root, regional, zonal, instance)
                .map(one -> CborWriting.bytes(one.der()))
                .toArray(Bytes[]::new)));
    fields.put("public_key", NULL);
    fields.put("user_data", CborWriting.bytes(userData));
    fields.put("nonce", NULL);
    return fields;
  }

  /// The value of register n: 48 bytes of `first` + n.
  static Measurement register(int first, int index) {
    byte[] value = new byte[48];
    java.util.Arrays.fill(value, (byte) (first + index));
    return new Measurement("sha384", Bytes.of(value));
  }

  static Bytes registers(int first, int count) {
    var entries = new Bytes[2 * count];
    for (int i = 0; i < count; i++) {
      entries[2 * i] = CborWriting.number(i);
      entries[2 * i + 1] = CborWriting.bytes(register(first, i).digest());
    }
    return CborWriting.map(entries);
  }

  Evidence evidence(Map<String, Bytes> fields) {
    return evidence(payload(fields));
  }

  Evidence evidence(Bytes payload) {
    return evidence(leaf, Algorithm.ES384, HEADER, EMPTY_MAP, payload);
  }

  static Evidence evidence(
      TestAuthority by, Algorithm algorithm, Bytes header, Bytes unprotected, Bytes payload) {
    return new Evidence(Tee.NITRO, CoseTest.signed(by, algorithm, header, unprotected, payload));
  }

  /// A map of indefinite length, as AWS writes it.
  static Bytes payload(Map<String, Bytes> fields) {
    List<Bytes> parts =
        fields.entrySet().stream()
            .map(field -> Bytes.concat(CborWriting.text(field.getKey()), field.getValue()))
            .toList();
    return Bytes.concat(
        Bytes.hex("bf"), Bytes.concat(parts.toArray(Bytes[]::new)), Bytes.hex("ff"));
  }
}
