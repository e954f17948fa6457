package cloister.protocol;

import cloister.attestation.Binding;
import cloister.attestation.Collateral;
import cloister.attestation.Evidence;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.ledger.InclusionProof;
import java.util.List;
import java.util.Optional;

/// Everything that a receipt's verifier needs, in one file of canonical JSON (docs/receipts.md).
/// Having one proves nothing before [ReceiptVerification].
///
/// @param event the ledger's entry of the run; its member `receipt` is [Receipt#bindings]
/// @param evidence of the enclave's key, in the collaboration; as in [Handshake.Welcome]
/// @param key the enclave's Ed25519 key, as SubjectPublicKeyInfo
/// @param salt hides the event from who sees the leaf alone
/// @param checkpoint a C2SP signed note
/// @param collateral what the evidence was verified with when it was fresh, added by whoever did:
///   it has to be of that time, and proves itself
public record ReceiptFile(
    DsseEnvelope envelope,
    Json.Obj event,
    List<Evidence> evidence,
    Bytes key,
    InclusionProof inclusion,
    Bytes salt,
    String checkpoint,
    Collateral collateral) {
  /// The largest file, in bytes.
  public static final int MAX_BYTES = 2 << 20;

  static final String FORMAT = "cloister/receipt-file/v1";
  static final int SALT_BYTES = 32;
  private static final int MAX_CHECKPOINT = 1024;
  private static final String KEY_LABEL = "cloister/receipt-key/v2";

  public ReceiptFile {
    if (salt.size() != SALT_BYTES) {
      throw new IllegalArgumentException("a salt has 32 bytes, not " + salt.size());
    }
  }

  /// The leaf of an entry: SHA-256(salt ‖ SHA-256(event)).
  public static Bytes leaf(Bytes salt, Json.Obj event) {
    return Bytes.of(Digest.of(salt.toArray(), event.digest().toArray()).toArray());
  }

  /// What ties the key to the enclave and to one ledger.
  ///
  /// @param ledger the origin of the ledger's checkpoints
  /// @param policy that the collaboration demands, if it demands one
  public static Binding keyBinding(String ledger, Bytes key, Optional<Digest> policy) {
    Bytes digest = Bytes.of(policy.map(Digest::toArray).orElse(new byte[0]));
    return Binding.of(KEY_LABEL, Bytes.utf8(ledger), key, digest);
  }

  /// The same with what its evidence is verified with.
  public ReceiptFile with(Collateral verifiedWith) {
    return new ReceiptFile(
        envelope, event, evidence, key, inclusion, salt, checkpoint, verifiedWith);
  }

  public byte[] encode() {
    return Json.object()
        .putIfPresent(
            "collateral",
            Optional.of(collateral).filter(some -> !some.items().isEmpty()),
            CollateralFile::write)
        .put("checkpoint", checkpoint)
        .put("envelope", envelope.toJson())
        .put("event", event)
        .put("evidence", EvidenceFormat.write(evidence))
        .put("format", FORMAT)
        .put(
            "inclusion",
            Json.object()
                .put("index", inclusion.index())
                .put("path", inclusion.path())
                .put("salt", salt)
                .put("size", inclusion.size())
                .build())
        .put("key", key)
        .canonical();
  }

  /// @throws CloisterException for anything that [#encode] does not write
  public static ReceiptFile decode(byte[] file) {
    if (!(Json.parseCanonical(file, MAX_BYTES) instanceof Json.Obj object)) {
      throw new CloisterException(ErrorCode.MESSAGE_MALFORMED, "the file is no object");
    }
    Json.Fields in = object.fields("file");
    if (!in.string("format", 64).equals(FORMAT)) {
      throw in.bad("format", "is not " + FORMAT);
    }
    Json.Fields inclusion = in.object("inclusion");
    var decoded =
        new ReceiptFile(
            DsseEnvelope.read(in.object("envelope")),
            in.object("event").json(),
            EvidenceFormat.read(in, "evidence"),
            in.bytes("key", 64),
            inclusion(inclusion),
            inclusion.bytesOfSize("salt", SALT_BYTES),
            in.string("checkpoint", MAX_CHECKPOINT),
            in.has("collateral")
                ? CollateralFile.read(in.object("collateral"))
                : Collateral.none());
    inclusion.noOther();
    in.noOther();
    return decoded;
  }

  private static InclusionProof inclusion(Json.Fields in) {
    long size = in.integer("size", 1, 1L << 53);
    long index = in.integer("index", 0, size - 1);
    List<Digest> path;
    try {
      path = in.strings("path", InclusionProof.MAX_HASHES, 71).stream().map(Digest::parse).toList();
    } catch (IllegalArgumentException _) {
      throw in.bad("path", "has an element that is no digest");
    }
    return new InclusionProof(index, size, path);
  }
}
