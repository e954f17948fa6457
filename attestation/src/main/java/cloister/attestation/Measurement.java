package cloister.attestation;

import cloister.crypto.Bytes;

/// What a TEE measured of the code it started: an algorithm and its digest, as in `sha384:…`.
public record Measurement(String algorithm, Bytes digest) implements Comparable<Measurement> {
  public Measurement {
    int expected =
        switch (algorithm) {
          case "sha256" -> 32;
          case "sha384" -> 48;
          case "sha512" -> 64;
          default ->
              throw new IllegalArgumentException("unknown digest algorithm of a measurement");
        };
    if (digest.size() != expected) {
      throw new IllegalArgumentException(
          "a " + algorithm + " measurement has " + expected + " bytes, not " + digest.size());
    }
  }

  public static Measurement parse(String text) {
    int colon = text.indexOf(':');
    if (text.substring(colon + 1).matches("[0-9a-f]*[A-F][0-9a-fA-F]*")) {
      throw new IllegalArgumentException("a measurement's hexadecimal digits are lower-case");
    }
    if (colon < 0 || !text.substring(colon + 1).matches("[0-9a-f]*")) {
      throw new IllegalArgumentException("not a measurement of the form sha384:<hex digits>");
    }
    return new Measurement(text.substring(0, colon), Bytes.hex(text.substring(colon + 1)));
  }

  @Override
  public int compareTo(Measurement other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    return algorithm + ":" + digest.hex();
  }
}
