package cloister.client;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.Document;
import cloister.protocol.Document.CollaborationDocument;
import cloister.protocol.Document.DatasetDocument;
import cloister.protocol.Documents;
import cloister.protocol.ErrorCode;
import cloister.protocol.Reply;
import cloister.protocol.SignedDocument;
import cloister.room.Address;
import cloister.room.Collaboration;
import cloister.room.Name;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/// A participant of a collaboration, at its enclave: everything that it can do there, over a session
/// with an enclave whose evidence it has checked.
///
/// Not safe for use by several threads.
public final class Participant implements AutoCloseable {
  private final Home home;
  private final Session session;
  private Membership membership;

  private Participant(Home home, Membership membership, Session session) {
    this.home = home;
    this.membership = membership;
    this.session = session;
  }

  /// Comes to a collaboration that the home knows.
  ///
  /// @param collaboration may be left out when the home knows one only
  /// @param moved where the enclave is now, when that has changed
  public static Participant enter(
      Home home, Optional<Name> collaboration, Optional<URI> moved, Acceptance acceptance)
      throws InterruptedException {
    Membership membership = home.membership(collaboration);
    if (moved.isPresent() && !moved.get().equals(membership.enclave())) {
      membership = home.change(membership.name(), known -> known.withEnclave(moved.get()));
    }
    return at(home, membership, acceptance);
  }

  /// Signs a collaboration, or an amendment of one, and comes to it. Whoever signs first proposes
  /// it. Signing what is signed already changes nothing.
  ///
  /// @param enclave needed when the home does not know the collaboration yet
  public static Participant join(
      Home home, CollaborationDocument document, Optional<URI> enclave, Acceptance acceptance)
      throws InterruptedException {
    Collaboration collaboration = document.collaboration();
    requireOwnKey(home, collaboration);
    Name name = collaboration.name();
    Optional<Membership> known = home.find(name);
    Membership membership;
    if (known.isPresent()) {
      membership =
          home.change(
              name,
              before ->
                  before
                      .withSigned(document.canonical())
                      .withEnclave(enclave.orElse(before.enclave())));
    } else {
      membership =
          Membership.of(
              name,
              document.digest(),
              document.canonical(),
              enclave.orElseThrow(
                  () ->
                      new CloisterException(
                          ErrorCode.PARAMETER_INVALID,
                          "where is the enclave of " + name + "? Say it once with --enclave URL")));
    }
    Participant participant = at(home, membership, acceptance);
    try {
      participant.sign(document);
      // Written down when it is true: a mistyped address or a refused enclave leaves no trace.
      if (known.isEmpty()) {
        home.add(participant.membership);
      }
      return participant;
    } catch (RuntimeException | InterruptedException e) {
      participant.close();
      throw e;
    }
  }

  private static Participant at(Home home, Membership membership, Acceptance acceptance)
      throws InterruptedException {
    return new Participant(home, membership, Session.open(home, membership, acceptance));
  }

  private static void requireOwnKey(Home home, Collaboration collaboration) {
    Digest named = collaboration.participants().get(home.participant());
    if (named == null) {
      throw new CloisterException(
          ErrorCode.NOT_A_PARTICIPANT,
          collaboration.name()
              + " names no participant "
              + home.participant()
              + ", but "
              + collaboration.participants().keySet());
    }
    if (!named.equals(home.thumbprint())) {
      throw new CloisterException(
          ErrorCode.NOT_A_PARTICIPANT,
          collaboration.name()
              + " names another key for "
              + home.participant()
              + " than this home's "
              + home.thumbprint());
    }
  }

  public Name name() {
    return home.participant();
  }

  public Name collaboration() {
    return membership.name();
  }

  /// Whether the enclave protects nothing.
  public boolean simulated() {
    return session.appraisal().simulated();
  }

  /// What the evidence said, and that it met the demands.
  public Appraisal appraisal() {
    return session.appraisal();
  }

  private void sign(CollaborationDocument document) throws InterruptedException {
    Optional<Reply.Status> status = session.statusIfKnown();
    boolean proposed =
        status.flatMap(Reply.Status::proposed).filter(document.canonical()::equals).isPresent();
    boolean active =
        status.flatMap(Reply.Status::active).filter(document.canonical()::equals).isPresent();
    if (proposed) {
      session.send(
          new Command.Sign(
              document.digest(), SignedDocument.sign(document, home.signingKey()).signature()),
          Reply.Done.class);
    } else if (!active) {
      session.send(
          new Command.Propose(SignedDocument.sign(document, home.signingKey())), Reply.Done.class);
    }
  }

  /// The collaboration as the enclave has it.
  public Reply.Status status() throws InterruptedException {
    return session.send(new Command.Status(), Reply.Status.class);
  }

  @Override
  public void close() {
    session.close();
  }
}
