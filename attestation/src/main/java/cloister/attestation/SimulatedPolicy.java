package cloister.attestation;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Demands of the simulated TEE: `tee: simulated, measurement: [sha384:…]`, and, to try out what a
/// bounded age does, `maximum-age-seconds`; absent: any age.
record SimulatedPolicy(Allowed<Measurement> measurement, Optional<Duration> maximumAge)
    implements Policy.Entry {
  private static final String AGE = "maximum-age-seconds";
  private static final long DAY = 86_400;

  static SimulatedPolicy read(Fields fields) throws EvidenceException {
    return new SimulatedPolicy(
        fields.allowed("measurement", Measurement::parse),
        fields.has(AGE)
            ? Optional.of(Duration.ofSeconds(fields.integer(AGE, 1, DAY)))
            : Optional.empty());
  }

  @Override
  public Tee tee() {
    return Tee.SIMULATED;
  }

  @Override
  public Instant acceptsUntil(Claims claims) {
    return claims instanceof SimulatedClaims(SimulatedReport report)
        ? maximumAge.map(report.issuedAt()::plus).orElse(Instant.MAX)
        : Instant.MAX;
  }

  @Override
  public List<Check> compare(Claims claims, Instant at) {
    if (!(claims instanceof SimulatedClaims(SimulatedReport report))) {
      throw new IllegalArgumentException("compared with claims of " + claims.tee());
    }
    var checks = new ArrayList<Check>();
    checks.add(measurement.check("simulated.measurement", report.measurement()));
    maximumAge.ifPresent(most -> {
      long age = Duration.between(report.issuedAt(), at).toSeconds();
      String found = "is %d s old, and the policy accepts %d s".formatted(age, most.toSeconds());
      checks.add(
          age <= most.toSeconds()
              ? Check.holds("simulated.age", found)
              : Check.fails("simulated.age", found + ": ask the enclave for fresh evidence"));
    });
    return List.copyOf(checks);
  }
}
