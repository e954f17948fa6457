package cloister.attestation;

import cloister.crypto.Bytes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// A log of what firmware and loader extended into registers (TCG PC Client Platform Firmware
/// Profile §10, the crypto-agile form; of a trust domain the same in the ACPI table CCEL).
/// Replaying it proves its digests and nothing else: an event's type is not measured, and its data
/// only where the digest is that of the data ([#measuredData]).
record EventLog(Algorithm algorithm, List<Event> events) {
  static final int MAX_BYTES = 4 << 20;
  private static final int MAX_EVENTS = 10_000;
  private static final int MAX_ALGORITHMS = 8;
  private static final int MAX_REGISTER = 64;
  private static final long NO_ACTION = 3;
  private static final long SEPARATOR = 4;

  /// What firmware measures where it hands over to what comes next (§3.3.4.2): 0, or all ones.
  private static final List<Bytes> SEPARATORS =
      List.of(Bytes.of(new byte[4]), Bytes.hex("ffffffff"));

  /// An event that says from which locality a TPM was started: PCR0 begins with that number.
  private static final Bytes STARTUP_LOCALITY = Bytes.utf8("StartupLocality\0");

  /// Of the bank that is replayed (TCG Algorithm Registry).
  enum Algorithm {
    SHA256(0x000b, "SHA-256", 32),
    SHA384(0x000c, "SHA-384", 48);

    private final int id;
    private final String name;
    private final int bytes;

    Algorithm(int id, String name, int bytes) {
      this.id = id;
      this.name = name;
      this.bytes = bytes;
    }

    static Optional<Algorithm> byId(int id) {
      return Arrays.stream(values()).filter(one -> one.id == id).findFirst();
    }

    int bytes() {
      return bytes;
    }

    Bytes digest(Bytes... parts) {
      try {
        var digest = MessageDigest.getInstance(name);
        for (Bytes part : parts) {
          digest.update(part.toArray());
        }
        return Bytes.of(digest.digest());
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every JDK has " + name, e);
      }
    }
  }

  /// @param register of a TPM the PCR; of a trust domain 0 for MRTD, and 1 to 4 for RTMR0 to RTMR3
  /// @param type what the log says it is; nothing vouches for it
  /// @param digest of the log's algorithm
  /// @param data what the log says about it; see [#measuredData]
  record Event(int register, long type, Bytes digest, Bytes data) {}

  EventLog {
    events = List.copyOf(events);
  }

  /// @throws EvidenceException if it is malformed, has no digests of that algorithm, or has a
  ///   second separator in a register: what comes after the first was not measured by firmware
  static EventLog parse(Bytes log, Algorithm algorithm) throws EvidenceException {
    if (log.size() > MAX_BYTES) {
      throw new EvidenceException("an event log has at most %d bytes".formatted(MAX_BYTES));
    }
    int end = withoutPadding(log.toArray());
    Cursor at = Cursor.littleEndian("event log", log);
    Map<Integer, Integer> sizes = header(at);
    if (!sizes.containsKey(algorithm.id)) {
      throw at.bad("header", "names no digests of " + algorithm.name);
    }
    var events = new ArrayList<Event>();
    Set<Bytes> separators =
        SEPARATORS.stream().map(algorithm::digest).collect(Collectors.toUnmodifiableSet());
    var separated = new HashSet<Integer>();
    while (at.position() < end) {
      if (events.size() == MAX_EVENTS) {
        throw at.bad("an event", "is one too many");
      }
      Event event = event(at, algorithm, sizes);
      // By its type or by what it measured: nothing vouches for the type, so that another could
      // hide one.
      boolean separates =
          event.type() == SEPARATOR
              || (event.type() != NO_ACTION && separators.contains(event.digest()));
      if (separates && !separated.add(event.register())) {
        throw new EvidenceException(
            "event log: duplicate separator in register " + event.register());
      }
      events.add(event);
    }
    return new EventLog(algorithm, events);
  }

  /// Firmware keeps the log in a larger buffer, which it filled with ones or with zeros before.
  ///
  /// @return where the last byte is that may be an event's; an event may end in such bytes too
  private static int withoutPadding(byte[] log) {
    int end = log.length;
    if (end > 0 && (log[end - 1] == 0 || log[end - 1] == (byte) 0xff)) {
      byte padding = log[end - 1];
      while (end > 0 && log[end - 1] == padding) {
        end--;
      }
    }
    return end;
  }

