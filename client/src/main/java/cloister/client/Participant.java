package cloister.client;

import cloister.attestation.SimulatedEvidence;
import cloister.crypto.CertificateRequest;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.SealedHeader;
import cloister.ledger.TreeHead;
import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.Document;
import cloister.protocol.Document.AnalysisDocument;
import cloister.protocol.Document.CollaborationDocument;
import cloister.protocol.Document.DatasetDocument;
import cloister.protocol.Documents;
import cloister.protocol.ErrorCode;
import cloister.protocol.Reply;
import cloister.protocol.SealedData;
import cloister.protocol.SignedDocument;
import cloister.room.Address;
import cloister.room.Collaboration;
import cloister.room.Kind;
import cloister.room.Name;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// A participant of a collaboration, at its enclave: everything that it can do there, over a
/// session with an enclave whose evidence it has checked.
///
/// Not safe for use by several threads.
public final class Participant implements AutoCloseable {
  /// 64 sealed chunks: half of what the enclave takes at once, so that progress shows and a retry
  /// repeats little.
  private static final int PIECE_BYTES = 64 * (SealedHeader.DEFAULT_CHUNK_BYTES + 16);

  private final Home home;
  private final SimulatedEvidence simulated;
  private final Session session;

  private Participant(Home home, SimulatedEvidence simulated, Session session) {
    this.home = home;
    this.simulated = simulated;
    this.session = session;
  }

  /// Comes to a collaboration that the home knows.
  ///
  /// @param collaboration may be left out when the home knows one only
  /// @param moved where the enclave is now, when that has changed; remembered once the enclave
  ///   there has shown this collaboration's ledger
  public static Participant enter(
      Home home, Optional<Name> collaboration, Optional<URI> moved, SimulatedEvidence simulated)
      throws InterruptedException {
    Membership membership = home.membership(collaboration);
    return at(home, moved.map(membership::withEnclave).orElse(membership), simulated);
  }

  /// Signs a collaboration, or an amendment of one, and comes to it. Whoever signs first proposes
  /// it. Signing what is signed already changes nothing.
  ///
  /// @param enclave needed when the home does not know the collaboration yet
  public static Participant join(
      Home home, CollaborationDocument document, Optional<URI> enclave, SimulatedEvidence simulated)
      throws InterruptedException {
    Collaboration collaboration = document.collaboration();
    requireOwnKey(home, collaboration);
    Name name = collaboration.name();
    Optional<Membership> known = home.find(name);
    Membership membership;
    if (known.isPresent()) {
      Membership signing = known.get().withSigned(document.canonical());
      membership = enclave.map(signing::withEnclave).orElse(signing);
    } else {
      membership =
          Membership.of(
              name,
              document.digest(),
              document.canonical(),
              enclave.orElseThrow(() ->
                  new CloisterException(
                      ErrorCode.PARAMETER_INVALID,
                      "where is the enclave of " + name + "? Say it once with --enclave URL")));
    }
    Participant participant = at(home, membership, simulated);
    try {
      // Before the signature leaves: it may arrive and no reply come back.
      participant.session.remember(before -> before.withSigned(document.canonical()));
      participant.sign(document, known);
      // Written down when it is true: a mistyped address or a refused enclave leaves no trace.
      participant.session.settle();
      return participant;
    } catch (RuntimeException | InterruptedException e) {
      participant.close();
      throw e;
    }
  }

  private static Participant at(Home home, Membership membership, SimulatedEvidence simulated)
      throws InterruptedException {
    return new Participant(home, simulated, Session.open(home, membership, simulated));
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
    return session.membership().name();
  }

  /// Whether the enclave protects nothing.
  public boolean simulated() {
    return attestation().simulated();
  }

  /// What the evidence said, and that it met the demands.
  public Attestation attestation() {
    return session.attestation();
  }

  /// Asks for the newest checkpoint, and checks that the ledger begins with what this home knew.
  public LedgerStanding checkLedger() throws InterruptedException {
    Optional<TreeHead> before = session.membership().head();
    status();
    TreeHead now = session.membership().head().orElseThrow();
    return new LedgerStanding(before.map(TreeHead::size).orElse(0L), now.size(), now.root());
  }

