package cloister.crypto;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Objects;

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

  /// Parses standard base64 with padding (RFC 4648 §4). The JDK also reads text without padding or
  /// with stray trailing bits; here one content has one spelling.
  public static Bytes base64(String base64) {
    var decoded = new Bytes(Base64.getDecoder().decode(base64));
    if (!decoded.base64().equals(base64)) {
      throw new IllegalArgumentException("not canonical base64 with padding");
    }
    return decoded;
  }

  /// The parts, one after the other.
  public static Bytes concat(Bytes... parts) {
    byte[][] arrays = new byte[parts.length][];
    for (int i = 0; i < parts.length; i++) {
      arrays[i] = parts[i].bytes;
    }
    return new Bytes(Octets.concat(arrays));
  }

  /// Takes the array over without a copy: for arrays that nobody else holds.
  static Bytes owning(byte[] bytes) {
    return new Bytes(bytes);
  }

  /// The bytes themselves, for reading inside this module.
  byte[] array() {
    return bytes;
  }

  public int size() {
    return bytes.length;
  }

  /// The bytes from `from` up to, not including, `to`.
  public Bytes slice(int from, int to) {
    Objects.checkFromToIndex(from, to, bytes.length);
    return new Bytes(Arrays.copyOfRange(bytes, from, to));
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
