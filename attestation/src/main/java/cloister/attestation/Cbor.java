package cloister.attestation;

import cloister.crypto.Bytes;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A CBOR data item (RFC 8949), as strict as signed evidence allows: shortest integers and lengths
/// (§4.2.1), no duplicate keys, keys that are integers or texts, no floats, bounded depth and
/// count. Indefinite lengths are read for arrays and maps alone: AWS writes them.
sealed interface Cbor {
  int MAX_DEPTH = 16;
  int MAX_ITEMS = 10_000;

  record Int(long value) implements Cbor {}

  record ByteString(Bytes value) implements Cbor {}

  record Text(String value) implements Cbor {}

  record Array(List<Cbor> elements) implements Cbor {
    public Array {
      elements = List.copyOf(elements);
    }
  }

  /// Keys are [Int] or [Text].
  record Dictionary(Map<Cbor, Cbor> entries) implements Cbor {
    public Dictionary {
      entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
    }

    Optional<Cbor> get(String key) {
      return Optional.ofNullable(entries.get(new Text(key)));
    }

    Optional<Cbor> get(long key) {
      return Optional.ofNullable(entries.get(new Int(key)));
    }
  }

  record Tagged(long tag, Cbor content) implements Cbor {}

  record Bool(boolean value) implements Cbor {}

  record Null() implements Cbor {}

  /// Parses one item and nothing after it.
  ///
  /// @param what names it in errors
  static Cbor parse(String what, Bytes bytes) throws EvidenceException {
    var reader = new Reader(what, bytes);
    Cbor item = reader.item(0);
    reader.end();
    return item;
  }

  final class Reader {
    private static final int INDEFINITE = 31;
    private final String what;
    private final byte[] bytes;
    private int at;
    private int items;

    private Reader(String what, Bytes bytes) {
      this.what = what;
      this.bytes = bytes.toArray();
    }

    private void end() throws EvidenceException {
      if (at != bytes.length) {
        throw bad((bytes.length - at) + " bytes follow the item");
      }
    }

    private Cbor item(int depth) throws EvidenceException {
      if (depth > MAX_DEPTH) {
        throw bad("nested deeper than " + MAX_DEPTH);
      }
      if (++items > MAX_ITEMS) {
        throw bad("more than " + MAX_ITEMS + " items");
      }
      int initial = next();
      int major = initial >>> 5;
      int minor = initial & 0x1f;
      return switch (major) {
        case 0 -> new Int(argument(minor));
        case 1 -> new Int(-1 - argument(minor));
        case 2 -> new ByteString(string(minor));
        case 3 -> new Text(text(minor));
        case 4 -> array(minor, depth);
        case 5 -> map(minor, depth);
        case 6 -> {
          long tag = argument(minor);
          yield new Tagged(tag, item(depth + 1));
        }
        default -> simple(minor);
      };
    }

    private static Cbor simpleValue(int minor) {
      return switch (minor) {
        case 20 -> new Bool(false);
        case 21 -> new Bool(true);
        default -> new Null();
      };
    }

    private Cbor simple(int minor) throws EvidenceException {
      if (minor < 20 || minor > 22) {
        throw bad("a float or an unknown simple value");
      }
      return simpleValue(minor);
    }

    private Array array(int minor, int depth) throws EvidenceException {
      var elements = new ArrayList<Cbor>();
      if (minor == INDEFINITE) {
        while (!isBreak()) {
          elements.add(item(depth + 1));
        }
      } else {
        long count = count(minor, 1);
        for (long i = 0; i < count; i++) {
          elements.add(item(depth + 1));
        }
      }
      return new Array(elements);
    }

    private Dictionary map(int minor, int depth) throws EvidenceException {
      var entries = new LinkedHashMap<Cbor, Cbor>();
      long count = minor == INDEFINITE ? Long.MAX_VALUE : count(minor, 2);
      for (long i = 0; i < count; i++) {
        if (minor == INDEFINITE && isBreak()) {
          break;
        }
        Cbor key = item(depth + 1);
        if (!(key instanceof Int || key instanceof Text)) {
          throw bad("a key that is neither a number nor a text");
        }
        if (entries.put(key, item(depth + 1)) != null) {
          throw bad("the same key twice");
        }
      }
      return new Dictionary(entries);
    }

    /// A count that cannot be true, because so many items need more bytes than are left, ends it
    /// before anything is allocated.
    private long count(int minor, int leastBytesEach) throws EvidenceException {
      long count = argument(minor);
      if (count > (bytes.length - at) / leastBytesEach) {
        throw bad("more items announced than there is room for");
      }
      return count;
    }

    private boolean isBreak() throws EvidenceException {
      if (at >= bytes.length) {
        throw bad("it ends early");
      }
      if (bytes[at] == (byte) 0xff) {
        at++;
        return true;
      }
      return false;
    }

    private Bytes string(int minor) throws EvidenceException {
      long length = argument(minor);
      if (length > bytes.length - at) {
        throw bad("a string longer than what is left");
      }
      int from = at;
      at += (int) length;
      return Bytes.of(Arrays.copyOfRange(bytes, from, at));
    }

    private String text(int minor) throws EvidenceException {
      try {
        return StandardCharsets.UTF_8
            .newDecoder()
            .decode(ByteBuffer.wrap(string(minor).toArray()))
            .toString();
      } catch (CharacterCodingException e) {
        throw new EvidenceException(what + ": a text that is not UTF-8", e);
      }
    }

    /// The argument of the initial byte (RFC 8949 §3), below 2⁶³ and in its shortest form.
    private long argument(int minor) throws EvidenceException {
      if (minor < 24) {
        return minor;
      }
      if (minor > 27) {
        throw bad("an indefinite or reserved length");
      }
      int size = 1 << (minor - 24);
      long value = 0;
      for (int i = 0; i < size; i++) {
        value = (value << 8) | next();
      }
      long least = size == 1 ? 24 : 1L << (4 * size);
      if (value < least) {
        throw bad(value < 0 ? "a number of 2⁶³ or more" : "a number not in its shortest form");
      }
      return value;
    }

    private int next() throws EvidenceException {
      if (at >= bytes.length) {
        throw bad("it ends early");
      }
      return Byte.toUnsignedInt(bytes[at++]);
    }

    private EvidenceException bad(String problem) {
      return new EvidenceException(what + ": " + problem + ", at byte " + at);
    }
  }
}
