package cloister.platform;

import cloister.crypto.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The two messages of the Nitro Security Module that an enclave needs, in CBOR (RFC 8949): maps,
/// texts and byte strings with lengths of at most two bytes, in the one order that AWS's own
/// library has. Anything else is refused.
///
/// *Why not `attestation`'s reader:* that one reads what hardware has signed, for verifiers, and is
/// nobody else's business. This is a driver's calling convention, and a response whose every byte
/// but the document's is known beforehand needs no reader: it is compared.
final class NsmMessages {
  private static final Bytes HEAD =
      Bytes.concat(map(1), text("Attestation"), map(1), text("document"));

  private NsmMessages() {}

  /// `{"Attestation": {"user_data": …, "nonce": null, "public_key": null}}`
  static Bytes attestation(Bytes userData) {
    Bytes none = Bytes.of(new byte[] {(byte) 0xf6});
    return Bytes.concat(
        map(1),
        text("Attestation"),
        map(3),
        text("user_data"),
        Bytes.concat(head(2, userData.size()), userData),
        text("nonce"),
        none,
        text("public_key"),
        none);
  }

  /// The document in `{"Attestation": {"document": …}}`.
  ///
  /// @throws IOException for anything else, such as `{"Error": "…"}`
  static Bytes document(Bytes response) throws IOException {
    int start = HEAD.size();
    if (response.size() <= start || !response.slice(0, start).equals(HEAD)) {
      throw new IOException(
          "the module answered with an error, or with something else than a document");
    }
    byte[] rest = response.slice(start, response.size()).toArray();
    int lengthBytes =
        switch (rest[0]) {
          case 0x58 -> 1;
          case 0x59 -> 2;
          default -> throw new IOException("the document is no byte string of 24 to 65535 bytes");
        };
    if (rest.length < 1 + lengthBytes) {
      throw new IOException("the module's answer ends early");
    }
    int length = lengthBytes == 1 ? rest[1] & 0xff : (rest[1] & 0xff) << 8 | (rest[2] & 0xff);
    Bytes document = response.slice(start + 1 + lengthBytes, response.size());
    if (document.size() != length
        || !head(2, length).equals(Bytes.of(Arrays.copyOf(rest, 1 + lengthBytes)))) {
      throw new IOException("the document has another length than it says");
    }
    return document;
  }

  private static Bytes map(int entries) {
    return head(5, entries);
  }

  private static Bytes text(String text) {
    Bytes utf8 = Bytes.of(text.getBytes(StandardCharsets.US_ASCII));
    return Bytes.concat(head(3, utf8.size()), utf8);
  }

  /// The initial byte and the argument, in the shortest form (RFC 8949 §4.2.1).
  private static Bytes head(int major, int argument) {
    int type = major << 5;
    if (argument < 24) {
      return Bytes.of(new byte[] {(byte) (type | argument)});
    }
    if (argument < 0x100) {
      return Bytes.of(new byte[] {(byte) (type | 24), (byte) argument});
    }
    if (argument >= 0x1_0000) {
      throw new IllegalArgumentException("longer than any message to the module: " + argument);
    }
    return Bytes.of(new byte[] {(byte) (type | 25), (byte) (argument >>> 8), (byte) argument});
  }
}
