package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;

/// Platform configuration registers of a TPM's SHA-256 bank by their index: 1 to 24 of them, 32
/// bytes each. Nobody signs them as such; a [TpmQuote] holds the digest of all.
///
/// The part [Evidence.Part#TPM_REGISTERS] has them in a format of our own, big-endian: `u16` the
/// bank's algorithm (0x000b, SHA-256; TCG Algorithm Registry), then for each register `u8` index
/// and its 32 bytes, in ascending order. One set of registers has one encoding.
record TpmRegisters(NavigableMap<Integer, Bytes> values) {
  /// TPM_ALG_SHA256.
  static final int SHA256 = 0x000b;

  /// Of a PC client's TPM.
  static final int COUNT = 24;

  static final int DIGEST_BYTES = 32;

  TpmRegisters {
    values = Collections.unmodifiableNavigableMap(new TreeMap<>(values));
    if (values.isEmpty()) {
      throw new IllegalArgumentException("a quote is about some register");
    }
    for (Map.Entry<Integer, Bytes> register : values.entrySet()) {
      if (register.getKey() < 0 || register.getKey() >= COUNT) {
        throw new IllegalArgumentException("a TPM has no register " + register.getKey());
      }
      if (register.getValue().size() != DIGEST_BYTES) {
        throw new IllegalArgumentException("a register of the SHA-256 bank has 32 bytes");
      }
    }
  }

  static TpmRegisters parse(Bytes part) throws EvidenceException {
    Cursor at = Cursor.bigEndian("TPM registers", part);
    if (at.u16("bank") != SHA256) {
      throw at.bad("bank", "is not SHA-256, the only one that is read");
    }
    var values = new TreeMap<Integer, Bytes>();
    int last = -1;
    do {
      int index = at.u8("index");
      if (index <= last || index >= COUNT) {
        throw at.bad("index " + index, "is not above the one before it, and below " + COUNT);
      }
      values.put(index, at.bytes("register " + index, DIGEST_BYTES));
      last = index;
    } while (at.remaining() > 0);
    return new TpmRegisters(values);
  }

  Bytes encoded() {
    var parts = new ArrayList<Bytes>();
    parts.add(Bytes.of(new byte[] {0, SHA256}));
    values.forEach((index, value) -> {
      parts.add(Bytes.of(new byte[] {index.byteValue()}));
      parts.add(value);
    });
    return Bytes.concat(parts.toArray(Bytes[]::new));
  }

  Optional<Bytes> value(int index) {
    return Optional.ofNullable(values.get(index));
  }

  /// SHA-256 over the registers in ascending order: what a quote of all of them holds.
  Digest digest() {
    return digest(values.values());
  }

  /// The same over some of them.
  ///
  /// @throws IllegalArgumentException if one is absent
  Digest digest(SortedSet<Integer> indices) {
    if (!values.keySet().containsAll(indices)) {
      throw new IllegalArgumentException("of the registers " + indices + ", one is absent");
    }
    return digest(indices.stream().map(this::value).flatMap(Optional::stream).toList());
  }

  Measurement measurement(SortedSet<Integer> indices) {
    return new Measurement("sha256", Bytes.of(digest(indices).toArray()));
  }

  List<Claim> claims() {
    return values.entrySet().stream()
        .map(register -> new Claim("pcr-" + register.getKey(), register.getValue().hex()))
        .toList();
  }

  private static Digest digest(Iterable<Bytes> values) {
    var parts = new ArrayList<byte[]>();
    values.forEach(value -> parts.add(value.toArray()));
    return Digest.of(parts.toArray(byte[][]::new));
  }
}
