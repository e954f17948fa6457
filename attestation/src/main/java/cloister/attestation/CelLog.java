package cloister.attestation;

import cloister.crypto.Bytes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// What Confidential Space extended into RTMR3 or PCR13 about the container that it started: a
/// canonical event log (TCG CEL, TLV encoding) with Google's content type 80. Type, length and
/// value nest: one byte, four big-endian bytes, and the value.
///
/// Every digest is recomputed from its content, so that what is here is what was measured, once
/// [#replay] is what the hardware quotes.
record CelLog(EventLog.Algorithm algorithm, List<Event> events) {
  private static final int MAX_BYTES = 1 << 20;
  private static final int MAX_EVENTS = 10_000;
  private static final int RECORD_NUMBER = 0;
  private static final int PCR = 1;
  private static final int DIGESTS = 3;
  private static final int CONTENT = 80;
  private static final int CCMR = 108;

  /// What an event is about, by its number in Google's launcher.
  enum Subject {
    IMAGE_REFERENCE(0),
    IMAGE_DIGEST(1),
    RESTART_POLICY(2),
    IMAGE_ID(3),
    ARGUMENT(4),
    ENVIRONMENT(5),
    OVERRIDDEN_ARGUMENT(6),
    OVERRIDDEN_ENVIRONMENT(7),
    /// Nothing comes after it. What it holds is an error; empty, the container was started.
    LAUNCH_SEPARATOR(8),
    MEMORY_MONITOR(9),
    GPU_MODE(10),
    GPU_BINDING(11);

    private final int code;

    Subject(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }

    static Optional<Subject> byCode(int code) {
      return Arrays.stream(values()).filter(subject -> subject.code == code).findFirst();
    }
  }

  /// Which kind of register a number is of.
  enum Bank {
    /// Of a TPM.
    PCR,
    /// Of confidential hardware: of a trust domain 1 to 4 for RTMR0 to RTMR3.
    CCMR
  }

  /// @param digest of the whole content, its type and length included
  record Event(Bank bank, int register, Subject subject, String value, Bytes digest) {}

  CelLog {
    events = List.copyOf(events);
  }

  /// @throws EvidenceException if it is malformed, its records are not numbered from 0, a digest is
  ///   not that of its content, or it does not tell of exactly one image that was started
  static CelLog parse(Bytes log, EventLog.Algorithm algorithm) throws EvidenceException {
    if (log.size() > MAX_BYTES) {
      throw new EvidenceException("a CEL has at most %d bytes".formatted(MAX_BYTES));
    }
    Cursor at = Cursor.bigEndian("CEL", log);
    var events = new ArrayList<Event>();
    while (at.remaining() > 0) {
      if (events.size() == MAX_EVENTS) {
        throw at.bad("an event", "is one too many");
      }
      if (!events.isEmpty() && events.getLast().subject() == Subject.LAUNCH_SEPARATOR) {
        throw at.bad("an event", "follows the launch separator");
      }
      events.add(event(at, events.size(), algorithm));
    }
    var parsed = new CelLog(algorithm, events);
    if (parsed.values(Subject.IMAGE_DIGEST).size() != 1) {
      throw at.bad("image digest", "is there more than once, or not at all");
    }
    if (!parsed.values(Subject.LAUNCH_SEPARATOR).equals(List.of(""))) {
      throw at.bad("launch separator", "is missing, or says that the launch failed");
    }
    return parsed;
  }

  private static Event event(Cursor at, int number, EventLog.Algorithm algorithm)
      throws EvidenceException {
    // 1. The record's number: none is left out, and none comes twice.
    Cursor first = at.structure("record number", length(at, RECORD_NUMBER));
    if (first.u64("record number") != number) {
      throw at.bad("record number", "is not " + number);
    }
    first.end();
    // 2. The register.
    int kind = at.u8("type of the register");
    if (kind != PCR && kind != CCMR) {
      throw at.bad("type of the register", "is " + kind);
    }
    Cursor register = at.structure("register", at.u32("length of the register"));
    int index = register.u8("register");
    register.end();
    // 3. The digests, and the content that they are of.
    Cursor digests = at.structure("digests", length(at, DIGESTS));
    Bytes value = at.bytes("content", length(at, CONTENT));
    Bytes content = Bytes.concat(Bytes.of(header(CONTENT, value.size())), value);
    Bytes digest = digest(digests, content, algorithm);
    // 4. What it says.
    Cursor event = Cursor.bigEndian("CEL event", value);
    int type = event.u8("event type");
    Optional<Subject> subject = Subject.byCode(type);
    if (subject.isEmpty()) {
      throw event.bad("event type", "is " + type + ", which this version does not know");
    }
    Bytes text = event.bytes("event", event.u32("event length"));
    event.end();
    return new Event(
        kind == PCR ? Bank.PCR : Bank.CCMR,
        index,
        subject.get(),
        new String(text.toArray(), StandardCharsets.UTF_8),
        digest);
  }

  private static long length(Cursor at, int type) throws EvidenceException {
    int found = at.u8("type");
    if (found != type) {
      throw at.bad("type", "is %d, not %d".formatted(found, type));
    }
    return at.u32("length");
  }

  private static Bytes digest(Cursor digests, Bytes content, EventLog.Algorithm algorithm)
      throws EvidenceException {
    Optional<Bytes> wanted = Optional.empty();
    while (digests.remaining() > 0) {
      int id = digests.u8("digest algorithm");
      Bytes found = digests.bytes("digest", digests.u32("digest length"));
      Optional<EventLog.Algorithm> known = EventLog.Algorithm.byId(id);
      if (known.isPresent() && !known.get().digest(content).equals(found)) {
        throw digests.bad("digest", "is not that of the content");
      }
      if (known.filter(algorithm::equals).isPresent()) {
        wanted = Optional.of(found);
      }
    }
    return wanted.orElseThrow(() -> digests.bad("digests", "have none of " + algorithm));
  }

  private static byte[] header(int type, int length) {
    return ByteBuffer.allocate(5).put((byte) type).putInt(length).array();
  }

  /// What the register holds if the log is whole: from zero, every digest extended.
  Bytes replay(Bank bank, int register) {
    Bytes value = Bytes.of(new byte[algorithm.bytes()]);
    for (Event event : events) {
      if (event.bank() == bank && event.register() == register) {
        value = algorithm.digest(value, event.digest());
      }
    }
    return value;
  }

  /// What the events about a subject say, in order.
  List<String> values(Subject subject) {
    return events.stream().filter(event -> event.subject() == subject).map(Event::value).toList();
  }
}
