package cloister.crypto;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/// From when until when a certificate is good, both ends included, in whole seconds as X.509 has
/// them (RFC 5280 §4.1.2.5).
public record Validity(Instant from, Instant until) {
  public Validity {
    from = from.truncatedTo(ChronoUnit.SECONDS);
    until = until.truncatedTo(ChronoUnit.SECONDS);
    if (!from.isBefore(until)) {
      throw new IllegalArgumentException("valid from " + from + " until " + until + " is no time");
    }
  }

  public boolean contains(Instant instant) {
    return !instant.isBefore(from) && !instant.isAfter(until);
  }

  boolean contains(Validity other) {
    return contains(other.from) && contains(other.until);
  }
}
