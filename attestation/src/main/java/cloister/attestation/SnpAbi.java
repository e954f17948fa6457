package cloister.attestation;

import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A version of the SNP firmware's interface: both parts 0 to 255.
record SnpAbi(int major, int minor) implements Comparable<SnpAbi> {
  private static final Pattern TEXT = Pattern.compile("([0-9]{1,3})\\.([0-9]{1,3})");
  private static final Comparator<SnpAbi> ORDER =
      Comparator.comparingInt(SnpAbi::major).thenComparingInt(SnpAbi::minor);

  SnpAbi {
    if (major < 0 || major > 255 || minor < 0 || minor > 255) {
      throw new IllegalArgumentException("both parts of a version are 0 to 255");
    }
  }

  static SnpAbi parse(String text) {
    Matcher parts = TEXT.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException("not a version as in 1.55");
    }
    return new SnpAbi(Integer.parseInt(parts.group(1)), Integer.parseInt(parts.group(2)));
  }

  @Override
  public int compareTo(SnpAbi other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
