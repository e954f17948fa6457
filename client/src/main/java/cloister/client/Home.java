package cloister.client;

import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.OpeningKey;
import cloister.crypto.Secret;
import cloister.crypto.SigningKey;
import cloister.ledger.SignedCheckpoint;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.room.Collaboration;
import cloister.room.Name;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/// A participant's folder: its name, its two keys, and what it knows of each collaboration.
///
/// ```
/// participant.json            the name
/// signing.key, opening.key    PKCS#8 and the seed that opens answers; mode 600, or refused
/// collaborations/NAME.json    see [Membership]
/// uploads/                    sealed parts of uploads that are not finished
/// policies/                   see [Policies]
/// collateral.json             see [CollateralStore]
/// ```
///
/// Several processes may use one home at once.
public final class Home {
  private static final String PARTICIPANT = "participant.json";
  private static final String SIGNING_KEY = "signing.key";
  private static final String OPENING_KEY = "opening.key";
  private static final int MAX_KEY_BYTES = 16 * 1024;
  private static final int MAX_MEMBERSHIP_BYTES = 4 << 20;

  private static final Object WITHIN_THIS_PROCESS = new Object();

  private final Path folder;
  private final Name participant;
  private final SigningKey signingKey;
  private final OpeningKey openingKey;

  private Home(Path folder, Name participant, SigningKey signingKey, OpeningKey openingKey) {
    this.folder = folder;
    this.participant = participant;
    this.signingKey = signingKey;
    this.openingKey = openingKey;
  }

  /// Makes a home with fresh keys. An existing one is left alone: keys that are gone cannot be made
  /// again.
  public static Home create(Path folder, Name participant) {
    try {
      PrivateFiles.createFolder(folder);
      if (Files.exists(folder.resolve(PARTICIPANT)) || Files.exists(folder.resolve(SIGNING_KEY))) {
        throw new CloisterException(
            ErrorCode.HOME_INVALID,
            folder + " is a participant's home already; choose another folder with --home");
      }
      PrivateFiles.createFolder(folder.resolve("collaborations"));
      PrivateFiles.createFolder(folder.resolve("uploads"));
      writeKey(folder.resolve(SIGNING_KEY), SigningKey.generate().encoded());
      writeKey(folder.resolve(OPENING_KEY), OpeningKey.generate().encoded());
      // Last: a home without it is not one yet, so an interrupted start can be deleted safely.
      PrivateFiles.write(
          folder.resolve(PARTICIPANT),
          Json.object().put("participant", participant.value()).put("version", 1).canonical());
      return open(folder);
    } catch (IOException e) {
      throw unusable(folder, e);
    }
  }

  public static Home open(Path folder) {
    try {
      Json.Fields fields =
          Json.parseFields(
              PrivateFiles.read(folder.resolve(PARTICIPANT), MAX_KEY_BYTES),
              MAX_KEY_BYTES,
              PARTICIPANT);
      Name participant = fields.parsed("participant", 63, Name::new);
      fields.count("version", 1, 1);
      fields.noOther();
      return new Home(
          folder,
          participant,
          SigningKey.decode(readKey(folder.resolve(SIGNING_KEY))),
          OpeningKey.decode(readKey(folder.resolve(OPENING_KEY))));
    } catch (NoSuchFileException e) {
      throw new CloisterException(
          ErrorCode.HOME_INVALID,
          "there is no participant's home in " + folder + "; `cloister init NAME` makes one",
          e);
    } catch (IOException e) {
      throw unusable(folder, e);
    } catch (CryptoException e) {
      throw new CloisterException(
          ErrorCode.HOME_INVALID, "the keys in " + folder + " cannot be read", e);
    }
  }

  /// The collateral of a home that need not be there yet: an absent one has none.
  public static CollateralStore collateralIn(Path folder) {
    return new CollateralStore(folder);
  }

  /// The same to write to: makes the folder, in which `create` can make a home later.
  public static CollateralStore collateralMadeIn(Path folder) {
    try {
      PrivateFiles.createFolder(folder);
      return new CollateralStore(folder);
    } catch (IOException e) {
      throw unusable(folder, e);
    }
  }