  /// @param before what the home knew before it was told to sign
  private void sign(CollaborationDocument document, Optional<Membership> before)
      throws InterruptedException {
    try {
      sign(document);
    } catch (CloisterException e) {
      boolean fresh =
          before.filter(known -> !known.signed().contains(document.canonical())).isPresent();
      if (fresh && e.code() == ErrorCode.DOCUMENT_CONFLICT) {
        // The signature was not taken: what it demands of the evidence must not count.
        session.remember(known -> known.withoutSigned(document.canonical()));
      }
      throw e;
    }
  }

  private void sign(CollaborationDocument document) throws InterruptedException {
    Optional<Reply.Status> status = session.statusIfKnown();
    boolean proposed =
        status.flatMap(Reply.Status::proposed).filter(document.canonical()::equals).isPresent();
    boolean active =
        status.flatMap(Reply.Status::active).filter(document.canonical()::equals).isPresent();
    if (proposed) {
      session.send(
          new Command.Sign(document.digest(), signed(document).signature()), Reply.Status.class);
    } else if (!active) {
      session.send(new Command.Propose(signed(document)), Reply.Status.class);
    }
  }

  private SignedDocument signed(Document document) {
    return SignedDocument.sign(document, home.signingKey());
  }

  /// The collaboration as the enclave has it.
  public Reply.Status status() throws InterruptedException {
    return session.send(new Command.Status(), Reply.Status.class);
  }

  /// The version of the collaboration that is in force, if the enclave that says so still meets it.
  public Optional<Standing.Version> inForce() throws InterruptedException {
    return status().active().map(Session::collaboration).map(Standing.Version::of);
  }

  /// How the collaboration stands, for people and programs.
  public Standing standing() throws InterruptedException {
    Reply.Status status = status();
    boolean takesPart =
        status
            .active()
            .map(document -> Session.collaboration(document).collaboration())
            .map(active -> active.participants().get(name()))
            .filter(home.thumbprint()::equals)
            .isPresent();
    if (takesPart && !status.enrolled().contains(name())) {
      enrol();
      status = status();
    }
    return Standing.of(
        collaboration(), name(), status, takesPart ? runs() : List.of(), simulated());
  }

  /// The runs that this participant asked for, receives or lends data to.
  public List<Reply.RunLine> runs() throws InterruptedException {
    enrol();
    return session.send(new Command.Runs(), Reply.RunList.class).runs();
  }

  /// Asks for a certificate, unless there is one that is valid for a while.
  private void enrol() throws InterruptedException {
    if (session.certificateHolds()) {
      return;
    }
    CertificateRequest request =
        CertificateRequest.create(
            home.signingKey(), name().value(), home.openingKey().sealingKey());
    Reply.Certificate issued =
        session.send(new Command.Enrol(request.encoded()), Reply.Certificate.class);
    session.remember(known -> known.withCertificate(issued.certificate()));
    if (!session.certificateHolds()) {
      throw Session.unsound(
          "the certificate it issued is not one of the collaboration's CA for our keys");
    }
  }

  /// Makes documents of this participant's package the current ones.
  public void apply(List<Document> documents) throws InterruptedException {
    enrol();
    session.send(
        new Command.Apply(documents.stream().map(this::signed).toList()), Reply.Status.class);
  }

  /// This participant's dataset, in the version it signed and the enclave has.
  public DatasetDocument ownDataset(Name dataset) throws InterruptedException {
    Address address = new Address(name(), Kind.DATASET, dataset);
    SignedDocument signed = status().documents().get(address);
    if (signed == null) {
      throw new CloisterException(
          ErrorCode.DOCUMENT_UNKNOWN,
          "the enclave has no " + address + " yet; `cloister apply` its document first");
    }
    // Data is sealed under the terms in this document: they must be our own words.
    try {
      if (signed.verify(home.signingKey().verifyingKey()) instanceof DatasetDocument document
          && document.dataset().address().equals(address)) {
        return document;
      }
    } catch (CryptoException e) {
      throw Session.unsound(
          "it shows terms for " + address + " that this participant never signed", e);
    }
    throw Session.unsound("it shows another document than " + address);
  }

