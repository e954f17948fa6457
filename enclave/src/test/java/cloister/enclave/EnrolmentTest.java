package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.crypto.Bytes;
import cloister.crypto.Certificate;
import cloister.crypto.CertificateRequest;
import cloister.crypto.Digest;
import cloister.crypto.OpeningKey;
import cloister.crypto.SigningKey;
import cloister.protocol.Command;
import cloister.protocol.ErrorCode;
import cloister.protocol.Reply;
import cloister.protocol.SignedDocument;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Who takes part is what all have signed, shown by keys, at a time that never runs back. Each test
/// has a collaboration of its own on one server.
final class EnrolmentTest {
  @TempDir static Path folder;
  private static final TestClock CLOCK = new TestClock();
  private static EnclaveServer server;
  private TestRoom room;

  @BeforeAll
  static void start() {
    server = TestRoom.start(folder, CLOCK);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void threeParticipantsWithFreshKeys() throws Exception {
    room = new TestRoom(folder, server, CLOCK);
  }

  private static void refused(ErrorCode code, ThrowingCallable call) {
    assertThat(TestRoom.refusal(call).code()).isEqualTo(code);
  }

  private SignedDocument proposed() throws Exception {
    var proposal = room.airline.signed(room.collaborationYaml(1));
    for (var participant : room.all()) {
      participant.collaboration = proposal.digest();
    }
    room.airline.ask(new Command.Propose(proposal));
    return proposal;
  }

  private static void sign(TestParticipant participant, Digest digest) throws Exception {
    participant.ask(new Command.Sign(digest, participant.key.sign(SignedDocument.message(digest))));
  }

  private static Reply.Status status(TestParticipant participant) throws Exception {
    return participant.ask(new Command.Status());
  }

  private static Certificate certificate(TestParticipant participant) throws Exception {
    var request =
        CertificateRequest.create(
            participant.key, participant.name.value(), participant.opening.sealingKey());
    Reply.Certificate reply = participant.ask(new Command.Enrol(request.encoded()));
    return Certificate.parse(reply.certificate());
  }

  // Signatures.

  @Test
  void nobodyEnrolsBeforeAllHaveSigned() throws Exception {
    var proposal = proposed();
    for (var participant : room.all()) {
      refused(ErrorCode.COLLABORATION_NOT_ACTIVE, participant::enrol);
    }
    sign(room.media, proposal.digest());
    assertThat(TestRoom.refusal(room.airline::enrol)).hasMessageContaining("research");
    sign(room.research, proposal.digest());
    room.enrol();
    assertThat(status(room.airline).enrolled())
        .containsExactlyInAnyOrder(room.airline.name, room.media.name, room.research.name);
  }

  @Test
  void aHalfSignedCollaborationTakesNoDocumentAndNoRun() throws Exception {
    var proposal = proposed();
    sign(room.media, proposal.digest());
    var documents = List.of(room.airline.signed(TestRoom.CUSTOMERS));
    for (Command command :
        List.of(
            new Command.Apply(documents),
            new Command.Budget(),
            new Command.Runs(),
            new Command.Suspend(),
            TestRoom.run("/research/analysis/overlap"),
            new Command.CommitUpload("0".repeat(32)))) {
      refused(ErrorCode.COLLABORATION_NOT_ACTIVE, () -> room.airline.ask(command));
    }
    assertThat(status(room.airline).documents()).isEmpty();
  }

  @Test
  void aSignatureCountsForTheDigestThatWasProposedAndNoOther() throws Exception {
    var proposal = proposed();
    var other = Digest.ofUtf8("another");
    refused(ErrorCode.COLLABORATION_MISMATCH, () -> sign(room.media, other));
    var forOther = room.media.key.sign(SignedDocument.message(other));
    refused(
        ErrorCode.SIGNATURE_INVALID,
        () -> room.media.ask(new Command.Sign(proposal.digest(), forOther)));
    var byResearch = room.research.key.sign(SignedDocument.message(proposal.digest()));
    refused(
        ErrorCode.SIGNATURE_INVALID,
        () -> room.media.ask(new Command.Sign(proposal.digest(), byResearch)));
    assertThat(status(room.media).signed()).containsExactly(room.airline.name);
  }

  @Test
  void aCollaborationOfOneIsInForceAtItsFirstProposal() throws Exception {
    var alone = new TestParticipant("alone", room.uri(), CLOCK);
    var proposal = alone.signed(withParticipants(1, List.of(alone)));
    alone.collaboration = proposal.digest();
    for (int time = 0; time < 2; time++) {
      Reply.Status status = alone.ask(new Command.Propose(proposal));
      assertThat(status.active()).hasValue(proposal.canonical());
      assertThat(status.proposed()).isEmpty();
    }
    alone.enrol();
    alone.ask(new Command.Budget());
  }

  @Test
  void oneParticipantSigningTwiceIsOneSignature() throws Exception {
    var proposal = proposed();
    sign(room.media, proposal.digest());
    sign(room.media, proposal.digest());
    assertThat(status(room.media).active()).isEmpty();
  }

  @Test
  void aDocumentThatWasEditedAfterSigningIsRefused() throws Exception {
    room.activate();
    room.enrol();
    var signed = room.airline.signed(TestRoom.CUSTOMERS);
    var edited =
        room.airline.document(TestRoom.CUSTOMERS.replace("minimum-units: 20", "minimum-units: 2"));
    var resigned = new SignedDocument(edited.canonical(), signed.signer(), signed.signature());
    refused(
        ErrorCode.SIGNATURE_INVALID, () -> room.airline.ask(new Command.Apply(List.of(resigned))));
    var byMedia = SignedDocument.sign(edited, room.media.key);
    refused(
        ErrorCode.SIGNATURE_INVALID, () -> room.airline.ask(new Command.Apply(List.of(byMedia))));
    refused(ErrorCode.NOT_THE_OWNER, () -> room.media.ask(new Command.Apply(List.of(byMedia))));
    assertThat(status(room.airline).documents()).isEmpty();
  }

  @Test
  void ofSeveralDocumentsAllAreTakenOrNone() throws Exception {
    room.activate();
    room.enrol();
    var good = room.media.signed(TestRoom.VIEWERS);
    var bad = SignedDocument.sign(room.airline.document(TestRoom.CUSTOMERS), room.media.key);
    refused(ErrorCode.NOT_THE_OWNER, () -> room.media.ask(new Command.Apply(List.of(good, bad))));
    assertThat(status(room.media).documents()).isEmpty();
  }

  @Test
  void aCollaborationIsProposedBySomebodyWhoTakesPartAndSignsIt() throws Exception {
    var stranger = new TestParticipant("stranger", room.uri(), CLOCK);
    var document = room.airline.document(room.collaborationYaml(1));
    stranger.collaboration = document.digest();
    refused(
        ErrorCode.NOT_A_PARTICIPANT,
        () -> stranger.ask(new Command.Propose(SignedDocument.sign(document, stranger.key))));
    refused(
        ErrorCode.SIGNATURE_INVALID,
        () -> stranger.ask(new Command.Propose(SignedDocument.sign(document, room.airline.key))));
    refused(ErrorCode.COLLABORATION_UNKNOWN, () -> stranger.ask(new Command.Status()));
  }

  // Keys.

  @Test
  void aStrangersKeyIsNobodys() throws Exception {
    room.activate();
    var stranger = new TestParticipant("airline", room.uri(), CLOCK);
    stranger.collaboration = room.airline.collaboration;
    refused(ErrorCode.NOT_A_PARTICIPANT, stranger::enrol);
    refused(ErrorCode.NOT_A_PARTICIPANT, () -> stranger.ask(new Command.Status()));
    assertThat(status(room.airline).enrolled()).isEmpty();
  }

  @Test
  void noKeyIsCertifiedButTheOneThatIsNamedAndProven() throws Exception {
    room.activate();
    var media = room.media;
    var other = SigningKey.generate();
    var sealing = media.opening.sealingKey();
    var byAnotherKey = CertificateRequest.create(other, "media", sealing).encoded();
    var forAnotherName = CertificateRequest.create(media.key, "airline", sealing).encoded();
    var ofAnother =
        CertificateRequest.create(room.airline.key, "airline", room.airline.opening.sealingKey())
            .encoded();
    byte[] forged = CertificateRequest.create(media.key, "media", sealing).encoded().toArray();
    forged[forged.length - 1] ^= 1;
    // Its own name and key, and a sealing key of somebody else's choice: the signature covers it.
    byte[] resealed = CertificateRequest.create(media.key, "media", sealing).encoded().toArray();
    byte[] theirs = OpeningKey.generate().sealingKey().encoded().toArray();
    int at = indexOf(resealed, sealing.encoded().toArray());
    System.arraycopy(theirs, 0, resealed, at, theirs.length);
    for (Bytes request :
        List.of(
            byAnotherKey,
            forAnotherName,
            ofAnother,
            Bytes.of(forged),
            Bytes.of(resealed),
            Bytes.utf8("no request"),
            Bytes.of(new byte[0]))) {
      var code = TestRoom.refusal(() -> media.ask(new Command.Enrol(request))).code();
      assertThat(code).isIn(ErrorCode.POSSESSION_UNPROVEN, ErrorCode.MESSAGE_MALFORMED);
    }
    assertThat(status(media).enrolled()).isEmpty();
    refused(ErrorCode.NOT_ENROLLED, () -> media.ask(new Command.Budget()));
  }

  private static int indexOf(byte[] bytes, byte[] part) {
    for (int i = 0; i + part.length <= bytes.length; i++) {
      if (java.util.Arrays.equals(bytes, i, i + part.length, part, 0, part.length)) {
        return i;
      }
    }
    throw new IllegalArgumentException("not there");
  }

  @Test
  void theCertificateNamesTheParticipantAndBothItsKeys() throws Exception {
    room.activate();
    var certificate = certificate(room.media);
    var authority =
        cloister.crypto.AuthorityCertificate.parse(status(room.media).certificateAuthority());
    var verified = certificate.verify(authority, CLOCK.instant());
    assertThat(verified.name()).isEqualTo("media");
    assertThat(verified.verifyingKey()).isEqualTo(room.media.key.verifyingKey());
    assertThat(verified.sealingKey()).isEqualTo(room.media.opening.sealingKey());
  }

  // Time.

  @Test
  void anExpiredCertificateServesNobodyUntilItsHolderEnrolsAgain() throws Exception {
    room.activate();
    room.enrol();
    Instant before = CLOCK.instant();
    try {
      CLOCK.advance(Duration.ofDays(366));
      room.reconnect();
      refused(ErrorCode.CERTIFICATE_EXPIRED, () -> room.media.ask(new Command.Budget()));
      refused(ErrorCode.CERTIFICATE_EXPIRED, () -> room.media.ask(new Command.Suspend()));
      room.media.enrol();
      room.media.ask(new Command.Budget());
      refused(ErrorCode.CERTIFICATE_EXPIRED, () -> room.airline.ask(new Command.Budget()));
    } finally {
      CLOCK.set(before);
    }
  }

  @Test
  void aClockThatIsSetBackDoesNotReviveACertificate() throws Exception {
    room.activate();
    room.enrol();
    Instant before = CLOCK.instant();
    try {
      CLOCK.advance(Duration.ofDays(366));
      room.reconnect();
      // The ledger has now seen that day.
      room.media.enrol();
      CLOCK.set(before);
      room.reconnect();
      refused(ErrorCode.CERTIFICATE_EXPIRED, () -> room.airline.ask(new Command.Budget()));
      room.media.ask(new Command.Suspend());
      room.media.ask(new Command.Resume());
      var certificate = certificate(room.research);
      var authority =
          cloister.crypto.AuthorityCertificate.parse(status(room.media).certificateAuthority());
      certificate.verify(authority, before.plus(Duration.ofDays(366 + 364)));
    } finally {
      CLOCK.set(before);
    }
  }

  // Amendments.

  private String amended(List<TestParticipant> participants) {
    return withParticipants(2, participants);
  }

  private String withParticipants(int version, List<TestParticipant> participants) {
    var yaml = new StringBuilder(room.collaborationYaml(version));
    int from = yaml.indexOf("participants:\n") + "participants:\n".length();
    yaml.delete(from, yaml.indexOf("purposes:"));
    var lines = new StringBuilder();
    for (var participant : participants) {
      lines.append(
          "  %s: {key: \"%s\"}\n"
              .formatted(participant.name, participant.key.verifyingKey().thumbprint()));
    }
    return yaml.insert(from, lines).toString();
  }

  private TestParticipant newcomer(String name) throws Exception {
    var newcomer = new TestParticipant(name, room.uri(), CLOCK);
    newcomer.collaboration = room.airline.collaboration;
    return newcomer;
  }

  @Test
  void anAmendmentIsInForceWhenAllOldAndNewParticipantsHaveSigned() throws Exception {
    room.activate();
    room.enrol();
    var bank = newcomer("bank");
    refused(ErrorCode.NOT_A_PARTICIPANT, () -> bank.ask(new Command.Status()));
    // Without research, with bank.
    var amendment = room.airline.signed(amended(List.of(room.airline, room.media, bank)));
    room.airline.ask(new Command.Propose(amendment));
    sign(bank, amendment.digest());
    sign(room.media, amendment.digest());
    refused(ErrorCode.NOT_ENROLLED, () -> bank.ask(new Command.Budget()));
    refused(ErrorCode.NOT_A_PARTICIPANT, bank::enrol);
    room.research.ask(new Command.Budget());
    // Nobody is removed behind their back.
    sign(room.research, amendment.digest());
    refused(ErrorCode.NOT_A_PARTICIPANT, () -> room.research.ask(new Command.Status()));
    bank.enrol();
    bank.ask(new Command.Budget());
    room.airline.ask(new Command.Budget());
    assertThat(status(bank).enrolled())
        .containsExactlyInAnyOrder(bank.name, room.airline.name, room.media.name);
  }

  @Test
  void whoIsRemovedLeavesWithItsDocuments() throws Exception {
    room.activate();
    room.enrol();
    room.apply();
    var amendment = room.airline.signed(amended(List.of(room.airline, room.media)));
    room.airline.ask(new Command.Propose(amendment));
    sign(room.media, amendment.digest());
    room.research.ask(new Command.Suspend());
    sign(room.research, amendment.digest());
    Reply.Status after = status(room.airline);
    assertThat(after.documents().keySet())
        .noneMatch(address -> address.party().equals(room.research.name));
    assertThat(after.enrolled()).doesNotContain(room.research.name);
    assertThat(after.suspendedBy()).as("a suspension leaves with who made it").isEmpty();
  }

  @Test
  void aChangedKeyNeedsANewCertificate() throws Exception {
    room.activate();
    room.enrol();
    var renewed = newcomer("media");
    var amendment = room.airline.signed(amended(List.of(room.airline, renewed, room.research)));
    room.airline.ask(new Command.Propose(amendment));
    refused(ErrorCode.NOT_A_PARTICIPANT, () -> sign(renewed, amendment.digest()));
    sign(room.research, amendment.digest());
    sign(room.media, amendment.digest());
    refused(ErrorCode.NOT_A_PARTICIPANT, () -> room.media.ask(new Command.Budget()));
    refused(ErrorCode.NOT_ENROLLED, () -> renewed.ask(new Command.Budget()));
    renewed.enrol();
    renewed.ask(new Command.Budget());
    room.airline.ask(new Command.Budget());
  }

  @Test
  void nobodyTakesAnothersPlaceByProposingAnAmendment() throws Exception {
    room.activate();
    room.enrol();
    var hijacker = newcomer("media");
    var amendment = room.airline.signed(amended(List.of(room.airline, hijacker, room.research)));
    room.airline.ask(new Command.Propose(amendment));
    sign(room.research, amendment.digest());
    refused(ErrorCode.NOT_A_PARTICIPANT, () -> sign(hijacker, amendment.digest()));
    refused(ErrorCode.NOT_A_PARTICIPANT, hijacker::enrol);
    room.media.ask(new Command.Budget());
    assertThat(status(room.media).active())
        .contains(room.airline.document(room.collaborationYaml(1)).canonical());
  }

  @Test
  void anAmendmentHasTheNextNumberAndOnlyWhoProposedItPutsAnotherInItsPlace() throws Exception {
    room.activate();
    var skipped = room.airline.signed(room.collaborationYaml(3));
    refused(ErrorCode.DOCUMENT_CONFLICT, () -> room.airline.ask(new Command.Propose(skipped)));
    var former = room.airline.signed(room.collaborationYaml(1).replace("strongest", "equal"));
    refused(ErrorCode.DOCUMENT_CONFLICT, () -> room.airline.ask(new Command.Propose(former)));
    var again = room.airline.signed(room.collaborationYaml(1));
    Reply.Status inForce = room.airline.ask(new Command.Propose(again));
    assertThat(inForce.active()).contains(again.canonical());
    assertThat(inForce.proposed()).as("what is in force is not proposed again").isEmpty();
    var first = room.airline.signed(room.collaborationYaml(2));
    room.airline.ask(new Command.Propose(first));
    sign(room.media, first.digest());
    // Others' signatures are not wiped by somebody else's second version.
    String other = room.collaborationYaml(2).replace("noise: strongest", "noise: equal");
    refused(
        ErrorCode.DOCUMENT_CONFLICT,
        () -> room.media.ask(new Command.Propose(room.media.signed(other))));
    assertThat(status(room.media).signed()).isEqualTo(Set.of(room.airline.name, room.media.name));
    // Who proposed it may think again: what was signed for the first counts no more.
    var second = room.airline.signed(other);
    room.airline.ask(new Command.Propose(second));
    refused(ErrorCode.COLLABORATION_MISMATCH, () -> sign(room.research, first.digest()));
    sign(room.research, second.digest());
    assertThat(status(room.media).signed())
        .isEqualTo(Set.of(room.airline.name, room.research.name));
    assertThat(status(room.media).proposed()).contains(second.canonical());
  }

  @Test
  void participantsKnowTheirCollaborationByItsFirstDigestForGood() throws Exception {
    room.activate();
    var first = room.airline.collaboration;
    var amendment = room.airline.signed(room.collaborationYaml(2));
    room.airline.ask(new Command.Propose(amendment));
    var ids = new ArrayList<Digest>();
    for (var participant : List.of(room.media, room.research)) {
      sign(participant, amendment.digest());
      ids.add(status(participant).collaboration());
    }
    assertThat(ids).containsOnly(first);
    assertThat(status(room.airline).active()).contains(amendment.canonical());
    room.airline.collaboration = amendment.digest();
    refused(ErrorCode.COLLABORATION_UNKNOWN, () -> room.airline.ask(new Command.Status()));
  }
}
