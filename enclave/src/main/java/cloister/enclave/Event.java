package cloister.enclave;

import cloister.attestation.Evidence;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.privacy.Charge;
import cloister.protocol.DsseEnvelope;
import cloister.protocol.Json;
import cloister.protocol.Reply;
import cloister.protocol.SignedDocument;
import cloister.room.Address;
import cloister.room.Name;
import cloister.room.Purpose;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A fact of a collaboration, as its ledger keeps it. State is the fold of these ([RoomState]) and
/// nothing else. Events are sealed before they reach the store, so they may hold secrets.
sealed interface Event {
  /// The first: the proposed collaboration, the secret from which its keys derive, and its
  /// authority's certificate.
  record Opened(SignedDocument document, Bytes rootSecret, Bytes authority) implements Event {}

  record Proposed(SignedDocument document) implements Event {}

  record Signed(Digest document, Name participant, Bytes signature) implements Event {}

  record Enrolled(Name participant, Bytes certificate) implements Event {}

  record Applied(SignedDocument document) implements Event {}

  /// A dataset has a new current version.
  ///
  /// @param version names the prepared data: the digest of what the owner sealed
  /// @param schema the digest of the schema that it was checked against
  /// @param parts how many sealed files of prepared data
  /// @param source absent in ledgers that earlier versions of this program wrote
  record Published(
      Address dataset,
      Digest version,
      Digest schema,
      int parts,
      Bytes dataKey,
      Optional<Source> source)
      implements Event {}

  /// What a version came from: an upload is committed once, and asking again gets the same reply.
  record Source(String upload, Reply.Report report) {}

  /// The retention of a version has ended, for good: its data is deleted.
  record Expired(Address dataset, Digest version) implements Event {}

  record Suspended(Name participant) implements Event {}

  record Resumed(Name participant) implements Event {}

  /// A run was permitted and its price is spent, whatever happens next.
  ///
  /// @param request the participant's signed request: proof of who asked
  /// @param question the same for two runs that ask the same of the same data under the same
  ///   obligations
  /// @param reservation the run that asked this first, and whose answer this one has; itself, if
  ///   nobody had
  record Reserved(
      String run,
      Bytes request,
      Name requester,
      Address analysis,
      Digest document,
      Purpose purpose,
      Set<Name> recipients,
      Digest question,
      String reservation,
      Set<Address> datasets,
      Map<Address, Charge> charges)
      implements Event {}

  /// The answer is out. What the ledger's leaf commits to is the run and `bindings`, which the
  /// receipt shows; the rest lies beside it.
  ///
  /// @param bindings what [cloister.protocol.Receipt#bindings] says
  /// @param envelope the signed receipt
  /// @param answer the answer itself, so that the same question can be answered again
  /// @param sealed the answer for each recipient
  /// @param evidence of the key that signed, of the time when it did
  /// @param footprints of its exact numbers that no earlier run has, as
  ///   [cloister.privacy.Footprints] encodes them; empty if there are none
  record Released(
      String run,
      Json.Obj bindings,
      DsseEnvelope envelope,
      Bytes answer,
      Map<Name, Bytes> sealed,
      List<Evidence> evidence,
      Bytes footprints)
      implements Event {}

  /// A run ended without an answer; what it reserved stays spent.
  record Failed(String run, Optional<String> code) implements Event {}

  /// An event and when it was recorded.
  record Dated(Instant at, Event event) {}

  /// @param content what the ledger's leaf commits to
  /// @param beside what is kept with it; empty for most
  record Encoded(Json.Obj content, Bytes beside) {}
}
