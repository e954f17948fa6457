package cloister.attestation;

import cloister.crypto.Bytes;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Reads DER (X.690) inside certificates' extensions: definite lengths in their shortest form,
/// primitive types by name. Certificates themselves are parsed by the JDK.
final class Der {
  static final int SEQUENCE = 0x30;
  static final int SET = 0x31;
  static final int INTEGER = 0x02;
  static final int OCTET_STRING = 0x04;
  static final int OBJECT_IDENTIFIER = 0x06;
  static final int ENUMERATED = 0x0a;
  static final int UTF8_STRING = 0x0c;
  static final int PRINTABLE_STRING = 0x13;
  static final int IA5_STRING = 0x16;
  static final int BOOLEAN = 0x01;

  private final String what;
  private final byte[] bytes;
  private int at;
  private final int end;

  private Der(String what, byte[] bytes, int from, int end) {
    this.what = what;
    this.bytes = bytes;
    this.at = from;
    this.end = end;
  }

  static Der of(String what, Bytes bytes) {
    return new Der(what, bytes.toArray(), 0, bytes.size());
  }

  boolean hasMore() {
    return at < end;
  }

  /// The identifier octet of the next element, without reading it.
  int tag() throws EvidenceException {
    if (at >= end) {
      throw bad("ends early");
    }
    return Byte.toUnsignedInt(bytes[at]);
  }

  /// The content of the next element, which has this tag.
  Der inside(int tag) throws EvidenceException {
    if (tag() != tag) {
      throw bad("has tag 0x%02x where 0x%02x was expected".formatted(tag(), tag));
    }
    at++;
    int length = length();
    if (length > end - at) {
      throw bad("has an element that is longer than what holds it");
    }
    var inner = new Der(what, bytes, at, at + length);
    at += length;
    return inner;
  }

  Der sequence() throws EvidenceException {
    return inside(SEQUENCE);
  }

  /// The content of the next element, whatever it is.
  Bytes any() throws EvidenceException {
    return inside(tag()).content();
  }

  Bytes octetString() throws EvidenceException {
    return inside(OCTET_STRING).content();
  }

  /// Not negative, and below 2³¹.
  int integer() throws EvidenceException {
    return small(INTEGER);
  }

  int enumerated() throws EvidenceException {
    return small(ENUMERATED);
  }

  boolean flag() throws EvidenceException {
    Bytes content = inside(BOOLEAN).content();
    if (content.size() != 1) {
      throw bad("has a boolean that is not one byte");
    }
    return content.toArray()[0] != 0;
  }

  String text(int tag) throws EvidenceException {
    return new String(inside(tag).content().toArray(), StandardCharsets.UTF_8);
  }

  /// In dotted form.
  String objectIdentifier() throws EvidenceException {
    byte[] content = inside(OBJECT_IDENTIFIER).content().toArray();
    if (content.length == 0 || content.length > 64) {
      throw bad("has an object identifier of " + content.length + " bytes");
    }
    var dotted = new StringBuilder();
    long arc = 0;
    for (byte b : content) {
      if (arc > Long.MAX_VALUE >> 8) {
        throw bad("has an object identifier with too large an arc");
      }
      arc = (arc << 7) | (b & 0x7f);
      if ((b & 0x80) == 0) {
        if (dotted.isEmpty()) {
          long first = Math.min(arc / 40, 2);
          dotted.append(first).append('.').append(arc - first * 40);
        } else {
          dotted.append('.').append(arc);
        }
        arc = 0;
      }
    }
    if ((content[content.length - 1] & 0x80) != 0) {
      throw bad("has an object identifier that is cut off");
    }
    return dotted.toString();
  }

  /// All that is left of this content.
  Bytes content() {
    Bytes all = Bytes.of(Arrays.copyOfRange(bytes, at, end));
    at = end;
    return all;
  }

  void end() throws EvidenceException {
    if (hasMore()) {
      throw bad("has " + (end - at) + " bytes too many");
    }
  }

  private int small(int tag) throws EvidenceException {
    byte[] content = inside(tag).content().toArray();
    if (content.length == 0 || content.length > 5) {
      throw bad("has a number of " + content.length + " bytes");
    }
    BigInteger value = new BigInteger(content);
    if (value.signum() < 0 || value.bitLength() > 31) {
      throw bad("has a number out of range");
    }
    return value.intValue();
  }

  private int length() throws EvidenceException {
    if (at >= end) {
      throw bad("ends early");
    }
    int first = Byte.toUnsignedInt(bytes[at++]);
    if (first < 0x80) {
      return first;
    }
    int octets = first & 0x7f;
    if (octets == 0 || octets > 3 || octets > end - at) {
      throw bad("has a length that DER does not allow");
    }
    int length = 0;
    for (int i = 0; i < octets; i++) {
      length = (length << 8) | Byte.toUnsignedInt(bytes[at++]);
    }
    if (length < 0x80 || (octets > 1 && length >>> (8 * (octets - 1)) == 0)) {
      throw bad("has a length that is not in its shortest form");
    }
    return length;
  }

  private EvidenceException bad(String problem) {
    return new EvidenceException(what + " " + problem);
  }
}
