package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.crypto.CertificateAuthority;
import cloister.crypto.Digest;
import cloister.crypto.Secret;
import cloister.ledger.Store;
import cloister.protocol.Answered;
import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.EnclaveChannel;
import cloister.protocol.ErrorCode;
import cloister.protocol.SignedDocument;
import cloister.protocol.SignedRequest;
import java.nio.file.Path;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The collaborations that this enclave hosts, each in a folder of its own. A collaboration is
/// named by the digest of its first version, so a name that two of them share confuses nobody.
final class Rooms implements Sessions.Handler, AutoCloseable {
  private static final int MAX_ROOMS = 256;

  private final Path folder;
  private final Platform platform;
  private final InstantSource clock;
  private final Engines engines;
  private final Authorities authorities;
  private final Uploads uploads;
  private final Map<Digest, HostedRoom> rooms = new ConcurrentHashMap<>();

  Rooms(
      Path folder,
      Platform platform,
      InstantSource clock,
      Engines engines,
      Authorities authorities,
      Uploads uploads) {
    this.folder = folder;
    this.platform = platform;
    this.clock = clock;
    this.engines = engines;
    this.authorities = authorities;
    this.uploads = uploads;
    for (Path room : Disk.list(folder)) {
      open(room, name(room)).ifPresent(opened -> rooms.put(opened.id(), opened));
    }
  }

  @Override
  public Answered handle(
      SignedRequest request, SignedRequest.Content content, EnclaveChannel channel) {
    HostedRoom room = rooms.get(content.collaboration());
    if (room == null) {
      room = found(request, content);
    }
    return room.handle(request, content, channel);
  }

  @Override
  public boolean names(Digest collaboration, Digest thumbprint) {
    HostedRoom room = rooms.get(collaboration);
    return room != null && room.locked(() -> room.state.participant(thumbprint)).isPresent();
  }

  /// The first proposal of a collaboration makes its room.
  private synchronized HostedRoom found(SignedRequest request, SignedRequest.Content content) {
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
    if (rooms.size() >= MAX_ROOMS) {
      throw new CloisterException(ErrorCode.TOO_BUSY, "this enclave hosts its most collaborations");
    }
    Path room = folder.resolve(document.digest().toString().substring("sha256:".length()));
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

  private static Digest name(Path room) {
    return Digest.parse("sha256:" + room.getFileName());
  }

  private RoomLedger ledger(Path room, Digest name) {
    Store store = LedgerFile.open(room.resolve("ledger"));
    try (Secret root = platform.sealingRoot()) {
      Secret key = root.derive("cloister/ledger/v1", Bytes.of(name.toArray()), 32);
      return new RoomLedger(store, key);
    }
  }

  /// State is the fold of the ledger; nothing else is read. A ledger without entries is a
  /// collaboration whose opening was cut off: nobody was told of it.
  private Optional<HostedRoom> open(Path folder, Digest name) {
    RoomLedger ledger = ledger(folder, name);
    if (ledger.log().head().size() == 0) {
      ledger.close();
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
    var data = engines.data(folder.resolve("data"));
    return Optional.of(
        new HostedRoom(
            ledger, state, new RoomKeys(root, authority), clock, platform, uploads, data, engines));
  }

  @Override
  public void close() {
    rooms.values().forEach(HostedRoom::close);
  }
}
