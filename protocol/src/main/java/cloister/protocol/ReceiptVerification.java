package cloister.protocol;

import cloister.attestation.Anchors;
import cloister.attestation.Appraisal;
import cloister.attestation.Collateral;
import cloister.attestation.Evidence;
import cloister.attestation.EvidenceException;
import cloister.attestation.Report;
import cloister.attestation.Trust;
import cloister.attestation.VerifiedReport;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.VerifyingKey;
import cloister.ledger.Checkpoint;
import cloister.ledger.CheckpointKey;
import cloister.ledger.ProofException;
import cloister.ledger.SignedCheckpoint;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Verifies a receipt offline: nothing is fetched, and nothing of the file is believed before it is
/// proved. The chain is evidence → enclave's key → signature → fields, and the same key →
/// checkpoint → inclusion → event → digests of the same fields.
public final class ReceiptVerification {
  /// How far the issuer's clock may be ahead of the verifier's.
  private static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

  private final Trust trust;
  private final Collateral collateral;
  private final Optional<Digest> collaboration;
  private final Optional<CheckpointKey> ledger;

  private ReceiptVerification(
      Trust trust,
      Collateral collateral,
      Optional<Digest> collaboration,
      Optional<CheckpointKey> ledger) {
    this.trust = trust;
    this.collateral = collateral;
    this.collaboration = collaboration;
    this.ledger = ledger;
  }

  /// Accepts receipts of any collaboration on an enclave that is trusted.
  public static ReceiptVerification ofAnyCollaboration(Trust trust, Collateral collateral) {
    return new ReceiptVerification(trust, collateral, Optional.empty(), Optional.empty());
  }

  /// Accepts receipts of one version of a collaboration.
  public static ReceiptVerification of(Digest collaboration, Trust trust, Collateral collateral) {
    return new ReceiptVerification(trust, collateral, Optional.of(collaboration), Optional.empty());
  }

  /// Accepts receipts of one ledger only, which the verifier has seen before: whoever gets hold of
  /// a key of hardware that is trusted can make evidence of any time for a ledger of its own.
  public ReceiptVerification ofLedger(CheckpointKey seen) {
    return new ReceiptVerification(trust, collateral, collaboration, Optional.of(seen));
  }

  /// A receipt that holds.
  ///
  /// @param protection what stands behind all of its evidence
  public record Verified(
      Receipt receipt, Appraisal.Protection protection, Checkpoint checkpoint, long index) {}

  /// @throws ReceiptException naming the first part, or all fields, that do not hold
  public Verified verify(byte[] bytes, Instant now) throws ReceiptException {
    ReceiptFile file = decode(bytes);
    // First what can be named best: which field is not the one that the ledger's entry commits to.
    Map<String, String> bindings = bindings(file);
    var altered = Tampering.fields(file.envelope().payload().toArray(), bindings);
    if (!altered.isEmpty()) {
      throw new ReceiptException(
          String.join(", ", altered), "is not what the ledger's entry commits to");
    }
    VerifyingKey key = signedBy(file);
    Receipt receipt = statement(file);
    requireSameFields(receipt, file);
    if (receipt.issued().isAfter(now.plus(CLOCK_SKEW))) {
      throw new ReceiptException("issued", "is in the future");
    }
    Appraisal.Protection protection = requireEvidence(receipt, file);
    CheckpointKey signer = Checkpoints.key(receipt.ledger(), key);
    if (ledger.isPresent() && !ledger.get().equals(signer)) {
      throw new ReceiptException("ledger", "is another one than was seen of the collaboration");
    }
    Checkpoint checkpoint = requireInclusion(file, signer);
    if (collaboration.isPresent()
        && !collaboration.get().equals(receipt.collaboration().digest())) {
      throw new ReceiptException("collaboration", "is another one than expected");
    }
    return new Verified(receipt, protection, checkpoint, file.inclusion().index());
  }

