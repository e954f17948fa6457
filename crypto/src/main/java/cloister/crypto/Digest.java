package cloister.crypto;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;

/// A SHA-256 digest (FIPS 180-4), written `sha256:` and 64 lower-case hexadecimal digits.
public final class Digest implements Comparable<Digest> {
  private static final String PREFIX = "sha256:";
  private static final int HEX_DIGITS = 64;

  private final byte[] bytes;

  private Digest(byte[] bytes) {
    this.bytes = bytes;
  }

  /// The digest of the parts, one after the other.
  public static Digest of(byte[]... parts) {
    MessageDigest sha = sha256();
    for (byte[] part : parts) {
      sha.update(part);
    }
    return new Digest(sha.digest());
  }

  public static Digest of(Bytes content) {
    return of(content.toArray());
  }

  public static Digest ofUtf8(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /// Wraps 32 bytes that are a digest already.
  public static Digest wrap(byte[] digest) {
    if (digest.length != 32) {
      throw new IllegalArgumentException("a SHA-256 digest has 32 bytes, not " + digest.length);
    }
    return new Digest(digest.clone());
  }

  /// Parses what [#toString] writes, and nothing else: one digest has one spelling.
  public static Digest parse(String text) {
    if (!text.startsWith(PREFIX)
        || text.length() != PREFIX.length() + HEX_DIGITS
        || !text.equals(text.toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException("not a digest of the form sha256:<64 hex digits>");
    }
    return new Digest(HexFormat.of().parseHex(text, PREFIX.length(), text.length()));
  }

  /// A copy of the 32 bytes.
  public byte[] toArray() {
    return bytes.clone();
  }

  /// The first 12 hexadecimal digits, for people.
  public String brief() {
    return HexFormat.of().formatHex(bytes, 0, 6);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public int compareTo(Digest other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Digest that && MessageDigest.isEqual(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return PREFIX + HexFormat.of().formatHex(bytes);
  }
}