  /// Where plaintext may be for a moment: in the home, which is private.
  public Path scratch() {
    return home.uploads();
  }

  /// An upload of that file for that dataset that was interrupted.
  ///
  /// @param maxBadRows how many rows that break the schema are to be left out at most
  public Optional<Upload> unfinishedUpload(
      DatasetDocument document, Upload.Source source, long maxBadRows) throws IOException {
    return Upload.find(uploadFolder(document), subject(document, maxBadRows), source);
  }

  /// Seals Parquet parts of a file on this participant's own disk.
  ///
  /// @param source the file as it was before the parts were made of it
  /// @throws CloisterException DATA_REPLACED when it is another by now
  public Upload seal(
      DatasetDocument document,
      Upload.Source source,
      long maxBadRows,
      List<Path> parts,
      Progress progress)
      throws IOException {
    source.requireUnchanged();
    return Upload.seal(
        uploadFolder(document), subject(document, maxBadRows), source, parts, progress);
  }

  private Path uploadFolder(DatasetDocument document) {
    return home.uploads().resolve(collaboration() + "." + document.dataset().address().name());
  }

  private Upload.Subject subject(DatasetDocument document, long maxBadRows) {
    return new Upload.Subject(
        session.membership().id(),
        document.dataset().address(),
        document.digest(),
        SealedData.schema(document.canonical()),
        maxBadRows);
  }

  /// Sends what the enclave does not have yet, and has it take the whole as the current version, or
  /// not. A refusal is in the reply, and ends the upload too: the same data would be refused again.
  public Reply.Published publish(Upload upload, Progress progress)
      throws InterruptedException, IOException {
    enrol();
    Reply.Published published;
    try {
      published = commit(upload, progress);
    } catch (CloisterException e) {
      if (e.code() != ErrorCode.UPLOAD_UNKNOWN) {
        throw e;
      }
      // It was committed and the reply got lost, or others pushed it out. Sent once more it is the
      // same version.
      published = commit(upload, progress);
    }
    upload.discard();
    return published;
  }

  private Reply.Published commit(Upload upload, Progress progress)
      throws InterruptedException, IOException {
    // What counts is where the enclave says that it is, not what was acknowledged on the way.
    List<Long> reached = offsets(upload);
    long most = sum(reached);
    for (int fruitless = 0; !reached.equals(upload.parts()); ) {
      Optional<CloisterException> failure = send(upload, reached, progress);
      reached = offsets(upload);
      fruitless = sum(reached) > most ? 0 : fruitless + 1;
      most = Math.max(most, sum(reached));
      if (fruitless == Attempts.MOST) {
        throw failure.orElseGet(() ->
            new CloisterException(
                ErrorCode.SERVER_UNREACHABLE,
                "pieces of the upload are acknowledged on the way and do not arrive"));
      }
      if (fruitless > 0) {
        Attempts.pause(fruitless);
      }
    }
    return session.send(new Command.CommitUpload(upload.id()), Reply.Published.class);
  }

  private static long sum(List<Long> sizes) {
    return sizes.stream().mapToLong(Long::longValue).sum();
  }

  private List<Long> offsets(Upload upload) throws InterruptedException {
    Upload.Subject subject = upload.subject();
    List<Long> sizes = upload.parts();
    List<Long> offsets =
        session
            .send(
                key ->
                    new Command.OpenUpload(
                        upload.id(),
                        subject.dataset(),
                        subject.document(),
                        subject.schema(),
                        sizes,
                        Session.seal(
                            key,
                            SealedData.KEY_INFO,
                            subject.keyContext(upload.id()),
                            upload.key()),
                        subject.maxBadRows()),
                Reply.Upload.class)
            .offsets();
    for (int part = 0; part < sizes.size(); part++) {
      if (offsets.size() != sizes.size() || offsets.get(part) > sizes.get(part)) {
        throw Session.unsound("it has more of an upload than there is");
      }
    }
    return offsets;
  }

