package cloister.privacy;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/// The randomness of one run: the AES-256-CTR keystream of a key, from a zero counter.
///
/// The caller derives the key from a secret and the run's ledger entry, so that a run that is
/// repeated after a crash draws the same noise again. Two runs must never share a key: the
/// difference of their answers would be exact. All draws are exact; none uses floating point. Not
/// safe for concurrent use.
public final class NoiseStream implements AutoCloseable {
  public static final int KEY_BYTES = 32;
  private static final int BLOCK_BYTES = 4096;

  private final Cipher cipher;
  private final byte[] zeros = new byte[BLOCK_BYTES];
  private final byte[] block = new byte[BLOCK_BYTES];
  private final ByteBuffer unread = ByteBuffer.wrap(block).limit(0);
  private boolean closed;

  /// @param key copied; the caller wipes its own
  public NoiseStream(byte[] key) {
    if (key.length != KEY_BYTES) {
      throw new IllegalArgumentException("a noise key has 32 bytes, not " + key.length);
    }
    try {
      cipher = Cipher.getInstance("AES/CTR/NoPadding");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES-CTR", e);
    }
    var copy = key.clone();
    start(copy);
    Arrays.fill(copy, (byte) 0);
  }

  public long nextLong() {
    if (unread.remaining() < Long.BYTES) {
      refill();
    }
    return unread.getLong();
  }

  /// A uniform integer in `0..bound-1`. Draws of just enough bits are repeated until one fits, so
  /// no value is favoured.
  public long nextBelow(long bound) {
    if (bound <= 0) {
      throw new IllegalArgumentException("bound must be positive");
    }
    if (bound == 1) {
      return 0;
    }
    int excess = Long.numberOfLeadingZeros(bound - 1);
    while (true) {
      long candidate = nextLong() >>> excess;
      if (candidate < bound) {
        return candidate;
      }
    }
  }

  /// As [#nextBelow(long)], for any size.
  public BigInteger nextBelow(BigInteger bound) {
    if (bound.signum() <= 0) {
      throw new IllegalArgumentException("bound must be positive");
    }
    int bits = bound.subtract(BigInteger.ONE).bitLength();
    var magnitude = new byte[Math.ceilDiv(bits, Long.SIZE) * Long.BYTES];
    int excess = magnitude.length * Byte.SIZE - bits;
    while (true) {
      var buffer = ByteBuffer.wrap(magnitude);
      while (buffer.hasRemaining()) {
        buffer.putLong(nextLong());
      }
      var candidate = new BigInteger(1, magnitude).shiftRight(excess);
      if (candidate.compareTo(bound) < 0) {
        return candidate;
      }
    }
  }

  /// True with probability numerator/denominator, which is at most 1.
  boolean bernoulli(long numerator, long denominator) {
    return nextBelow(denominator) < numerator;
  }

  boolean bernoulli(BigInteger numerator, BigInteger denominator) {
    return nextBelow(denominator).compareTo(numerator) < 0;
  }

  /// True with probability exp(-numerator/denominator), exactly: Canonne, Kamath and Steinke 2020,
  /// Algorithm 1. For x ≤ 1 it multiplies Bernoulli(x/1), Bernoulli(x/2), … and looks at whether
  /// the first failure comes at an odd place, which has probability 1 - x + x²/2! - … = exp(-x).
  public boolean bernoulliExp(long numerator, long denominator) {
    if (numerator < 0 || denominator <= 0) {
      throw new IllegalArgumentException("an exponent is a fraction of at least 0");
    }
    for (long whole = numerator / denominator; whole > 0; whole--) {
      if (!bernoulliExpOfOne()) {
        return false;
      }
    }
    long rest = numerator % denominator;
    long place = 1;
    // Bernoulli(x/place) is the product of Bernoulli(1/place) and Bernoulli(x): no overflow.
    while (bernoulli(1, place) && bernoulli(rest, denominator)) {
      place++;
    }
    return place % 2 == 1;
  }

  /// As [#bernoulliExp(long, long)], for any size.
  public boolean bernoulliExp(BigInteger numerator, BigInteger denominator) {
    if (numerator.signum() < 0 || denominator.signum() <= 0) {
      throw new IllegalArgumentException("an exponent is a fraction of at least 0");
    }
    var parts = numerator.divideAndRemainder(denominator);
    for (var whole = parts[0]; whole.signum() > 0; whole = whole.subtract(BigInteger.ONE)) {
      if (!bernoulliExpOfOne()) {
        return false;
      }
    }
    long place = 1;
    while (bernoulli(1, place) && bernoulli(parts[1], denominator)) {
      place++;
    }
    return place % 2 == 1;
  }

  private boolean bernoulliExpOfOne() {
    long place = 1;
    while (bernoulli(1, place)) {
      place++;
    }
    return place % 2 == 1;
  }

  private void start(byte[] key) {
    try {
      cipher.init(
          Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(new byte[16]));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a key of 32 bytes fits AES-256", e);
    }
  }

  private void refill() {
    if (closed) {
      throw new IllegalStateException("this noise stream is closed");
    }
    try {
      cipher.update(zeros, 0, BLOCK_BYTES, block, 0);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the output has the input's length", e);
    }
    unread.clear();
  }

  /// Wipes the unread keystream and replaces the cipher's key schedule; later draws fail.
  @Override
  public void close() {
    closed = true;
    Arrays.fill(block, (byte) 0);
    unread.limit(0);
    start(new byte[KEY_BYTES]);
  }
}
