package cloister.crypto;

import java.util.Arrays;

/// The end of an HPKE session that holds the private key: opens requests, seals responses. Safe for
/// use by several threads.
public final class HpkeReceiver implements AutoCloseable {
  private final HpkeContext context;

  private HpkeReceiver(HpkeContext context) {
    this.context = context;
  }

  /// Joins the session that [HpkeSender#encapsulation()] starts. Succeeds for a foreign
  /// encapsulation too, as the KEM rejects implicitly; what proves a session is its first opened
  /// request.
  public static HpkeReceiver from(OpeningKey key, Bytes encapsulation, Bytes info)
      throws CryptoException {
    Suite suite = Suite.startOf(encapsulation);
    if (suite != key.sealingKey().suite()) {
      throw new CryptoException("sealed with another cipher suite than this key's");
    }
    byte[] encapsulated =
        Arrays.copyOfRange(encapsulation.array(), Suite.ID_BYTES, encapsulation.size());
    try (Secret sharedSecret = key.decapsulate(encapsulated)) {
      return new HpkeReceiver(new HpkeContext(suite, sharedSecret, info));
    }
  }

  /// Opens the request of that number. Each number opens once, in any order; a caller that wants
  /// them in order compares the number with the one it expects.
  public byte[] open(long number, Bytes aad, Bytes sealed) throws CryptoException {
    return context.requests().open(number, aad, sealed);
  }

  /// Seals the response to the request of that number, once: a second response under one number
  /// would give both away, so it throws [IllegalStateException].
  public Bytes sealResponse(long number, Bytes aad, byte[] plaintext) {
    return context.responses().seal(number, aad, plaintext);
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
