package cloister.protocol;

import cloister.crypto.Bytes;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.Hpke;
import cloister.crypto.HpkeReceiver;
import cloister.crypto.OpeningKey;
import cloister.crypto.VerifyingKey;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The enclave's end of a session: requests in order, each once. Not safe for concurrent use; the
/// caller holds a lock of its own per session.
public final class EnclaveChannel implements AutoCloseable {
  private static final int SIGNATURE_BYTES = 64;

  private final OpeningKey key;
  private final Bytes session;
  private final VerifyingKey openedBy;
  private final Bytes info;
  private @Nullable HpkeReceiver receiver;
  private long sequence;

  /// Of the last request: a stranger's may be large, and is not worth keeping.
  private Optional<Digest> lastRequest = Optional.empty();

  private Bytes lastReply = Bytes.of(new byte[0]);

  /// @param openedBy the client's key for the session, as the hello names it
  /// @param hello the body that was received, byte for byte
  /// @param welcome the body that was sent, byte for byte
  public EnclaveChannel(
      OpeningKey key, VerifyingKey openedBy, Bytes session, Bytes hello, Bytes welcome) {
    this.key = key;
    this.session = session;
    this.openedBy = openedBy;
    this.info = Handshake.info(session, hello, welcome);
  }

  /// The key to which this session's client may seal a data key.
  public OpeningKey key() {
    return key;
  }

  /// The reply to exactly these bytes, if they are the last request once more.
  public Optional<Bytes> repeated(Bytes message) {
    return lastRequest.filter(Digest.of(message.toArray())::equals).map(_ -> lastReply);
  }

  /// Opens the next request. One that is not the next, or does not open, changes nothing.
  public SignedRequest open(Bytes message) {
    byte[] bytes = message.toArray();
    if (bytes.length < Long.BYTES) {
      throw new CloisterException(ErrorCode.MESSAGE_MALFORMED, "the message is cut");
    }
    if (ByteBuffer.wrap(bytes).getLong() != sequence) {
      throw new CloisterException(
          ErrorCode.REPLAY_REFUSED, "the message is not the next of its session");
    }
    try {
      return SignedRequest.decode(receive(bytes));
    } catch (CryptoException e) {
      throw new CloisterException(
          ErrorCode.MESSAGE_UNSEALABLE, "the message does not open in this session", e);
    }
  }

  private Bytes receive(byte[] bytes) throws CryptoException {
    Bytes number = Frames.uint64(sequence);
    if (receiver != null) {
      Bytes sealed = Frames.slice(bytes, Long.BYTES, bytes.length);
      return Bytes.of(receiver.open(sequence, number, sealed));
    }
    int signatureAt = Long.BYTES + Hpke.ENCAPSULATION_BYTES;
    int sealedAt = signatureAt + SIGNATURE_BYTES;
    if (bytes.length < sealedAt) {
      throw new CloisterException(ErrorCode.MESSAGE_MALFORMED, "the message is cut");
    }
    Bytes encapsulation = Frames.slice(bytes, Long.BYTES, signatureAt);
    openedBy.verify(
        Handshake.opening(info, encapsulation), Frames.slice(bytes, signatureAt, sealedAt));
    var joined = HpkeReceiver.from(key, encapsulation, info);
    Bytes sealed = Frames.slice(bytes, sealedAt, bytes.length);
    boolean opened = false;
    try {
      Bytes plain = Bytes.of(joined.open(sequence, number, sealed));
      // Only a message that opened decides which encapsulation the session goes by.
      receiver = joined;
      opened = true;
      return plain;
    } finally {
      if (!opened) {
        joined.close();
      }
    }
  }

  /// Seals the reply to the request that [#open] returned last, and goes on to the next.
  public Bytes reply(Bytes request, Answered answered) {
    if (receiver == null) {
      throw new IllegalStateException("no request was opened yet");
    }
    Bytes number = Frames.uint64(sequence);
    Bytes sealed = receiver.sealResponse(sequence, number, answered.encode().toArray());
    lastRequest = Optional.of(Digest.of(request.toArray()));
    lastReply = Frames.concat(number, sealed);
    sequence++;
    return lastReply;
  }

  public String session() {
    return session.hex();
  }

  @Override
  public void close() {
    if (receiver != null) {
      receiver.close();
    }
  }
}