  private static void writeKey(Path file, Secret key) throws IOException {
    byte[] bytes = key.expose();
    try (key) {
      PrivateFiles.write(file, bytes);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  private static Secret readKey(Path file) throws IOException {
    byte[] bytes = PrivateFiles.read(file, MAX_KEY_BYTES);
    try {
      return Secret.of(bytes);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  private static CloisterException unusable(Path folder, IOException e) {
    return new CloisterException(
        ErrorCode.HOME_INVALID, "the home folder " + folder + " cannot be read or written", e);
  }

  public Path folder() {
    return folder;
  }

  public Name participant() {
    return participant;
  }

  /// The name of the signing key, by which collaborations know this participant.
  public Digest thumbprint() {
    return signingKey.verifyingKey().thumbprint();
  }

  /// What this home demands of evidence.
  public Policies policies() {
    return new Policies(folder);
  }

  /// What this home verifies evidence with.
  public CollateralStore collateral() {
    return new CollateralStore(folder);
  }

  SigningKey signingKey() {
    return signingKey;
  }

  OpeningKey openingKey() {
    return openingKey;
  }

  Path uploads() {
    return folder.resolve("uploads");
  }

  /// The names of the collaborations that this home knows.
  public List<Name> collaborations() {
    return memberships().stream().map(Membership::name).toList();
  }

  private List<Membership> memberships() {
    try (var files = Files.list(folder.resolve("collaborations"))) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(".json"))
          .filter(file -> !file.getFileName().toString().startsWith("."))
          .sorted()
          .map(Home::read)
          .toList();
    } catch (IOException e) {
      throw unusable(folder, e);
    }
  }

  /// What this participant has signed: the version that it has seen in force, else the newest.
  ///
  /// @param name may be left out when the home knows one collaboration only
  /// @return empty when it is not clear which is meant
  public Optional<Collaboration> agreed(Optional<Name> name) {
    return name.flatMap(this::find)
        .or(() -> {
          List<Membership> all = memberships();
          return name.isEmpty() && all.size() == 1 ? Optional.of(all.getFirst()) : Optional.empty();
        })
        .map(Membership::agreed);
  }

  /// The named collaboration; without a name the only one there is.
  Membership membership(Optional<Name> name) {
    if (name.isPresent()) {
      return find(name.get())
          .orElseThrow(() ->
              new CloisterException(
                  ErrorCode.COLLABORATION_UNKNOWN,
                  "this home knows no collaboration " + name.get() + known()));
    }
    List<Membership> all = memberships();
    if (all.size() == 1) {
      return all.getFirst();
    }
    throw new CloisterException(
        ErrorCode.COLLABORATION_UNKNOWN,
        all.isEmpty()
            ? "this home takes part in no collaboration; sign one with `cloister sign FILE --enclave"
                + " URL`"
            : "this home knows several collaborations; choose one with --collaboration" + known());
  }

  Optional<Membership> find(Name name) {
    Path file = file(name);
    return Files.exists(file) ? Optional.of(read(file)) : Optional.empty();
  }

  private String known() {
    List<Membership> all = memberships();
    return all.isEmpty()
        ? ""
        : all.stream()
            .map(membership -> membership.name().value())
            .collect(Collectors.joining(", ", " (", ")"));
  }

  /// Writes down a collaboration, and returns it. One that the home knows already stays as it is,
  /// and is what is returned.
  Membership add(Membership membership) {
    var known = new Membership[] {membership};
    exclusively(() -> {
      Path file = file(membership.name());
      if (Files.exists(file)) {
        known[0] = read(file);
        if (!known[0].id().equals(membership.id())) {
          throw new FileAlreadyExistsException(file.toString());
        }
      } else {
        PrivateFiles.write(file, membership.json().canonical());
      }
    });
    return known[0];
  }

  /// Changes what is known of a collaboration, and returns it. Other processes of this home wait: a
  /// checkpoint that one of them saw is never lost to another.
  Membership change(Name name, UnaryOperator<Membership> change) {
    var changed = new Membership[1];
    exclusively(() -> {
      Membership before = read(file(name));
      changed[0] = change.apply(before);
      if (!changed[0].equals(before)) {
        PrivateFiles.write(file(name), changed[0].json().canonical());
      }
    });
    return changed[0];
  }

  private interface FileWork {
    void run() throws IOException;
  }

  private void exclusively(FileWork work) {
    // A file lock is the whole process's: threads take turns before they come to it.
    synchronized (WITHIN_THIS_PROCESS) {
      try (var channel =
              FileChannel.open(
                  folder.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          var _ = channel.lock()) {
        work.run();
      } catch (IOException e) {
        throw unusable(folder, e);
      }
    }
  }

  /// Keeps two signed checkpoints that cannot both be true: whoever holds the enclave's key sees
  /// that it lied.
  void keepAccusation(Name collaboration, String seen, SignedCheckpoint refused) {
    try {
      PrivateFiles.write(
          folder.resolve("collaborations").resolve(collaboration + ".accusation"),
          (seen + "\n" + refused.format()).getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw unusable(folder, e);
    }
  }

  private Path file(Name collaboration) {
    return folder.resolve("collaborations").resolve(collaboration + ".json");
  }

  private static Membership read(Path file) {
    try {
      return Membership.parse(PrivateFiles.read(file, MAX_MEMBERSHIP_BYTES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
