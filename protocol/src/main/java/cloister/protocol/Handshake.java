package cloister.protocol;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;

/// The opening of a session (docs/protocol.md §3): the bodies of the two HTTP messages, and what
/// both sides derive from them.
public final class Handshake {
  public static final int NONCE_BYTES = 32;
  public static final int SESSION_BYTES = 16;
  private static final String LABEL = "cloister/session/v1";

  private Handshake() {}

  /// The client's message.
  public record Hello(Bytes nonce) {
    public Hello {
      if (nonce.size() != NONCE_BYTES) {
        throw new CloisterException(ErrorCode.MESSAGE_MALFORMED, "a nonce has 32 bytes");
      }
    }

    public Bytes encode() {
      return Bytes.of(Json.object().put("nonce", nonce).canonical());
    }

    public static Hello decode(Bytes body) {
      var json = Json.parseFields(body.toArray(), Limits.HANDSHAKE_BYTES, "handshake");
      var hello = new Hello(json.bytesOfSize("nonce", NONCE_BYTES));
      json.noOther();
      return hello;
    }
  }

  /// The enclave's message.
  ///
  /// @param key the session's public sealing key, as [cloister.crypto.SealingPublicKey] encodes it
  public record Welcome(Bytes session, Bytes key, Evidence evidence) {
    public Welcome {
      if (session.size() != SESSION_BYTES) {
        throw new CloisterException(ErrorCode.MESSAGE_MALFORMED, "a session id has 16 bytes");
      }
    }

    public Bytes encode() {
      return Bytes.of(
          Json.object()
              .put("evidence", EvidenceFormat.write(evidence))
              .put("key", key)
              .put("session", session.hex())
              .canonical());
    }

    public static Welcome decode(Bytes body) {
      var json = Json.parseFields(body.toArray(), Limits.MESSAGE_BYTES, "welcome");
      Evidence evidence = EvidenceFormat.read(json.object("evidence"));
      var welcome = new Welcome(hex(json.string("session", 32)), json.bytes("key", 4096), evidence);
      json.noOther();
      return welcome;
    }

    private static Bytes hex(String text) {
      if (!text.matches("[0-9a-f]{32}")) {
        throw new CloisterException(ErrorCode.MESSAGE_MALFORMED, "a session id is 32 hex digits");
      }
      return Bytes.hex(text);
    }
  }

  /// What the evidence must be bound to.
  public static Binding binding(Bytes nonce, Bytes session, Bytes key) {
    return Binding.of(LABEL, nonce, session, key);
  }

  /// HPKE's `info`: whatever a relay changed in either body, the two sides' contexts differ.
  static Bytes info(Bytes session, Bytes hello, Bytes welcome) {
    return Frames.concat(
        Bytes.utf8(LABEL + "\0"),
        session,
        Bytes.of(Digest.of(hello).toArray()),
        Bytes.of(Digest.of(welcome).toArray()));
  }
}