  /// Sends until everything is sent or a piece fails on the way, and returns that failure.
  private Optional<CloisterException> send(Upload upload, List<Long> offsets, Progress progress)
      throws IOException, InterruptedException {
    List<Long> sizes = upload.parts();
    long total = sum(sizes);
    long done = sum(offsets);
    for (int part = 0; part < sizes.size(); part++) {
      try (var sealed = FileChannel.open(upload.part(part))) {
        for (long at = offsets.get(part); at < sizes.get(part); ) {
          // Whole chunks only, and the header with the first: each piece is verified on arrival.
          long whole = (long) PIECE_BYTES + (at == 0 ? SealedHeader.BYTES : 0);
          int length = (int) Math.min(whole, sizes.get(part) - at);
          session.put(upload.id(), part, at, read(upload, sealed, at, length));
          at += length;
          done += length;
          progress.at(done, total);
        }
      } catch (CloisterException e) {
        if (!Attempts.failedOnTheWay(e)) {
          throw e;
        }
        return Optional.of(e);
      }
    }
    return Optional.empty();
  }

  private static byte[] read(Upload upload, FileChannel file, long at, int length)
      throws IOException {
    var bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (file.read(bytes, at + bytes.position()) < 0) {
        // It would be resumed, and fail, each time.
        upload.discard();
        throw new CloisterException(
            ErrorCode.DATA_REPLACED, "a sealed part in your home was cut; publish again");
      }
    }
    return bytes.array();
  }

  /// What a run would be.
  public Reply.Explanation explain(Command.RunRequest request) throws InterruptedException {
    enrol();
    return session.send(new Command.Explain(request), Reply.Explanation.class);
  }

  /// Executes a request, checks its receipt, and opens the answer if this participant receives it.
  public Finished run(Command.RunRequest request) throws InterruptedException {
    enrol();
    return finished(session.send(new Command.Run(request), Reply.Ran.class));
  }

  /// An earlier run's answer and receipt.
  public Finished result(String run) throws InterruptedException {
    enrol();
    return finished(session.send(new Command.Result(run), Reply.Ran.class));
  }

  /// An analysis whose answer this participant may receive, and the request for it.
  public record Receivable(Address analysis, Command.RunRequest request) {}

  /// Every signed analysis that names this participant as a recipient.
  public List<Receivable> receivable() throws InterruptedException {
    return documents().stream()
        .filter(AnalysisDocument.class::isInstance)
        .map(AnalysisDocument.class::cast)
        .filter(analysis -> analysis.recipients().contains(name()))
        .map(analysis ->
            new Receivable(
                analysis.address(),
                new Command.RunRequest(
                    new Command.Subject.Named(analysis.address()),
                    Optional.empty(),
                    Optional.empty())))
        .toList();
  }

  /// The datasets and analyses that the enclave has.
  public List<Document> documents() throws InterruptedException {
    return new TreeMap<>(status().documents())
        .values().stream()
            .map(signed -> Documents.fromCanonical(signed.canonical().toArray()))
            .toList();
  }

  /// The collaboration in force.
  public Collaboration agreed() throws InterruptedException {
    return status()
        .active()
        .map(document -> Session.collaboration(document).collaboration())
        .orElseThrow(() ->
            new CloisterException(
                ErrorCode.COLLABORATION_NOT_ACTIVE, "not everybody has signed yet"));
  }

  private Finished finished(Reply.Ran ran) {
    return Finished.open(ran, home, session.membership(), simulated);
  }

  /// The budgets of the collaboration's datasets.
  public List<Reply.BudgetLine> budget() throws InterruptedException {
    enrol();
    return session.send(new Command.Budget(), Reply.Budgets.class).budgets();
  }

  public void suspend() throws InterruptedException {
    enrol();
    session.send(new Command.Suspend(), Reply.Done.class);
  }

  /// Lifts this participant's own suspension.
  public void resume() throws InterruptedException {
    enrol();
    session.send(new Command.Resume(), Reply.Done.class);
  }

  @Override
  public void close() {
    session.close();
  }
}
