package cloister.enclave;

import static java.lang.System.Logger.Level.WARNING;

import cloister.crypto.Bytes;
import cloister.crypto.CertificateAuthority;
import cloister.crypto.Digest;
import cloister.crypto.Secret;
import cloister.ledger.LedgerException;
import cloister.ledger.Store;
import cloister.protocol.Answered;
import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.EnclaveChannel;
import cloister.protocol.ErrorCode;
import cloister.protocol.SignedDocument;
import cloister.protocol.SignedRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// The collaborations that this enclave hosts, each in a folder of its own. A collaboration is
/// named by the digest of its first version, so a name that two of them share confuses nobody.
final class Rooms implements Sessions.Handler, AutoCloseable {
  private static final int MAX_ROOMS = 256;

  private static final System.Logger LOG = System.getLogger("cloister.enclave");
  private static final String DAMAGED =
      "the room of collaboration {0} cannot be read ({1}): it is not served until it is restored";
  private static final String STRAY = "something in the folder of rooms is no room";

  private final Path folder;
  private final Attester attester;
  private final InstantSource clock;
  private final Engines engines;
  private final Authorities authorities;
  private final Uploads uploads;
  private final Map<Digest, HostedRoom> rooms = new ConcurrentHashMap<>();

  /// What lies in their places cannot be read, or is not what was recorded. They stay closed until
  /// a restart finds them restored; nobody can open another room in their place.
  private final Set<Digest> damaged = new HashSet<>();

  private final CountDownLatch closing = new CountDownLatch(1);

  Rooms(
      Path folder,
      Attester attester,
      InstantSource clock,
      Engines engines,
      Authorities authorities,
      Uploads uploads) {
    this.folder = folder;
    this.attester = attester;
    this.clock = clock;
    this.engines = engines;
    this.authorities = authorities;
    this.uploads = uploads;
    for (Path room : Disk.list(folder)) {
      name(room).ifPresentOrElse(name -> resume(room, name), () -> LOG.log(WARNING, STRAY));
    }
    Thread.ofPlatform().daemon().name("sweep").start(this::sweep);
  }

