package cloister.client;

import cloister.attestation.Appraisal;
import cloister.attestation.Collateral;
import cloister.attestation.Evidence;
import cloister.attestation.EvidenceException;
import cloister.attestation.Policy;
import cloister.attestation.Report;
import cloister.attestation.SimulatedEvidence;
import cloister.attestation.Trust;
import cloister.crypto.Bytes;
import cloister.ledger.CheckpointKey;
import cloister.protocol.CloisterException;
import cloister.protocol.Document.CollaborationDocument;
import cloister.protocol.ErrorCode;
import cloister.protocol.Receipt;
import cloister.protocol.ReceiptException;
import cloister.protocol.ReceiptFile;
import cloister.protocol.ReceiptVerification;
import cloister.room.Collaboration;
import cloister.room.Name;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Verifies receipts offline. What the evidence must meet comes from a collaboration that the
/// verifier has itself, never from the receipt.
public final class Receipts {
  private Receipts() {}

  /// A receipt that holds.
  public record Checked(
      Receipt receipt, Appraisal.Protection protection, long index, long ledgerSize) {
    /// Whether nothing stood behind the enclave, or behind a part of its evidence.
    public boolean simulated() {
      return protection == Appraisal.Protection.NONE_SIMULATED;
    }

    /// What was checked, for people.
    public List<String> holds() {
      return List.of(
          "signed by the enclave's key for this collaboration",
          "the key belongs to measured code that the collaboration accepts",
          "every field is the one that the ledger's entry commits to",
          "entry " + index + " is in the ledger of " + ledgerSize + " events that the key signed");
    }

    /// What the receipt states.
    public SequencedMap<String, String> facts() {
      var facts = new LinkedHashMap<String, String>();
      facts.put("run", receipt.run());
      facts.put("collaboration", receipt.collaboration().name().value());
      facts.put("requester", receipt.requester().name().value());
      facts.put("analysis", receipt.analysis().address().toString());
      facts.put("purpose", receipt.purpose().term());
      facts.put("recipients", joined(receipt.recipients().keySet()));
      facts.put("datasets", joined(receipt.datasets().keySet()));
      receipt.noise().ifPresent(noise -> facts.put("noise", noise.mechanism()));
      receipt
          .datasets()
          .forEach((dataset, input) ->
              input
                  .budget()
                  .ifPresent(budget ->
                      facts.put(
                          "ε " + dataset,
                          budget.before().epsilon().toPlainString()
                              + " → "
                              + budget.after().epsilon().toPlainString())));
      facts.put("issued", receipt.issued().toString());
      facts.put("enclave", receipt.enclave().tee() + ", " + receipt.enclave().measurement());
      return facts;
    }

    private static String joined(Collection<?> values) {
      return values.stream().map(Object::toString).collect(Collectors.joining(", "));
    }
  }

  /// Verifies against a collaboration in hand.
  public static Checked verify(
      Bytes file,
      CollaborationDocument collaboration,
      List<Policy> policies,
      Collateral collateral,
      SimulatedEvidence simulated) {
    return verify(
        file,
        List.of(collaboration),
        version -> new Trust(version.enclave(), policies, simulated),
        collateral,
        Optional.empty());
  }

  /// Verifies against what a home has signed.
  ///
  /// @param collaboration may be left out when the home knows one only
  public static Checked verify(
      Bytes file, Home home, Optional<Name> collaboration, SimulatedEvidence simulated) {
    return verify(file, home, home.membership(collaboration), simulated);
  }

  /// Of the ledger that this home has seen, if it has seen one: whoever gets hold of a key of
  /// hardware that the collaboration accepts can make evidence of any time for a ledger of its own.
  static Checked verify(Bytes file, Home home, Membership membership, SimulatedEvidence simulated) {
    return verify(
        file,
        membership.signed().reversed().stream().map(Session::collaboration).toList(),
        version -> home.policies().trust(version, simulated),
        home.collateral().read(),
        membership.enclaveKey().map(key -> Session.checkpointKey(membership.id(), key)));
  }

  /// The receipt with what this home verifies its evidence with, which is of its time now and will
  /// not be later; without, where the file would become larger than a receipt may be.
  static Bytes withCollateral(Bytes file, Home home) {
    ReceiptFile receipt = ReceiptFile.decode(file.toArray());
    try {
      List<Collateral.Source> sources = new ArrayList<>();
      for (Evidence one : receipt.evidence()) {
        sources.addAll(Report.parse(one).sources());
      }
      Collateral used = home.collateral().read().from(sources);
      byte[] complete = receipt.with(used).encode();
      return used.items().isEmpty() || complete.length > ReceiptFile.MAX_BYTES
          ? file
          : Bytes.of(complete);
    } catch (EvidenceException e) {
      throw new IllegalStateException("the evidence was verified", e);
    }
  }

  /// A receipt is of the version that was in force when it was issued. The newest is tried first,
  /// and its reasons are told when none fits.
  private static Checked verify(
      Bytes file,
      List<CollaborationDocument> versions,
      Function<Collaboration, Trust> trust,
      Collateral collateral,
      Optional<CheckpointKey> seen) {
    var refusals = new ArrayList<ReceiptException>();
    for (CollaborationDocument version : versions) {
      var verification =
          ReceiptVerification.of(
              version.digest(), trust.apply(version.collaboration()), collateral);
      verification = seen.map(verification::ofLedger).orElse(verification);
      try {
        var verified = verification.verify(file.toArray(), Instant.now());
        return new Checked(
            verified.receipt(),
            verified.protection(),
            verified.index(),
            verified.checkpoint().head().size());
      } catch (ReceiptException e) {
        refusals.add(e);
      }
    }
    ReceiptException first = refusals.getFirst();
    throw new CloisterException(
        ErrorCode.RECEIPT_INVALID, String.valueOf(first.getMessage()), first);
  }
}
