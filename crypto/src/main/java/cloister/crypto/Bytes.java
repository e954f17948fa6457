package cloister.crypto;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;

/// An immutable string of public bytes, compared by content. For anything secret use [Secret].
public final class Bytes {
  private final byte[] bytes;

  private Bytes(byte[] bytes) {
    this.bytes = bytes;
  }

  public static Bytes of(byte[] bytes) {
    return new Bytes(bytes.clone());
  }

  public static Bytes utf8(String text) {
    return new Bytes(text.getBytes(StandardCharsets.UTF_8));
  }

  /// Parses lower- or upper-case hexadecimal.
  public static Bytes hex(String hex) {
    return new Bytes(HexFormat.of().parseHex(hex));
  }

  /// Parses standard base64 with padding (RFC 4648 §4).
  public static Bytes base64(String base64) {
    return new Bytes(Base64.getDecoder().decode(base64));
  }

  public int size() {
    return bytes.length;
  }

  /// A copy.
  public byte[] toArray() {
    return bytes.clone();
  }

  public String hex() {
    return HexFormat.of().formatHex(bytes);
  }

  public String base64() {
    return Base64.getEncoder().encodeToString(bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bytes that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /// The length and the start; never the whole content, which may be long.
  @Override
  public String toString() {
    return bytes.length + " bytes " + HexFormat.of().formatHex(bytes, 0, Math.min(8, bytes.length));
  }
}
