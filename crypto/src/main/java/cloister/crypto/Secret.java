package cloister.crypto;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/// Bytes that must not be seen: a key, a seed, an opened message. It prints only its length,
/// compares in constant time, and [#close()] overwrites it; use after that is a bug and throws.
///
/// Wiping is best effort, since the JVM may have moved the array before. What it buys is that a
/// secret's life is visible in the code that holds it.
public final class Secret implements AutoCloseable {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte[] bytes;
  private volatile boolean closed;

  private Secret(byte[] bytes) {
    this.bytes = bytes;
  }

  /// A copy of the bytes; wiping the original is the caller's part.
  public static Secret of(byte[] bytes) {
    return new Secret(bytes.clone());
  }

  public static Secret utf8(String text) {
    return new Secret(text.getBytes(StandardCharsets.UTF_8));
  }

  /// Fresh bytes from the system's secure random generator.
  public static Secret random(int length) {
    byte[] bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    return new Secret(bytes);
  }

  static SecureRandom randomGenerator() {
    return RANDOM;
  }

  /// Takes the array over without a copy: for arrays that nobody else holds.
  static Secret owning(byte[] bytes) {
    return new Secret(bytes);
  }

  /// An independent key of `length` bytes for the purpose that `label` and `context` name, by
  /// HKDF-SHA256 (RFC 5869) with an empty salt and `info = u16(label bytes) | label | context`. The
  /// length before the label keeps one label from continuing into another's context.
  public Secret derive(String label, Bytes context, int length) {
    byte[] name = label.getBytes(StandardCharsets.UTF_8);
    if (name.length > 0xffff) {
      throw new IllegalArgumentException("a label has at most 65535 bytes");
    }
    byte[] info = Octets.concat(Octets.u16(name.length), name, context.array());
    byte[] extracted = Hkdf.extract(new byte[0], view());
    try {
      return owning(Hkdf.expand(extracted, info, length));
    } finally {
      Arrays.fill(extracted, (byte) 0);
    }
  }

  public Secret copy() {
    return of(view());
  }

  public int size() {
    return bytes.length;
  }

  /// A copy of the bytes in the clear, for writing them to where they belong. The caller wipes it.
  public byte[] expose() {
    return view().clone();
  }

  /// The bytes themselves, for reading inside this module.
  byte[] view() {
    if (closed) {
      throw new IllegalStateException("this secret has been wiped");
    }
    return bytes;
  }

  @Override
  public void close() {
    closed = true;
    Arrays.fill(bytes, (byte) 0);
  }

  /// Constant time in the content. A wiped secret equals nothing but itself.
  @Override
  public boolean equals(Object other) {
    return this == other
        || (other instanceof Secret that
            && !closed
            && !that.closed
            && MessageDigest.isEqual(bytes, that.bytes));
  }

  /// Of the length only: a hash of the content would be a way to test guesses.
  @Override
  public int hashCode() {
    return Integer.hashCode(bytes.length);
  }

  @Override
  public String toString() {
    return "Secret of " + bytes.length + " bytes";
  }
}