  private static Event event(Cursor at, Algorithm algorithm, Map<Integer, Integer> sizes)
      throws EvidenceException {
    long register = at.u32("register");
    if (register > MAX_REGISTER) {
      throw at.bad("an event", "is of a register that there is not, " + register);
    }
    long type = at.u32("event type");
    long count = at.u32("digest count");
    if (count > MAX_ALGORITHMS) {
      throw at.bad("digest count", "is " + count);
    }
    Bytes digest = Bytes.of(new byte[0]);
    Set<Integer> seen = new HashSet<>();
    for (int i = 0; i < count; i++) {
      int id = at.u16("digest algorithm");
      Integer size = sizes.get(id);
      if (size == null || !seen.add(id)) {
        throw at.bad("digest algorithm", "is one that the header does not name, or named twice");
      }
      Bytes found = at.bytes("digest", size);
      if (id == algorithm.id) {
        digest = found;
      }
    }
    if (digest.size() != algorithm.bytes && type != NO_ACTION) {
      throw at.bad("an event", "has no digest of " + algorithm.name);
    }
    return new Event((int) register, type, digest, at.bytes("event data", at.u32("event size")));
  }

  /// The first event, in the old form, says which digests the others have.
  private static Map<Integer, Integer> header(Cursor at) throws EvidenceException {
    at.u32("register");
    if (at.u32("event type") != NO_ACTION) {
      throw at.bad("first event", "is no header");
    }
    at.zeros("digest of the header", 20);
    Cursor header = at.structure("header", at.u32("header size"));
    if (!header.bytes("signature", 16).equals(Bytes.utf8("Spec ID Event03\0"))) {
      throw header.bad("signature", "is not that of a crypto-agile log");
    }
    header.bytes("platform class and version", 8);
    long count = header.u32("number of algorithms");
    if (count > MAX_ALGORITHMS) {
      throw header.bad("number of algorithms", "is " + count);
    }
    var sizes = new HashMap<Integer, Integer>();
    for (int i = 0; i < count; i++) {
      int id = header.u16("algorithm");
      int size = header.u16("digest size");
      if (Algorithm.byId(id).filter(known -> known.bytes != size).isPresent()
          || sizes.put(id, size) != null) {
        throw header.bad("digest size", "is not that of its algorithm, or said twice");
      }
    }
    header.bytes("vendor information", header.u8("size of the vendor information"));
    header.end();
    return sizes;
  }

  /// What the register holds if the log is whole: from its beginning, every digest extended.
  Bytes replay(int register) {
    Bytes value = start(register);
    for (Event event : events) {
      if (event.register() == register && event.type() != NO_ACTION) {
        value = algorithm.digest(value, event.digest());
      }
    }
    return value;
  }

  /// Zero; of PCR0 the locality that started the TPM, in the last byte (§3.3.3).
  private Bytes start(int register) {
    byte[] start = new byte[algorithm.bytes];
    if (register == 0) {
      for (Event event : events) {
        if (event.type() == NO_ACTION
            && event.data().size() == STARTUP_LOCALITY.size() + 1
            && event.data().slice(0, STARTUP_LOCALITY.size()).equals(STARTUP_LOCALITY)) {
          start[start.length - 1] = event.data().toArray()[STARTUP_LOCALITY.size()];
        }
      }
    }
    return Bytes.of(start);
  }

  /// The event's data, if the digest is that of exactly these bytes. Of anything else the data is
  /// what somebody wrote into the log.
  Optional<Bytes> measuredData(Event event) {
    return event.type() != NO_ACTION && algorithm.digest(event.data()).equals(event.digest())
        ? Optional.of(event.data())
        : Optional.empty();
  }

  private boolean mentions(int register) {
    return events.stream().anyMatch(event -> event.register() == register);
  }

  /// Checks that the log explains the registers of a trust domain. RTMR3 is the application's,
  /// which may keep a log of its own.
  static void requireRegisters(Checks checks, String name, Bytes log, TdReport domain) {
    EventLog parsed;
    try {
      parsed = parse(log, Algorithm.SHA384);
    } catch (EvidenceException e) {
      checks.fails(name, String.valueOf(e.getMessage()));
      return;
    }
    for (int i = 0; i < domain.rtmrs().size(); i++) {
      Bytes found = domain.rtmrs().get(i);
      boolean replays = parsed.replay(i + 1).equals(found);
      if (i == 3 && !replays && !parsed.mentions(i + 1)) {
        checks.noted(name, "RTMR3 is " + found.hex() + ", of which the log says nothing");
      } else {
        checks.require(
            name,
            replays,
            "the log replays to RTMR" + i,
            "the log replays to another RTMR%d than the quote's".formatted(i));
      }
    }
  }
}
