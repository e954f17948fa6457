package cloister.attestation;

import cloister.crypto.Bytes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A log of what firmware and loader extended into registers (TCG PC Client Platform Firmware
/// Profile §10, the crypto-agile form; of a trust domain the same in the ACPI table CCEL).
/// Replaying it proves its digests and nothing else: an event's type is not measured, and its data
/// only where the digest is that of the data.
record EventLog(Algorithm algorithm, List<Event> events) {
  static final int MAX_BYTES = 4 << 20;
  private static final int MAX_EVENTS = 10_000;
  private static final int MAX_ALGORITHMS = 8;
  private static final long NO_ACTION = 3;
  private static final long SEPARATOR = 4;
  private static final long END = 0xffff_ffffL;

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
  /// @param digest of the log's algorithm
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
    Cursor at = Cursor.littleEndian("event log", log);
    Map<Integer, Integer> sizes = header(at);
    if (!sizes.containsKey(algorithm.id)) {
      throw at.bad("header", "names no digests of " + algorithm.name);
    }
    var events = new ArrayList<Event>();
    Set<Integer> separated = new HashSet<>();
    while (at.remaining() >= 12) {
      long register = at.u32("register");
      long type = at.u32("event type");
      if (register == END || (register == 0 && type == 0)) {
        break;
      }
      if (events.size() == MAX_EVENTS || register > 64) {
        throw at.bad("an event", "is one too many, or of a register that there is not");
      }
      Event event = event(at, (int) register, type, algorithm, sizes);
      if (type == SEPARATOR && !separated.add(event.register())) {
        throw new EvidenceException("event log: duplicate separator in register " + register);
      }
      events.add(event);
    }
    return new EventLog(algorithm, events);
  }

  private static Event event(
      Cursor at, int register, long type, Algorithm algorithm, Map<Integer, Integer> sizes)
      throws EvidenceException {
    long count = at.u32("digest count");
    if (count > MAX_ALGORITHMS) {
      throw at.bad("digest count", "is " + count);
    }
    Bytes digest = Bytes.of(new byte[0]);
    for (int i = 0; i < count; i++) {
      int id = at.u16("digest algorithm");
      Integer size = sizes.get(id);
      if (size == null) {
        throw at.bad("digest algorithm", "is one that the header does not name");
      }
      Bytes found = at.bytes("digest", size);
      if (id == algorithm.id) {
        digest = found;
      }
    }
    if (digest.size() != algorithm.bytes && type != NO_ACTION) {
      throw at.bad("an event", "has no digest of " + algorithm.name);
    }
    return new Event(register, type, digest, at.bytes("event data", at.u32("event size")));
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
      for (Algorithm known : Algorithm.values()) {
        if (known.id == id && known.bytes != size) {
          throw header.bad("digest size", "is not that of " + known.name);
        }
      }
      sizes.put(id, size);
    }
    header.bytes("vendor information", header.u8("size of the vendor information"));
    header.end();
    return sizes;
  }

  /// What the register holds if the log is whole: from zero, every digest extended.
  Bytes replay(int register) {
    Bytes value = Bytes.of(new byte[algorithm.bytes]);
    for (Event event : events) {
      if (event.register() == register && event.type() != NO_ACTION) {
        value = algorithm.digest(value, event.digest());
      }
    }
    return value;
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
      if (i == 3 && !parsed.mentions(i + 1)) {
        checks.noted(name, "the log says nothing of RTMR3");
      } else {
        checks.require(
            name,
            parsed.replay(i + 1).equals(domain.rtmrs().get(i)),
            "the log replays to RTMR" + i,
            "the log replays to another RTMR%d than the quote's".formatted(i));
      }
    }
  }
}
