package cloister.crypto;

/// The end of an HPKE session that knows the other's public key: seals requests, opens responses.
/// Safe for use by several threads.
///
/// Nothing here proves who the sender is (base mode, RFC 9180 §9.1.1); that is what signed requests
/// are for.
public final class HpkeSender implements AutoCloseable {
  private final Bytes encapsulation;
  private final HpkeContext context;
  private long next;

  private HpkeSender(Bytes encapsulation, HpkeContext context) {
    this.encapsulation = encapsulation;
    this.context = context;
  }

  /// A message and the number that the receiver needs to open it.
  public record Numbered(long number, Bytes sealed) {}

  /// Starts a session with fresh keys. `info` says what the session is; a receiver that expects
  /// another opens nothing.
  ///
  /// @throws CryptoException if the key is one that no honest holder made
  public static HpkeSender to(SealingKey key, Bytes info) throws CryptoException {
    XWing.Encapsulated encapsulated = XWing.encapsulate(key.publicKey(), Secret.randomGenerator());
    try (Secret sharedSecret = encapsulated.sharedSecret()) {
      return new HpkeSender(
          Bytes.owning(Octets.concat(key.suite().idBytes(), encapsulated.encapsulation().array())),
          new HpkeContext(key.suite(), sharedSecret, info));
    }
  }

  /// What the receiver starts from: `u16 suite | encapsulated key`.
  public Bytes encapsulation() {
    return encapsulation;
  }

  /// Seals the next request; numbers count from 0.
  public synchronized Numbered seal(Bytes aad, byte[] plaintext) {
    long number = next++;
    return new Numbered(number, context.requests().seal(number, aad, plaintext));
  }

  /// Opens the response to the request of that number, once.
  public byte[] openResponse(long number, Bytes aad, Bytes sealed) throws CryptoException {
    return context.responses().open(number, aad, sealed);
  }

  /// A secret that both ends of this session and nobody else can compute (RFC 9180 §5.3).
  public Secret export(String label, int length) {
    return context.export(label, length);
  }

  @Override
  public void close() {
    context.close();
  }
}