  /// A room that nobody asks anything of has data that expires, too.
  private void sweep() {
    try {
      while (!closing.await(1, TimeUnit.MINUTES)) {
        rooms.values().forEach(HostedRoom::sweep);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// A room that cannot be read is nobody else's trouble, whatever the reason: strangers decide
  /// what is in it.
  private void resume(Path folder, Digest name) {
    try {
      open(folder, name).ifPresent(opened -> rooms.put(name, opened));
    } catch (RuntimeException e) {
      damaged(name, e);
    }
  }

  /// The log names the kind of failure alone: a message may say what is in the room.
  private void damaged(Digest name, RuntimeException failure) {
    String kind = failure.getClass().getSimpleName();
    LOG.log(
        WARNING,
        DAMAGED,
        name,
        failure instanceof CloisterException known ? kind + " " + known.code().label() : kind);
    damaged.add(name);
  }

  @Override
  public Answered handle(
      SignedRequest request, SignedRequest.Content content, EnclaveChannel channel) {
    HostedRoom room = rooms.get(content.collaboration());
    if (room == null) {
      room = found(request, content);
    } else if (room.hasStopped()) {
      room = reopened(room);
    }
    try {
      return room.handle(request, content, channel);
    } catch (LedgerException e) {
      throw stopped(e);
    }
  }

  /// A ledger whose disk failed or was full says no more. Opening it again finds out what is
  /// durable, as after a crash, and goes on from there.
  private synchronized HostedRoom reopened(HostedRoom stopped) {
    Digest name = stopped.id();
    HostedRoom now = rooms.getOrDefault(name, stopped);
    if (now != stopped && !now.hasStopped()) {
      return now;
    }
    now.abandon();
    try {
      HostedRoom opened =
          open(place(name), name)
              .orElseThrow(
                  () -> new LedgerException("the ledger of a room that was open is empty"));
      rooms.put(name, opened);
      return opened;
    } catch (LedgerException e) {
      if (e.getCause() instanceof IOException) {
        throw stopped(e);
      }
      rooms.remove(name);
      damaged(name, e);
      throw corrupt();
    }
  }

  private static CloisterException corrupt() {
    return new CloisterException(
        ErrorCode.LEDGER_CORRUPT, "the ledger of this collaboration cannot be read");
  }

  private static CloisterException stopped(LedgerException cause) {
    return new CloisterException(
        ErrorCode.STORAGE_FULL,
        "the ledger has stopped for now; what was acknowledged is safe",
        cause);
  }

  @Override
  public boolean names(Digest collaboration, Digest thumbprint) {
    HostedRoom room = rooms.get(collaboration);
    return room != null && room.locked(() -> room.state.participant(thumbprint)).isPresent();
  }

  /// The first proposal of a collaboration makes its room.
  private synchronized HostedRoom found(SignedRequest request, SignedRequest.Content content) {
    if (damaged.contains(content.collaboration())) {
      throw corrupt();
    }
    // There is no ledger to check it with, and no state that it could change.
    if (content.seen().isPresent()) {
      throw new CloisterException(
          ErrorCode.LEDGER_BEHIND,
          "the collaboration had a ledger, and this enclave has none of it");
    }
    if (!(content.command() instanceof Command.Propose(var document))
        || !document.digest().equals(content.collaboration())) {
      throw new CloisterException(
          ErrorCode.COLLABORATION_UNKNOWN, "this enclave hosts no such collaboration");
    }
    HostedRoom known = rooms.get(content.collaboration());
    if (known != null) {
      return known;
    }
    var proposed = HostedRoom.checkProposal(document, request.key());
    if (proposed.version() != 1) {
      throw new CloisterException(
          ErrorCode.DOCUMENT_CONFLICT, "the first version of a collaboration has the number 1");
    }
    if (rooms.size() + damaged.size() >= MAX_ROOMS) {
      throw new CloisterException(ErrorCode.TOO_BUSY, "this enclave hosts its most collaborations");
    }
    Path room = place(document.digest());
    Disk.createFolder(room);
    open(document, room);
    HostedRoom opened = open(room, document.digest()).orElseThrow();
    rooms.put(opened.id(), opened);
    return opened;
  }

  /// Records the first event, unless an attempt that ended in an error has recorded it after all.
  private void open(SignedDocument document, Path room) {
    try (var ledger = ledger(room, document.digest());
        Secret root = Secret.random(32)) {
      if (ledger.log().head().size() == 0) {
        var authority = authorities.create(document.digest(), root, clock.instant());
        ledger.append(
            clock.instant().truncatedTo(ChronoUnit.MILLIS),
            new Event.Opened(document, Bytes.of(root.expose()), authority.certificate().encoded()));
      }
    }
  }

  private Path place(Digest name) {
    return folder.resolve(name.toString().substring("sha256:".length()));
  }

  private static Optional<Digest> name(Path room) {
    String name = room.getFileName().toString();
    return name.matches("[0-9a-f]{64}")
        ? Optional.of(Digest.parse("sha256:" + name))
        : Optional.empty();
  }

  private RoomLedger ledger(Path room, Digest name) {
    Store store = LedgerFile.open(room.resolve("ledger"));
    boolean opened = false;
    try (Secret root = attester.sealingRoot()) {
      Secret key = root.derive("cloister/ledger/v1", Bytes.of(name.toArray()), 32);
      var ledger = new RoomLedger(store, key);
      opened = true;
      return ledger;
    } finally {
      if (!opened) {
        store.close();
      }
    }
  }

  /// State is the fold of the ledger; nothing else is read. A ledger without entries is a
  /// collaboration whose opening was cut off: nobody was told of it.
  private Optional<HostedRoom> open(Path folder, Digest name) {
    RoomLedger ledger = ledger(folder, name);
    boolean opened = false;
    try {
      var room = open(ledger, folder, name);
      opened = room.isPresent();
      return room;
    } finally {
      if (!opened) {
        ledger.close();
      }
    }
  }

  private Optional<HostedRoom> open(RoomLedger ledger, Path folder, Digest name) {
    Path sealed = folder.resolve("data");
    if (ledger.log().head().size() == 0) {
      if (Files.exists(sealed)) {
        throw new LedgerException("a room with a place for data has had a ledger");
      }
      return Optional.empty();
    }
    var state = new RoomState();
    ledger.replay(entry -> state.apply(entry.index(), entry.at(), entry.event()));
    state.endRuns();
    if (!state.id().equals(name)) {
      throw new CloisterException(
          ErrorCode.LEDGER_CORRUPT, "a ledger lies in the place of another collaboration's");
    }
    Secret root = Secret.of(state.rootSecret().toArray());
    CertificateAuthority authority = authorities.resume(name, root, state.authority());
    var data = engines.data(sealed);
    return Optional.of(
        new HostedRoom(
            ledger, state, new RoomKeys(root, authority), clock, attester, uploads, data, engines));
  }

  @Override
  public void close() {
    closing.countDown();
    rooms.values().forEach(HostedRoom::close);
  }
}
