package cloister.privacy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Plans and tables for tests.
final class Samples {
  static final List<Optional<String>> NO_KEYS = List.of();

  private Samples() {}

  static NoiseStream stream(int seed) {
    var key = new byte[NoiseStream.KEY_BYTES];
    Arrays.fill(key, (byte) seed);
    return new NoiseStream(key);
  }

  static Optional<DifferentialPrivacy> terms(String epsilon, String delta, int groups, int rows) {
    return Optional.of(new DifferentialPrivacy(Epsilon.of(epsilon), Delta.of(delta), groups, rows));
  }

  static ReleasePlan.GroupKey privateKey() {
    return new ReleasePlan.GroupKey("zip", Optional.empty());
  }

  static ReleasePlan.GroupKey publicKey(String... domain) {
    return new ReleasePlan.GroupKey(
        "band", Optional.of(Arrays.stream(domain).map(Optional::of).toList()));
  }

  static ReleasePlan.GroupKey numbered(int size) {
    var domain = new ArrayList<Optional<String>>();
    for (int i = 0; i < size; i++) {
      domain.add(Optional.of(String.format("%07d", i)));
    }
    return new ReleasePlan.GroupKey("number", Optional.of(domain));
  }

  static ReleasePlan plan(
      List<ReleasePlan.GroupKey> keys,
      int minimum,
      List<Measure> measures,
      Optional<DifferentialPrivacy> terms) {
    return new ReleasePlan(
        keys, List.of(new ReleasePlan.Counter("customers", minimum)), measures, terms);
  }

  static Measure.Sum sum(String granularity, String lower, String upper) {
    return new Measure.Sum(
        new BigDecimal(granularity), new BigDecimal(lower), new BigDecimal(upper));
  }

  static Measure.Mean mean(String granularity, String lower, String upper) {
    return new Measure.Mean(
        new BigDecimal(granularity), new BigDecimal(lower), new BigDecimal(upper));
  }

  static Measure.Moments moments(
      Measure.Statistic statistic, String granularity, String lower, String upper) {
    return new Measure.Moments(
        statistic, new BigDecimal(granularity), new BigDecimal(lower), new BigDecimal(upper));
  }

  static ExactTable.Row row(List<Optional<String>> keys, long units, long... cells) {
    return new ExactTable.Row(
        keys, List.of(exact(units)), Arrays.stream(cells).mapToObj(Samples::exact).toList());
  }

  static Exact exact(long value) {
    return Exact.of(BigInteger.valueOf(value));
  }

  static List<Optional<String>> key(String... texts) {
    return Arrays.stream(texts).map(Optional::of).toList();
  }
}
