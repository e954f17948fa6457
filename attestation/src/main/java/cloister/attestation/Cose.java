package cloister.attestation;

import cloister.crypto.Bytes;
import java.nio.ByteBuffer;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A message with one signature, COSE_Sign1 (RFC 9052 §4.2), untagged or with tag 18: parsed, and
/// believed only after [#requireSigned]. The signature covers the protected header's bytes as they
/// arrived; the unprotected header is the sender's word.
///
/// @param what names it in errors
/// @param protectedBytes the protected header, encoded as it arrived
record Cose(
    String what,
    Bytes protectedBytes,
    Cbor.Dictionary protectedHeader,
    Cbor.Dictionary unprotectedHeader,
    Bytes payload,
    Bytes signature) {
  private static final int MAX_BYTES = 128 * 1024;
  private static final int TAG = 18;

  // Header parameters, RFC 9052 §3.1 and RFC 9360 §2.
  private static final int ALGORITHM = 1;
  private static final int CRITICAL = 2;
  private static final int CERTIFICATES = 33;

  /// Parses one message and nothing before or after it.
  ///
  /// @throws EvidenceException also if the payload is detached, the protected header is empty, a
  ///   parameter stands in both headers, or one is critical: this reader understands no extension
  static Cose parse(String what, Bytes bytes) throws EvidenceException {
    if (bytes.size() > MAX_BYTES) {
      throw new EvidenceException(
          "%s has %d bytes, and at most %d are read".formatted(what, bytes.size(), MAX_BYTES));
    }
    Cbor item = Cbor.parse(what, bytes);
    if (item instanceof Cbor.Tagged(long tag, Cbor content)) {
      if (tag != TAG) {
        throw new EvidenceException(what + " has CBOR tag " + tag + ", not 18");
      }
      item = content;
    }
    if (item instanceof Cbor.Array(var elements)
        && elements.size() == 4
        && elements.get(0) instanceof Cbor.ByteString(Bytes protectedBytes)
        && elements.get(1) instanceof Cbor.Dictionary unprotectedHeader
        && elements.get(2) instanceof Cbor.ByteString(Bytes payload)
        && elements.get(3) instanceof Cbor.ByteString(Bytes signature)) {
      if (!(Cbor.parse(what + ", protected header", protectedBytes)
          instanceof Cbor.Dictionary protectedHeader)) {
        throw new EvidenceException(what + ": the protected header is no map");
      }
      requireHeaders(what, protectedHeader, unprotectedHeader);
      return new Cose(what, protectedBytes, protectedHeader, unprotectedHeader, payload, signature);
    }
    throw new EvidenceException(
        what + " is no COSE_Sign1: an array of two headers, the payload and the signature");
  }

  private static void requireHeaders(
      String what, Cbor.Dictionary protectedHeader, Cbor.Dictionary unprotectedHeader)
      throws EvidenceException {
    for (Cbor label : unprotectedHeader.entries().keySet()) {
      if (protectedHeader.entries().containsKey(label)) {
        throw new EvidenceException(what + ": a parameter stands in both headers");
      }
    }
    if (protectedHeader.get(CRITICAL).isPresent() || unprotectedHeader.get(CRITICAL).isPresent()) {
      throw new EvidenceException(what + ": it has critical extensions, and none is known here");
    }
  }

  /// Checks the signature with an algorithm that the caller's format fixes. The message's own
  /// claim, in its protected header, has to be the same, and chooses nothing.
  ///
  /// @return whether it holds
  boolean requireSigned(Checks checks, String name, Signatures.Algorithm algorithm, PublicKey key) {
    if (!protectedHeader.get(ALGORITHM).equals(Optional.of(new Cbor.Int(number(algorithm))))) {
      checks.fails(name, what + " is not signed by " + algorithm + ", says its protected header");
      return false;
    }
    return checks.require(
        name,
        Signatures.verify(algorithm, key, signedBytes(), signature),
        algorithm + " over the bytes received",
        what + " was altered, or signed by another key: get it again from the machine itself");
  }

  /// The certificates in parameter x5chain (RFC 9360), leaf first, of either header: hints,
  /// believed only through a pinned key.
  ///
  /// @throws EvidenceException if there is none, there are more than `most`, or one is malformed
  List<X509Certificate> certificates(int most) throws EvidenceException {
    Cbor found =
        protectedHeader
            .get(CERTIFICATES)
            .or(() -> unprotectedHeader.get(CERTIFICATES))
            .orElseThrow(() -> new EvidenceException(what + " has no certificates (x5chain)"));
    List<Cbor> each = found instanceof Cbor.Array(var several) ? several : List.of(found);
    if (each.isEmpty() || each.size() > most) {
      throw new EvidenceException(
          "%s has %d certificates, and 1 to %d are read".formatted(what, each.size(), most));
    }
    var certificates = new ArrayList<X509Certificate>();
    for (Cbor one : each) {
      if (!(one instanceof Cbor.ByteString(Bytes der))) {
        throw new EvidenceException(what + ": a certificate (x5chain) that is no byte string");
      }
      certificates.add(Certificates.certificate(what, der.toArray()));
    }
    return certificates;
  }

  /// Sig_structure of RFC 9052 §4.4 with no external data.
  Bytes signedBytes() {
    return Bytes.concat(
        Bytes.of(new byte[] {(byte) 0x84, 0x6a}),
        Bytes.utf8("Signature1"),
        byteString(protectedBytes),
        byteString(Bytes.of(new byte[0])),
        byteString(payload));
  }

  /// In the shortest form (RFC 8949 §4.2.1), which RFC 9052 §9 demands for what is signed.
  private static Bytes byteString(Bytes content) {
    int size = content.size();
    var head = ByteBuffer.allocate(5);
    if (size < 24) {
      head.put((byte) (0x40 | size));
    } else if (size < 1 << 8) {
      head.put((byte) 0x58).put((byte) size);
    } else if (size < 1 << 16) {
      head.put((byte) 0x59).putShort((short) size);
    } else {
      head.put((byte) 0x5a).putInt(size);
    }
    return Bytes.concat(Bytes.of(head.array()).slice(0, head.position()), content);
  }

  /// In the registry "COSE Algorithms": RFC 9053 §2.1, RFC 8230 §2, RFC 8812 §2.
  private static int number(Signatures.Algorithm algorithm) {
    return switch (algorithm) {
      case ES256 -> -7;
      case ES384 -> -35;
      case PS256 -> -37;
      case PS384 -> -38;
      case RS256 -> -257;
      case RS384 -> -258;
    };
  }
}
