package cloister.enclave;

import cloister.attestation.Collateral;
import cloister.attestation.Evidence;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.privacy.Charge;
import cloister.privacy.Release;
import cloister.protocol.Checkpoints;
import cloister.protocol.CloisterException;
import cloister.protocol.DsseEnvelope;
import cloister.protocol.ErrorCode;
import cloister.protocol.Receipt;
import cloister.protocol.ReceiptFile;
import cloister.room.Address;
import cloister.room.Name;
import cloister.room.Obligations;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Makes the receipts of one room's runs, and the files in which they travel.
final class Receipts {
  /// Some evidence ends within minutes, and hardware takes up to seconds to make it.
  private static final Duration FRESH = Duration.ofMinutes(1);

  /// A statement has room for twice as many bytes.
  private static final int MOST_TRACE_CHARACTERS = 128 << 10;

  private final HostedRoom room;
  private final Attester attester;
  private final Object making = new Object();
  private @Nullable KeyEvidence keyEvidence;

  /// Evidence that the room's key belongs to this code, and when it was asked for.
  record KeyEvidence(Optional<Digest> policy, Instant made, List<Evidence> evidence) {
    boolean isUnder(Optional<Digest> other) {
      return policy.equals(other);
    }
  }

  Receipts(HostedRoom room, Attester attester) {
    this.room = room;
    this.attester = attester;
  }

  /// Before anything is charged: a run that no receipt can state must not happen.
  static void requireRoom(Decisions.Approved approved) {
    var lines = approved.verdict().trace().stream().map(Explanations::line).toList();
    boolean fits =
        lines.stream().allMatch(line -> line.length() <= Receipt.MAX_LINE)
            && lines.stream().mapToLong(String::length).sum() <= MOST_TRACE_CHARACTERS
            && noise(approved)
                .filter(noise -> noise.mechanism().length() > Receipt.MAX_LINE)
                .isEmpty();
    if (!fits) {
      throw new CloisterException(
          ErrorCode.TOO_LARGE,
          "the rules and analyses that this goes by are more than a receipt can name: ask for less at"
              + " once, or have the owners merge rules");
    }
  }

  private static Optional<Receipt.Noise> noise(Decisions.Approved approved) {
    return approved
        .verdict()
        .noise()
        .map(noise ->
            new Receipt.Noise(
                noise.epsilon(), noise.delta(), Release.mechanism(approved.compiled().release())));
  }

  /// States what happened. The caller holds the room's lock, and the run is reserved.
  Receipt state(
      String run,
      Decisions.Approved approved,
      Event.Reserved reserved,
      Bytes answer,
      Map<Name, Bytes> sealed) {
    var active = room.active();
    var recipients = new TreeMap<Name, Digest>();
    sealed.forEach((recipient, bytes) -> recipients.put(recipient, Digest.of(bytes)));
    return new Receipt(
        run,
        new Receipt.Named(active.name(), active.document()),
        new Receipt.Named(
            reserved.requester(),
            room.certificate(reserved.requester()).verifyingKey().thumbprint()),
        Digest.of(reserved.request()),
        reserved.purpose(),
        new Receipt.Analysis(reserved.analysis(), reserved.document()),
        approved.plan().digest(),
        inputs(run, approved, reserved),
        new TreeMap<>(),
        approved.verdict().trace().stream().map(Explanations::line).toList(),
        noise(approved),
        recipients,
        Digest.of(answer),
        new Receipt.Enclave(attester.tee(), attester.measurement()),
        room.now(),
        Checkpoints.key(room.id(), room.keys.verifyingKey()).origin());
  }

  private SortedMap<Address, Receipt.Input> inputs(
      String run, Decisions.Approved approved, Event.Reserved reserved) {
    var inputs = new TreeMap<Address, Receipt.Input>();
    approved
        .versions()
        .forEach((dataset, version) ->
            inputs.put(
                dataset,
                new Receipt.Input(
                    room.state.document(dataset).digest(),
                    version.published().version(),
                    budget(run, dataset, approved, reserved))));
    return inputs;
  }

  /// What had been spent when this run's charge was booked, and with it.
  private Optional<Receipt.Budget> budget(
      String run, Address dataset, Decisions.Approved approved, Event.Reserved reserved) {
    return Optional.ofNullable(approved.verdict().obligations().get(dataset))
        .flatMap(Obligations::budget)
        .map(_ -> {
          Charge before = room.state.run(run).before().getOrDefault(dataset, Charge.NONE);
          Charge own = reserved.charges().getOrDefault(dataset, Charge.NONE);
          return new Receipt.Budget(spent(before), spent(before.plus(own)));
        });
  }

  private static Receipt.Spent spent(Charge sum) {
    return new Receipt.Spent(sum.epsilon(), sum.delta());
  }

  DsseEnvelope sign(Receipt receipt) {
    return DsseEnvelope.sign(receipt.statement(), room.keys.signing());
  }

  /// The receipt with everything its verifier needs, under the newest checkpoint.
  Bytes file(long index) {
    var entry = room.ledger.read(index);
    if (!(entry.event() instanceof Event.Released released)) {
      throw new IllegalStateException("the state names another entry");
    }
    var head = room.ledger.log().head();
    return Bytes.of(
        new ReceiptFile(
                released.envelope(),
                entry.content(),
                released.evidence(),
                room.keys.verifyingKey().spki(),
                room.ledger.log().inclusion(index, head.size()),
                entry.salt(),
                room.keys.sign(room.id(), head).format(),
                Collateral.none())
            .encode());
  }

  /// Of the room's key, under the policy in force. The caller does not hold the room's lock:
  /// hardware may take seconds, and the room goes on meanwhile.
  KeyEvidence evidence() {
    Optional<Digest> policy = room.locked(() -> room.active().enclave().policy());
    synchronized (making) {
      KeyEvidence known = keyEvidence;
      if (known == null
          || !known.isUnder(policy)
          || known.made.plus(FRESH).isBefore(room.locked(room::now))) {
        var key = room.keys.verifyingKey();
        String ledger = Checkpoints.key(room.id(), key).origin();
        Instant now = room.locked(room::now);
        var binding = ReceiptFile.keyBinding(ledger, key.spki(), policy);
        known = new KeyEvidence(policy, now, List.of(attester.evidence(binding)));
        keyEvidence = known;
      }
      return known;
    }
  }
}
