package cloister.attestation;

import java.util.Arrays;
import java.util.Locale;

/// A version of NVIDIA's, compared number by number: a driver's, as in `580.159.03`, or that of the
/// firmware in the VBIOS, as in `96.00.9F.00.01`, whose numbers are hexadecimal.
record NvidiaVersion(Scheme scheme, String text) implements Comparable<NvidiaVersion> {
  /// How a version is written.
  enum Scheme {
    DRIVER("[0-9]{1,6}(\\.[0-9]{1,6}){1,3}", 10),
    VBIOS("[0-9A-F]{2}(\\.[0-9A-F]{2}){4}", 16);

    private final String pattern;
    private final int radix;

    Scheme(String pattern, int radix) {
      this.pattern = pattern;
      this.radix = radix;
    }
  }

  NvidiaVersion {
    text = text.toUpperCase(Locale.ROOT);
    if (!text.matches(scheme.pattern)) {
      throw new IllegalArgumentException(
          switch (scheme) {
            case DRIVER -> "not a driver's version, as in 580.159.03";
            case VBIOS -> "not a VBIOS version, as in 96.00.9F.00.01";
          });
    }
  }

  static NvidiaVersion driver(String text) {
    return new NvidiaVersion(Scheme.DRIVER, text);
  }

  static NvidiaVersion vbios(String text) {
    return new NvidiaVersion(Scheme.VBIOS, text);
  }

  /// Of one scheme only: an earlier version is less, and `580.95` is less than `580.159`.
  @Override
  public int compareTo(NvidiaVersion other) {
    if (scheme != other.scheme) {
      throw new IllegalArgumentException("a driver's version and a VBIOS's have no order");
    }
    return Arrays.compare(numbers(), other.numbers());
  }

  private int[] numbers() {
    return Arrays.stream(text.split("\\."))
        .mapToInt(number -> Integer.parseInt(number, scheme.radix))
        .toArray();
  }

  @Override
  public String toString() {
    return text;
  }
}