  private static ReceiptFile decode(byte[] bytes) throws ReceiptException {
    if (bytes.length > ReceiptFile.MAX_BYTES) {
      throw new ReceiptException("file", "is larger than any receipt");
    }
    try {
      return ReceiptFile.decode(bytes);
    } catch (CloisterException e) {
      throw new ReceiptException(Tampering.part(bytes), "cannot be read: " + e.getMessage(), e);
    }
  }

  private static Map<String, String> bindings(ReceiptFile file) throws ReceiptException {
    if (!(file.event().members().get("receipt") instanceof Json.Obj object)) {
      throw new ReceiptException("event", "does not commit to a receipt");
    }
    var bindings = new LinkedHashMap<String, String>();
    object
        .members()
        .forEach((field, digest) ->
            bindings.put(field, digest instanceof Json.Str(String text) ? text : ""));
    return bindings;
  }

  private static VerifyingKey signedBy(ReceiptFile file) throws ReceiptException {
    VerifyingKey key;
    try {
      key = VerifyingKey.of(file.key());
    } catch (CryptoException e) {
      throw new ReceiptException("key", "is no Ed25519 key", e);
    }
    try {
      file.envelope().verify(key);
      return key;
    } catch (CryptoException e) {
      throw new ReceiptException("signature", "does not verify under the enclave's key", e);
    }
  }

  private static Receipt statement(ReceiptFile file) throws ReceiptException {
    try {
      return Receipt.read(file.envelope().payload());
    } catch (CloisterException e) {
      throw new ReceiptException("statement", "is not one: " + e.getMessage(), e);
    }
  }

  private static void requireSameFields(Receipt receipt, ReceiptFile file) throws ReceiptException {
    Map<String, Json> signed = receipt.bindings().members();
    Map<String, Json> committed =
        ((Json.Obj) file.event().members().getOrDefault("receipt", Json.object().build()))
            .members();
    if (!signed.equals(committed)) {
      String fields =
          Stream.concat(signed.keySet().stream(), committed.keySet().stream())
              .distinct()
              .filter(field -> !Objects.equals(signed.get(field), committed.get(field)))
              .sorted()
              .collect(Collectors.joining(", "));
      throw new ReceiptException(fields, "is not what the ledger's entry commits to");
    }
  }

  private Appraisal.Protection requireEvidence(Receipt receipt, ReceiptFile file)
      throws ReceiptException {
    Appraisal appraisal;
    try {
      // A key set proves nothing by itself: whoever made the receipt could have made that up too.
      Collateral all = collateral.and(file.collateral().provingItself());
      List<VerifiedReport> reports = new ArrayList<>();
      for (Evidence one : file.evidence()) {
        reports.add(Report.parse(one).verify(all, Anchors.pinned(), receipt.issued()));
      }
      var binding =
          ReceiptFile.keyBinding(receipt.ledger(), file.key(), trust.requirements().policy());
      appraisal = trust.appraise(reports, binding, receipt.issued());
    } catch (EvidenceException e) {
      throw new ReceiptException("evidence", "is refused: " + e.getMessage(), e);
    }
    return switch (appraisal) {
      case Appraisal.Refused refused ->
          throw new ReceiptException(
              "evidence", "is refused: " + String.join("; ", refused.reasons()));
      case Appraisal.Accepted(var tee, var measurement, var protection, _) -> {
        if (!new Receipt.Enclave(tee, measurement).equals(receipt.enclave())) {
          throw new ReceiptException("enclave", "is not the one that the evidence proves");
        }
        yield protection;
      }
    };
  }

  private static Checkpoint requireInclusion(ReceiptFile file, CheckpointKey signer)
      throws ReceiptException {
    Checkpoint checkpoint;
    try {
      checkpoint = SignedCheckpoint.parse(file.checkpoint()).verify(signer);
    } catch (ProofException e) {
      throw new ReceiptException("checkpoint", "does not hold: " + e.getMessage(), e);
    }
    try {
      file.inclusion().verify(ReceiptFile.leaf(file.salt(), file.event()), checkpoint.head());
      return checkpoint;
    } catch (ProofException e) {
      throw new ReceiptException("inclusion", "does not hold: " + e.getMessage(), e);
    }
  }
}
