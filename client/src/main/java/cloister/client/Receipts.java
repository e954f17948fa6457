package cloister.client;

import cloister.attestation.Appraisal;
import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.EvidenceException;
import cloister.attestation.Report;
import cloister.attestation.Requirements;
import cloister.attestation.SimulatedEvidence;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.protocol.CloisterException;
import cloister.protocol.Document.CollaborationDocument;
import cloister.protocol.ErrorCode;
import cloister.protocol.Receipt;
import cloister.protocol.ReceiptException;
import cloister.protocol.ReceiptVerification;
import cloister.room.Name;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/// Verifies receipts offline. What the evidence must meet comes from a collaboration that the
/// verifier has itself, never from the receipt.
public final class Receipts {
  private Receipts() {}

  /// A receipt that holds.
  public record Checked(Receipt receipt, long index, long ledgerSize) {
    /// Whether nothing stood behind the enclave.
    public boolean simulated() {
      return receipt.enclave().simulated();
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
          .forEach(
              (dataset, input) ->
                  input
                      .budget()
                      .ifPresent(
                          budget ->
                              facts.put(
                                  "ε " + dataset,
                                  budget.before().epsilon().toPlainString()
                                      + " → "
                                      + budget.after().epsilon().toPlainString())));
      facts.put("issued", receipt.issued().toString());
      facts.put(
          "enclave", receipt.enclave().tee() + ", " + receipt.enclave().measurement());
      return facts;
    }

    private static String joined(java.util.Collection<?> values) {
      return values.stream().map(Object::toString).collect(Collectors.joining(", "));
    }
  }

  /// Verifies against a collaboration in hand.
  public static Checked verify(
      Bytes file, CollaborationDocument collaboration, SimulatedEvidence simulated) {
    return verify(
        file,
        Map.of(collaboration.digest(), collaboration.collaboration().enclave()),
        simulated);
  }

  /// Verifies against what a home has signed.
  ///
  /// @param collaboration may be left out when the home knows one only
  public static Checked verify(
      Bytes file, Home home, Optional<Name> collaboration, SimulatedEvidence simulated) {
    return verify(file, home.membership(collaboration), simulated);
  }

  static Checked verify(Bytes file, Membership membership, SimulatedEvidence simulated) {
    var versions = new HashMap<Digest, Requirements>();
    for (Bytes version : membership.signed()) {
      versions.put(
          Digest.of(version), Session.collaboration(version).collaboration().enclave());
    }
    return verify(file, versions, simulated);
  }

  private static Checked verify(
      Bytes file, Map<Digest, Requirements> versions, SimulatedEvidence simulated) {
    // The receipt names the version it was made under; what that demands is looked up on our side.
    var verification =
        ReceiptVerification.ofAnyCollaboration(
            (evidence, binding) -> appraise(evidence, binding, versions, simulated));
    try {
      var verified = verification.verify(file.toArray(), Instant.now());
      if (!versions.containsKey(verified.receipt().collaboration().digest())) {
        throw new CloisterException(
            ErrorCode.RECEIPT_INVALID,
            "the receipt does not hold: collaboration is none that you have signed or named");
      }
      return new Checked(
          verified.receipt(), verified.index(), verified.checkpoint().head().size());
    } catch (ReceiptException e) {
      throw new CloisterException(ErrorCode.RECEIPT_INVALID, e.getMessage(), e);
    }
  }

  private static Receipt.Enclave appraise(
      Evidence evidence,
      Binding binding,
      Map<Digest, Requirements> versions,
      SimulatedEvidence simulated)
      throws EvidenceException {
    var report = Report.parse(evidence).verify(Instant.now());
    List<String> reasons = List.of("no collaboration demands anything");
    for (Requirements requirements : versions.values()) {
      switch (Appraisal.appraise(report, requirements, binding, simulated)) {
        case Appraisal.Accepted accepted -> {
          return new Receipt.Enclave(accepted.tee(), accepted.measurement());
        }
        case Appraisal.Refused refused -> reasons = refused.reasons();
      }
    }
    throw new EvidenceException(String.join("; ", reasons));
  }
}
