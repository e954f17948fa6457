package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// A GET_MEASUREMENTS request and the MEASUREMENTS response to it, as one signed transcript (DMTF
/// DSP0274 version 1.1, §10.11), little-endian, as NVIDIA's driver hands it out.
///
/// ```
/// request   version 0x11, code 0xE0, attributes, operation, nonce (32), slot        37 bytes
/// response  version 0x11, code 0x60, count, slot, blocks, record length (3), record,
///           nonce (32), opaque length (2), opaque, signature (96: P-384, r ‖ s)
/// block     index, specification 1 (DMTF), size (2), type, digest size (2), SHA-384 digest
/// opaque    elements of type (2), length (2), value
/// ```
///
/// @param signed every byte before the signature, as it arrived
/// @param nonce the requester's: the only freshness there is
/// @param blocks digests by index, 1 to 254, in ascending order
/// @param opaque the vendor's elements by type
record SpdmMeasurements(
    Bytes signed,
    Bytes nonce,
    SortedMap<Integer, Bytes> blocks,
    Map<Integer, Bytes> opaque,
    Bytes signature) {
  static final int MAXIMUM_BYTES = 32 * 1024;
  static final int NONCE_BYTES = 32;
  static final int DIGEST_BYTES = 48;

  private static final int SIGNATURE_BYTES = 96;
  private static final int VERSION = 0x11;
  private static final int GET_MEASUREMENTS = 0xe0;
  private static final int MEASUREMENTS = 0x60;
  private static final int SIGNATURE_REQUESTED = 1;
  private static final int ALL_MEASUREMENTS = 0xff;
  private static final int DMTF = 1;

  /// The highest bit of a value's type: not a digest but the bytes themselves.
  private static final int RAW = 0x80;

  SpdmMeasurements {
    blocks = Collections.unmodifiableSortedMap(new TreeMap<>(blocks));
    opaque = Collections.unmodifiableMap(new TreeMap<>(opaque));
    if (nonce.size() != NONCE_BYTES || signature.size() != SIGNATURE_BYTES) {
      throw new IllegalArgumentException("a nonce has 32 bytes and a signature 96");
    }
  }

  static SpdmMeasurements parse(Bytes transcript) throws EvidenceException {
    if (transcript.size() > MAXIMUM_BYTES) {
      throw new EvidenceException(
          "SPDM measurements of %d bytes, and at most %d are read"
              .formatted(transcript.size(), MAXIMUM_BYTES));
    }
    Cursor cursor = Cursor.littleEndian("SPDM measurements", transcript);
    Bytes nonce = request(cursor);
    TreeMap<Integer, Bytes> blocks = blocks(cursor);
    cursor.bytes("the responder's nonce", NONCE_BYTES);
    int opaqueBytes = cursor.u16("the opaque length");
    Map<Integer, Bytes> opaque = opaque(cursor.structure("opaque", opaqueBytes));
    Bytes signed = transcript.slice(0, cursor.position());
    Bytes signature = cursor.bytes("the signature", SIGNATURE_BYTES);
    // Some drivers hand out an even number of bytes; whatever else follows was added by somebody.
    if (cursor.remaining() == 1) {
      cursor.zeros("the byte after the signature", 1);
    }
    cursor.end();
    return new SpdmMeasurements(signed, nonce, blocks, opaque, signature);
  }

  /// A request for all measurements and a signature: of one for fewer, the rest would be missing.
  private static Bytes request(Cursor cursor) throws EvidenceException {
    expect(cursor, "the request's version", VERSION);
    expect(cursor, "the request's code", GET_MEASUREMENTS);
    expect(cursor, "the request's attributes", SIGNATURE_REQUESTED);
    expect(cursor, "the request's operation", ALL_MEASUREMENTS);
    Bytes nonce = cursor.bytes("the request's nonce", NONCE_BYTES);
    expect(cursor, "the request's slot", 0);
    return nonce;
  }

  private static TreeMap<Integer, Bytes> blocks(Cursor cursor) throws EvidenceException {
    expect(cursor, "the response's version", VERSION);
    expect(cursor, "the response's code", MEASUREMENTS);
    expect(cursor, "the response's first parameter", 0);
    expect(cursor, "the response's slot", 0);
    int count = cursor.u8("the number of blocks");
    int recordBytes = cursor.u16("the record length") | cursor.u8("the record length") << 16;
    Cursor record = cursor.structure("the measurement record", recordBytes);
    var blocks = new TreeMap<Integer, Bytes>();
    int last = 0;
    for (int i = 0; i < count; i++) {
      int index = record.u8("a block's index");
      if (index <= last || index == ALL_MEASUREMENTS) {
        throw record.bad("a block's index", "is " + index + " after " + last);
      }
      last = index;
      expect(record, "a block's specification", DMTF);
      expect(record, "a block's size", record.u16("a block's size"), 3 + DIGEST_BYTES);
      int type = record.u8("a value's type");
      if ((type & RAW) != 0) {
        throw record.bad("a value", "is no digest");
      }
      expect(record, "a digest's size", record.u16("a digest's size"), DIGEST_BYTES);
      blocks.put(index, record.bytes("a digest", DIGEST_BYTES));
    }
    record.end();
    if (blocks.isEmpty()) {
      throw cursor.bad("the measurement record", "is empty");
    }
    return blocks;
  }

  private static Map<Integer, Bytes> opaque(Cursor cursor) throws EvidenceException {
    var elements = new TreeMap<Integer, Bytes>();
    while (cursor.remaining() > 0) {
      int type = cursor.u16("an element's type");
      int length = cursor.u16("an element's length");
      if (elements.put(type, cursor.bytes("an element", length)) != null) {
        throw cursor.bad("element " + type, "is there twice");
      }
    }
    return elements;
  }

  private static void expect(Cursor cursor, String field, int expected) throws EvidenceException {
    expect(cursor, field, cursor.u8(field), expected);
  }

  private static void expect(Cursor cursor, String field, int found, int expected)
      throws EvidenceException {
    if (found != expected) {
      throw cursor.bad(field, "is %d, not %d".formatted(found, expected));
    }
  }
}
