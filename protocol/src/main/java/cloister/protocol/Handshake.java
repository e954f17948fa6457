package cloister.protocol;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.crypto.Bytes;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.VerifyingKey;
import java.util.List;

/// The opening of a session (docs/protocol.md §3): the bodies of the two HTTP messages, and what
/// both sides derive from them.
public final class Handshake {
  public static final int NONCE_BYTES = 32;
  public static final int SESSION_BYTES = 16;
  private static final String LABEL = "cloister/session/v2";

  /// Who the evidence is about. The only role there is: a participant's word is its signature.
  private static final String ROLE = "enclave";

  private static final int MAX_POLICIES = 16;

  private Handshake() {}

  /// The client's message.
  ///
  /// @param key made for this session alone: who holds it opened the session, whoever that is
  /// @param policies the digests of those that the client holds the evidence against
  public record Hello(Bytes nonce, VerifyingKey key, List<Digest> policies) {
    public Hello {
      if (nonce.size() != NONCE_BYTES) {
        throw new CloisterException(ErrorCode.MESSAGE_MALFORMED, "a nonce has 32 bytes");
      }
      policies = List.copyOf(policies);
      if (policies.size() > MAX_POLICIES) {
        throw new CloisterException(
            ErrorCode.TOO_LARGE, "a session is held against at most " + MAX_POLICIES + " policies");
      }
    }

    /// A session that is held against no policy.
    public static Hello of(Bytes nonce, VerifyingKey key) {
      return new Hello(nonce, key, List.of());
    }

    public Bytes encode() {
      return Bytes.of(
          Json.object()
              .put("key", key.spki())
              .put("nonce", nonce)
              .put("policies", policies)
              .canonical());
    }

    public static Hello decode(Bytes body) {
      var json = Json.parseFields(body.toArray(), Limits.HANDSHAKE_BYTES, "handshake");
      var hello =
          new Hello(
              json.bytesOfSize("nonce", NONCE_BYTES),
              key(json.bytes("key", 64)),
              policies(json.strings("policies", MAX_POLICIES, 71)));
      json.noOther();
      return hello;
    }

    private static VerifyingKey key(Bytes spki) {
      try {
        return VerifyingKey.of(spki);
      } catch (CryptoException e) {
        throw new CloisterException(
            ErrorCode.MESSAGE_MALFORMED, "a session's key is an Ed25519 key", e);
      }
    }

    private static List<Digest> policies(List<String> digests) {
      try {
        return digests.stream().map(Digest::parse).toList();
      } catch (IllegalArgumentException e) {
        throw new CloisterException(ErrorCode.MESSAGE_MALFORMED, "a policy is no digest", e);
      }
    }
  }

  /// The enclave's message.
  ///
  /// @param key the session's public sealing key, as [cloister.crypto.SealingKey] encodes it
  /// @param evidence of the enclave, first its own; several where vendors vouch for each other
  public record Welcome(Bytes session, Bytes key, List<Evidence> evidence) {
    public Welcome {
      evidence = List.copyOf(evidence);
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
      var welcome =
          new Welcome(
              hex(json.string("session", 32)),
              json.bytes("key", 4096),
              EvidenceFormat.read(json, "evidence"));
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

  /// What the evidence must be bound to: both parties' keys for this session, and the policies that
  /// the client holds it against. Evidence of another session, purpose or role is none here.
  ///
  /// @param key the enclave's, as in the [Welcome]
  public static Binding binding(Hello hello, Bytes session, Bytes key) {
    Bytes policies =
        Bytes.concat(
            hello.policies().stream()
                .map(digest -> Bytes.of(digest.toArray()))
                .toArray(Bytes[]::new));
    return Binding.of(
        LABEL, Bytes.utf8(ROLE), hello.nonce(), session, key, hello.key().spki(), policies);
  }

  /// What the client signs with its key for the session, so that nobody else can take the session
  /// that it opened.
  static Bytes opening(Bytes info, Bytes encapsulation) {
    return Frames.concat(Bytes.utf8(LABEL + "/opening\0"), info, encapsulation);
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
