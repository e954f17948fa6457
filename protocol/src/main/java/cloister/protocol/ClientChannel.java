package cloister.protocol;

import cloister.crypto.Bytes;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.HpkeSender;
import cloister.crypto.SealingKey;
import cloister.crypto.SigningKey;
import cloister.ledger.SignedCheckpoint;
import java.time.Instant;
import java.util.Optional;

/// The client's end of a session (docs/protocol.md §4): bytes to send for a command, reply for
/// bytes received. It opens no socket. Not safe for concurrent use: a session's requests have an
/// order.
///
/// Make one only after the evidence in the [Handshake.Welcome] was appraised.
public final class ClientChannel implements AutoCloseable {
  private final SigningKey key;
  private final Bytes session;
  private final HpkeSender sender;
  private final Bytes opening;
  private long sequence;

  /// @param key the participant's
  /// @param sessionKey the one whose public half the hello names
  /// @param hello the body that was sent, byte for byte
  /// @param welcome the body that was received, byte for byte
  public ClientChannel(SigningKey key, SigningKey sessionKey, Bytes hello, Bytes welcome)
      throws CryptoException {
    var decoded = Handshake.Welcome.decode(welcome);
    this.key = key;
    this.session = decoded.session();
    Bytes info = Handshake.info(session, hello, welcome);
    this.sender = HpkeSender.to(SealingKey.decode(decoded.key()), info);
    this.opening = sessionKey.sign(Handshake.opening(info, sender.encapsulation()));
  }

  /// The session's id, as it stands in the URL.
  public String session() {
    return session.hex();
  }

  /// The message that carries the command. Send these very bytes again if no reply comes.
  ///
  /// @param seen the largest checkpoint of the collaboration that this client verified
  public Bytes request(
      Digest collaboration, Instant expires, Optional<SignedCheckpoint> seen, Command command) {
    var content =
        new SignedRequest.Content(collaboration, session(), sequence, expires, seen, command);
    Bytes number = Frames.uint64(sequence);
    var sealed = sender.seal(number, SignedRequest.sign(content, key).encode().toArray());
    if (sealed.number() != sequence) {
      throw new IllegalStateException("a request was made while another waits for its reply");
    }
    return sequence == 0
        ? Frames.concat(number, sender.encapsulation(), opening, sealed.sealed())
        : Frames.concat(number, sealed.sealed());
  }

  /// Opens the reply to the last request, and goes on to the next.
  ///
  /// @throws CloisterException with the enclave's own code when it refused; MESSAGE_UNSEALABLE when
  ///   the bytes are not the enclave's reply to this request
  public Answered reply(Bytes message) {
    Bytes number = Frames.uint64(sequence);
    byte[] bytes = message.toArray();
    if (bytes.length <= Long.BYTES || !number.equals(Frames.slice(bytes, 0, Long.BYTES))) {
      throw new CloisterException(
          ErrorCode.MESSAGE_UNSEALABLE, "the reply is not one to the request that was sent");
    }
    Bytes plain;
    try {
      Bytes sealed = Frames.slice(bytes, Long.BYTES, bytes.length);
      plain = Bytes.of(sender.openResponse(sequence, number, sealed));
    } catch (CryptoException e) {
      throw new CloisterException(
          ErrorCode.MESSAGE_UNSEALABLE, "the reply was altered on the way", e);
    }
    sequence++;
    return Answered.decode(plain);
  }

  @Override
  public void close() {
    sender.close();
  }
}
