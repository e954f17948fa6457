package cloister.privacy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Turns exact aggregates into what may leave the enclave: the noise, the thresholds, the error
/// bars, and beforehand the cost.
///
/// Which groups an answer has:
///
/// - with noise and only public keys (or none): every combination of the domains; a group whose
///   *noisy* unit count is below a minimum has its values withheld (absent);
/// - with noise and a private key: the groups that pass the threshold, no others;
/// - without noise: the groups whose every counter reaches its minimum, less the values of measures
///   whose own counters do not. Suppressed and absent groups look the same, whether keys have
///   domains or not, and so do withheld values and SQL's NULL; without keys there is one row.
///
/// Noisy counts may be negative: rounding them up to 0 would bias every sum made of them.
///
/// The engine's rows are taken one by one. A group with a private key is decided on as it comes and
/// kept if it passes: how many do not pass is exact, and neither the answer nor a limit may depend
/// on it. A group's noise depends on the run and its own key alone ([GroupStreams]). Not safe for
/// concurrent use.
public final class Release {
  /// The rows that [#expectedErrors(ReleasePlan)] assumes behind a mean.
  public static final long TYPICAL_ROWS = 1000;

  private final ReleasePlan plan;
  private final NoiseStream stream;
  private final int mostGroups;
  private final Optional<Candidates> candidates;
  private final int cells;
  private final int lists;
  private final List<Integer> firstCells;
  private final List<Integer> firstLists;

  /// What the engine found, or, of candidates, what of it is released.
  private final SortedMap<List<Optional<String>>, ExactTable.Row> found =
      new TreeMap<>(Release::compareKeys);

  private final SortedMap<List<Optional<String>>, Answer.Row> released =
      new TreeMap<>(Release::compareKeys);
  private boolean tooMany;

  private Release(ReleasePlan plan, NoiseStream stream, int mostGroups) {
    this.plan = plan;
    this.stream = stream;
    this.mostGroups = mostGroups;
    this.cells = plan.measures().stream().mapToInt(Measure::cells).sum();
    this.lists = plan.measures().stream().mapToInt(Measure::lists).sum() + plan.traced().size();
    this.firstCells = plan.firstCells();
    this.firstLists = plan.firstLists();
    this.candidates =
        plan.noise().isPresent() && !plan.listsEveryGroup()
            ? Optional.of(
                new Candidates(Mechanism.of(plan), new GroupStreams(stream), domains(plan)))
            : Optional.empty();
  }

  /// Groups with a private key, on which noise decides.
  private record Candidates(
      Mechanism mechanism, GroupStreams streams, List<Optional<Set<Optional<String>>>> domains) {}

  /// A release that takes its rows with [#accept].
  ///
  /// @param noise used for this release only, and not at all by a plan without noise
  /// @param mostGroups how many groups that the data names an answer may have
  public static Release of(ReleasePlan plan, NoiseStream noise, int mostGroups) {
    return new Release(plan, noise, mostGroups);
  }

  /// As if the rows of the table came one by one.
  public static Answer release(ReleasePlan plan, ExactTable table, NoiseStream noise) {
    var release = of(plan, noise, Integer.MAX_VALUE);
    table.rows().forEach(release::accept);
    return release.answer().orElseThrow();
  }

  /// @throws IllegalStateException when the row has not the plan's shape or its group was there
  ///   before; the engine's contract is broken then, and nothing is released
  public void accept(ExactTable.Row row) {
    if (row.keys().size() != plan.keys().size()
        || row.counters().size() != plan.counters().size()
        || row.cells().size() != cells
        || row.lists().size() != lists) {
      throw new IllegalStateException("the exact table has not the plan's shape");
    }
    if (tooMany || !isReleasable(row)) {
      return;
    }
    boolean twice =
        candidates.isPresent()
            ? candidate(candidates.get(), row)
                .map(shown -> released.put(shown.keys(), shown) != null)
                .orElse(false)
            : found.put(row.keys(), row) != null;
    if (twice) {
      throw new IllegalStateException("the exact table lists a group twice");
    }
    int groups = candidates.isPresent() ? released.size() : found.size();
    if (groups > mostGroups && !listsEveryGroup()) {
      tooMany = true;
      found.clear();
      released.clear();
    }
  }

  /// What is exactly known to stay out.
  private boolean isReleasable(ExactTable.Row row) {
    return plan.noise().isPresent()
        ? candidates.isEmpty() || inside(candidates.get().domains(), row.keys())
        : reachesMinimums(plan, row, ReleasePlan.Counter::ofGroups);
  }

  private boolean listsEveryGroup() {
    return plan.noise().isPresent() && plan.listsEveryGroup();
  }

  /// Once, after the last row: the answer, absent when more groups than allowed would be in it.
  public Optional<Answer> answer() {
    if (tooMany) {
      return Optional.empty();
    }
    if (plan.noise().isEmpty()) {
      return Optional.of(exact());
    }
    if (candidates.isPresent()) {
      return Optional.of(new Answer(List.copyOf(released.values())));
    }
    var mechanism = Mechanism.of(plan);
    return Optional.of(
        new Answer(
            combinations(plan.keys()).stream()
                .map(keys -> listed(mechanism, keys, Optional.ofNullable(found.get(keys))))
                .toList()));
  }

  /// What a release charges every dataset it draws on, whatever the data.
  public static Charge cost(ReleasePlan plan) {
    return plan.noise().isPresent() ? Mechanism.of(plan).charge() : Charge.NONE;
  }

  /// How noise would be drawn, in words: each distribution once, with its scale on the integer
  /// grid. A clipped sum's is for a clip of one step of it.
  ///
  /// @throws IllegalStateException for a plan without noise
  public static String mechanism(ReleasePlan plan) {
    if (plan.noise().isEmpty()) {
      throw new IllegalStateException("the plan has no noise");
    }
    var mechanism = Mechanism.of(plan);
    return Stream.of(
            mechanism.noises().stream().map(Noise::toString),
            mechanism.clips().stream()
                .flatMap(clip ->
                    Stream.of(
                        clip.histogram() + " on a histogram of totals",
                        clip.ofOne() + " times the clip that it finds")),
            mechanism.trees().stream().map(tree -> tree.noise() + " on a tree of counts"))
        .flatMap(words -> words)
        .distinct()
        .collect(Collectors.joining(", "));
  }

  /// The 95 % error bar of each measure, before any data is read; 0 without noise. A mean's depends
  /// on how many rows it has: it is given for a group of [#TYPICAL_ROWS], and a variance's for
  /// values that are spread evenly over their range. A clipped sum's is absent: it depends on the
  /// clip, and is so many times that as [#expectedClip] says.
  public static List<Optional<BigDecimal>> expectedErrors(ReleasePlan plan) {
    return expectedErrors(plan, TYPICAL_ROWS);
  }

  /// As [#expectedErrors(ReleasePlan)], for a group of `rows` non-null values.
  public static List<Optional<BigDecimal>> expectedErrors(ReleasePlan plan, long rows) {
    if (plan.noise().isEmpty()) {
      return Collections.nCopies(plan.measures().size(), Optional.of(BigDecimal.ZERO));
    }
    var mechanism = Mechanism.of(plan);
    var errors = new ArrayList<Optional<BigDecimal>>();
    for (int i = 0; i < plan.measures().size(); i++) {
      int draw = mechanism.draws().ofMeasure().get(i);
      errors.add(
          plan.measures().get(i) instanceof Measure.Clipped
              ? Optional.empty()
              : Optional.of(expectedError(plan, plan.measures().get(i), mechanism, draw, rows)));
    }
    return List.copyOf(errors);
  }

  /// What is known of a clipped sum beforehand.
  ///
  /// @param errorPerClip the 95 % error bar as a multiple of the clip
  /// @param units about how many units with totals of like size a group has to have for its total
  ///   to be released, and for a clip to be as high
  public record ExpectedClip(BigDecimal errorPerClip, BigInteger units) {}

  /// @param measure the index of a clipped sum
  public static ExpectedClip expectedClip(ReleasePlan plan, int measure) {
    var mechanism = Mechanism.of(plan);
    var clip = mechanism.clips().get(mechanism.draws().ofMeasure().get(measure));
    var thousand = BigInteger.valueOf(1000);
    return new ExpectedClip(new BigDecimal(clip.error(thousand), 3), clip.units());
  }

  private static BigDecimal expectedError(
      ReleasePlan plan, Measure measure, Mechanism mechanism, int draw, long rows) {
    return switch (measure) {
      case Measure.Units _, Measure.Rows _, Measure.DistinctValues _ ->
          new BigDecimal(mechanism.halfWidths().get(draw).ofOne());
      case Measure.Sum sum ->
          new BigDecimal(mechanism.halfWidths().get(draw).ofOne()).multiply(sum.granularity());
      case Measure.Mean mean -> expectedError(mean, Measure.Statistic.MEAN, mechanism, draw, rows);
      case Measure.Moments moments ->
          expectedError(moments, moments.statistic(), mechanism, draw, rows);
      case Measure.Another(int of, var statistic) ->
          expectedError(plan.measures().get(of), statistic, mechanism, draw, rows);
      case Measure.Clipped _ -> throw new IllegalArgumentException("it depends on the data");
      case Measure.Quantile(var fraction, _, _, _) ->
          expectedError(mechanism, draw, fraction, rows);
      case Measure.AnotherQuantile(_, var fraction) ->
          expectedError(mechanism, draw, fraction, rows);
    };
  }

  private static BigDecimal expectedError(
      Mechanism mechanism, int tree, BigDecimal fraction, long rows) {
    return mechanism.trees().get(tree).quantile(fraction, RankTree.typical(rows)).error();
  }

  private static BigDecimal expectedError(
      Measure measured, Measure.Statistic statistic, Mechanism mechanism, int draw, long rows) {
    return statistic(
            mechanism,
            measured,
            statistic,
            draw,
            BigInteger.ZERO,
            BigInteger.valueOf(rows),
            measured instanceof Measure.Moments moments
                ? NoisyMoments.typical(moments, rows).squares()
                : BigInteger.ZERO)
        .error();
  }

  /// A group with public keys; without a row of the table, all its numbers are 0.
  private Answer.Row listed(
      Mechanism mechanism, List<Optional<String>> keys, Optional<ExactTable.Row> row) {
    var drawn = draw(mechanism, stream, row);
    for (int i = 0; i < plan.counters().size(); i++) {
      int minimum = plan.counters().get(i).minimumUnits();
      if (minimum > 1
          && counter(row, i)
                  .add(counterNoise(mechanism, drawn, i))
                  .compareTo(BigInteger.valueOf(minimum))
              < 0) {
        return new Answer.Row(keys, withheld(plan));
      }
    }
    return new Answer.Row(keys, values(mechanism, row, drawn));
  }

  /// A group with a private key, if it passes ([Mechanism], Threshold).
  private Optional<Answer.Row> candidate(Candidates candidates, ExactTable.Row row) {
    var mechanism = candidates.mechanism();
    Drawn drawn;
    try (var own = candidates.streams().of(row.keys())) {
      drawn = draw(mechanism, own, Optional.of(row));
    }
    var threshold = mechanism.threshold().orElseThrow();
    for (int i = 0; i < plan.counters().size(); i++) {
      if (!plan.counters().get(i).isDemanding()) {
        continue;
      }
      var shifted =
          counter(Optional.of(row), i)
              .subtract(BigInteger.valueOf(plan.counters().get(i).minimumUnits() - 1L));
      if (shifted.signum() <= 0
          || shifted.add(counterNoise(mechanism, drawn, i)).compareTo(threshold) < 0) {
        return Optional.empty();
      }
    }
    return Optional.of(new Answer.Row(row.keys(), values(mechanism, Optional.of(row), drawn)));
  }

  /// @param noises one per noise of the mechanism
  /// @param clipped what is released of each clipped sum
  /// @param ranked the noisy counts of each column of which there are quantiles
  private record Drawn(
      List<BigInteger> noises,
      List<Optional<Answer.Value>> clipped,
      List<RankTree.Counts> ranked) {}

  /// All noise of one group. It is drawn before anything is tested, so that neither the stream's
  /// position nor the time depends on whether the group is shown.
  private Drawn draw(Mechanism mechanism, NoiseStream from, Optional<ExactTable.Row> row) {
    var noises = mechanism.noises().stream().map(noise -> noise.sample(from)).toList();
    var clipped = new ArrayList<Optional<Answer.Value>>();
    var ranked = new ArrayList<RankTree.Counts>();
    for (int i = 0; i < plan.measures().size(); i++) {
      int list = firstLists.get(i);
      if (plan.measures().get(i).lists() == 0) {
        continue;
      }
      List<Exact> histogram = row.map(found -> found.lists().get(list)).orElse(List.of());
      if (plan.measures().get(i) instanceof Measure.Clipped) {
        clipped.add(mechanism.clips().get(clipped.size()).release(histogram, from));
      } else {
        ranked.add(mechanism.trees().get(ranked.size()).draw(histogram, from));
      }
    }
    return new Drawn(noises, clipped, ranked);
  }

  private static BigInteger counterNoise(Mechanism mechanism, Drawn drawn, int counter) {
    return drawn.noises().get(mechanism.draws().ofCounter().get(counter).orElseThrow());
  }

  private List<Optional<Answer.Value>> values(
      Mechanism mechanism, Optional<ExactTable.Row> row, Drawn all) {
    var values = new ArrayList<Optional<Answer.Value>>();
    var drawn = all.noises();
    for (int i = 0; i < plan.measures().size(); i++) {
      int cell = firstCells.get(i);
      int draw = mechanism.draws().ofMeasure().get(i);
      if (plan.measures().get(i) instanceof Measure.Clipped) {
        values.add(all.clipped().get(draw));
        continue;
      }
      values.add(
          Optional.of(
              switch (plan.measures().get(i)) {
                case Measure.Units(int counter) ->
                    value(
                        mechanism,
                        counter(row, counter).add(drawn.get(draw)),
                        draw,
                        BigDecimal.ONE);
                case Measure.Rows _, Measure.DistinctValues _ ->
                    value(mechanism, cell(row, cell).add(drawn.get(draw)), draw, BigDecimal.ONE);
                case Measure.Sum sum ->
                    value(mechanism, cell(row, cell).add(drawn.get(draw)), draw, sum.granularity());
                case Measure.Mean mean ->
                    statistic(mechanism, mean, Measure.Statistic.MEAN, row, cell, drawn, draw);
                case Measure.Moments moments ->
                    statistic(mechanism, moments, moments.statistic(), row, cell, drawn, draw);
                case Measure.Another(int of, var statistic) ->
                    statistic(
                        mechanism, plan.measures().get(of), statistic, row, cell, drawn, draw);
                case Measure.Clipped _ -> throw new IllegalStateException("it is drawn already");
                case Measure.Quantile(var fraction, _, _, _) ->
                    mechanism.trees().get(draw).quantile(fraction, all.ranked().get(draw));
                case Measure.AnotherQuantile(_, var fraction) ->
                    mechanism.trees().get(draw).quantile(fraction, all.ranked().get(draw));
              }));
    }
    return values;
  }

  private static Answer.Value value(
      Mechanism mechanism, BigInteger number, int draw, BigDecimal granularity) {
    var widths = mechanism.halfWidths().get(draw);
    return new Answer.Value(
        new BigDecimal(number).multiply(granularity),
        new BigDecimal(widths.ofOne()).multiply(granularity),
        new BigDecimal(widths.ofAll()).multiply(granularity));
  }

  /// A statistic of a mean's or a variance's moments.
  private static Answer.Value statistic(
      Mechanism mechanism,
      Measure measured,
      Measure.Statistic statistic,
      Optional<ExactTable.Row> row,
      int cell,
      List<BigInteger> drawn,
      int draw) {
    var count = cell(row, cell + 1);
    var sum = cell(row, cell);
    var squares = BigInteger.ZERO;
    switch (measured) {
      case Measure.Mean mean -> sum = sum.subtract(mean.middle().multiply(count));
      case Measure.Moments moments ->
          squares =
              squares(moments, row, cell)
                  .subtract(moments.centre().multiply(count))
                  .add(drawn.get(draw + 2));
      default -> throw new IllegalStateException("it has no moments");
    }
    return statistic(
        mechanism,
        measured,
        statistic,
        draw,
        sum.add(drawn.get(draw)),
        count.add(drawn.get(draw + 1)),
        squares);
  }

  /// @param sum of distances to the middle, with noise, as `count` and `squares`
  private static Answer.Value statistic(
      Mechanism mechanism,
      Measure measured,
      Measure.Statistic statistic,
      int draw,
      BigInteger sum,
      BigInteger count,
      BigInteger squares) {
    var ofSum = mechanism.halfWidths().get(draw);
    var ofCount = mechanism.halfWidths().get(draw + 1);
    return switch (statistic) {
      case COUNT -> value(mechanism, count, draw + 1, BigDecimal.ONE);
      case MEAN -> {
        var mean = measured instanceof Measure.Moments all ? all.mean() : (Measure.Mean) measured;
        var noisy = new NoisyMean(mean, sum, count);
        yield new Answer.Value(
            noisy.number(),
            noisy.error(ofSum.ofTwo(), ofCount.ofTwo()),
            noisy.error(ofSum.ofAll(), ofCount.ofAll()));
      }
      case VAR_POP, VAR_SAMP, STDDEV_POP, STDDEV_SAMP -> {
        var noisy = new NoisyMoments((Measure.Moments) measured, sum, count, squares);
        var ofSquares = mechanism.halfWidths().get(draw + 2);
        var alone =
            new NoisyMoments.HalfWidths(ofSum.ofThree(), ofCount.ofThree(), ofSquares.ofThree());
        var joint = new NoisyMoments.HalfWidths(ofSum.ofAll(), ofCount.ofAll(), ofSquares.ofAll());
        yield new Answer.Value(
            noisy.number(statistic), noisy.error(statistic, alone), noisy.error(statistic, joint));
      }
    };
  }

  private static BigInteger squares(
      Measure.Moments moments, Optional<ExactTable.Row> row, int cell) {
    return moments.squares(
        IntStream.range(cell + 2, cell + moments.cells())
            .mapToObj(each -> cell(row, each))
            .toList());
  }

  private static BigInteger counter(Optional<ExactTable.Row> row, int counter) {
    return row.map(found -> found.counters().get(counter).value()).orElse(BigInteger.ZERO);
  }

  private static BigInteger cell(Optional<ExactTable.Row> row, int cell) {
    return row.map(found -> found.cells().get(cell).value()).orElse(BigInteger.ZERO);
  }

  private Answer exact() {
    var rows = new ArrayList<Answer.Row>();
    found.forEach((keys, row) -> rows.add(new Answer.Row(keys, exactValues(row))));
    if (plan.keys().isEmpty() && rows.isEmpty()) {
      rows.add(new Answer.Row(List.of(), withheld(plan)));
    }
    return new Answer(rows);
  }

  /// Without noise nothing but what is traced has lists.
  private boolean isOfEnough(ExactTable.Row row, int measure) {
    for (int i = 0; i < plan.traced().size(); i++) {
      var traced = plan.traced().get(i);
      if (traced.measures().contains(measure) && !traced.suffices(delivered(row, i))) {
        return false;
      }
    }
    return true;
  }

  private static List<BigInteger> delivered(ExactTable.Row row, int traced) {
    return row.lists().get(traced).stream().map(Exact::value).toList();
  }

  /// What the exact numbers of [#answer] say about which units, to be compared with others' before
  /// they leave; empty with noise, and where nobody demands more than one unit.
  public Footprints footprints() {
    if (plan.traced().isEmpty()) {
      return Footprints.NONE;
    }
    int buckets = plan.buckets();
    var groups = new ArrayList<Footprints.Group>();
    found.forEach((keys, row) -> {
      var values = exactValues(row);
      var shown = new TreeMap<Integer, Footprint>();
      for (int i = 0; i < plan.traced().size(); i++) {
        var traced = plan.traced().get(i);
        if (traced.measures().stream().anyMatch(measure -> values.get(measure).isPresent())) {
          shown.put(i, traced.footprint(buckets, delivered(row, i)));
        }
      }
      groups.add(new Footprints.Group(keys, shown));
    });
    return Footprints.of(groups, plan.keys().size());
  }

  private static boolean reachesMinimums(
      ReleasePlan plan, ExactTable.Row row, Predicate<ReleasePlan.Counter> counted) {
    for (int i = 0; i < plan.counters().size(); i++) {
      var counter = plan.counters().get(i);
      if (counted.test(counter) && !counter.suffices(row.counters().get(i).value())) {
        return false;
      }
    }
    return true;
  }

  /// SQL's semantics: the sum and the mean of no values are NULL, and so is a sample's variance of
  /// one. A mean is divided exactly and rounded HALF_EVEN to [Measure#MEAN_DIGITS] digits beyond
  /// its granularity's.
  private List<Optional<Answer.Value>> exactValues(ExactTable.Row row) {
    var values = new ArrayList<Optional<Answer.Value>>();
    for (int i = 0; i < plan.measures().size(); i++) {
      int index = i;
      int cell = firstCells.get(i);
      if (!reachesMinimums(plan, row, counter -> counter.measures().contains(index))
          || !isOfEnough(row, index)) {
        values.add(Optional.empty());
        continue;
      }
      Optional<BigDecimal> number =
          switch (plan.measures().get(i)) {
            case Measure.Units(int counter) ->
                Optional.of(new BigDecimal(row.counters().get(counter).value()));
            case Measure.Rows _, Measure.DistinctValues _ ->
                Optional.of(new BigDecimal(row.cells().get(cell).value()));
            case Measure.Sum sum ->
                nonNull(row, cell).map(total -> total.multiply(sum.granularity()));
            case Measure.Mean mean -> exact(mean, Measure.Statistic.MEAN, row, cell);
            case Measure.Moments moments -> exact(moments, moments.statistic(), row, cell);
            case Measure.Another(int of, var statistic) ->
                exact(plan.measures().get(of), statistic, row, cell);
            case Measure.Clipped _, Measure.Quantile _, Measure.AnotherQuantile _ ->
                throw new IllegalStateException("without noise nothing is clipped or ranked");
          };
      values.add(number.map(Answer.Value::exact));
    }
    return values;
  }

  private static Optional<BigDecimal> exact(
      Measure measured, Measure.Statistic statistic, ExactTable.Row row, int cell) {
    var count = row.cells().get(cell + 1).value();
    if (statistic == Measure.Statistic.COUNT) {
      return Optional.of(new BigDecimal(count));
    }
    boolean sample =
        statistic == Measure.Statistic.VAR_SAMP || statistic == Measure.Statistic.STDDEV_SAMP;
    if (count.compareTo(sample ? BigInteger.TWO : BigInteger.ONE) < 0) {
      return Optional.empty();
    }
    var sum = row.cells().get(cell).value();
    return Optional.of(
        switch (measured) {
          case Measure.Mean mean -> exactMean(mean, sum, count);
          case Measure.Moments moments ->
              statistic == Measure.Statistic.MEAN
                  ? exactMean(moments.mean(), sum.add(moments.middle().multiply(count)), count)
                  : NoisyMoments.exact(
                      moments, statistic, sum, count, squares(moments, Optional.of(row), cell));
          default -> throw new IllegalStateException("it has no moments");
        });
  }

  private static BigDecimal exactMean(Measure.Mean mean, BigInteger sum, BigInteger count) {
    return new BigDecimal(sum)
        .multiply(mean.granularity())
        .divide(new BigDecimal(count), mean.scale(), RoundingMode.HALF_EVEN);
  }

  /// The sum in a cell, unless the count after it says that it has no values.
  private static Optional<BigDecimal> nonNull(ExactTable.Row row, int cell) {
    return row.cells().get(cell + 1).value().signum() == 0
        ? Optional.empty()
        : Optional.of(new BigDecimal(row.cells().get(cell).value()));
  }

  private static List<Optional<Answer.Value>> withheld(ReleasePlan plan) {
    return Collections.nCopies(plan.measures().size(), Optional.empty());
  }

  /// The cartesian product of the domains, in the answer's order.
  private static List<List<Optional<String>>> combinations(List<ReleasePlan.GroupKey> keys) {
    List<List<Optional<String>>> product = List.of(List.of());
    for (var key : keys) {
      var values = key.domain().orElseThrow().stream().sorted(Release::compareTexts).toList();
      var longer = new ArrayList<List<Optional<String>>>(product.size() * values.size());
      for (var prefix : product) {
        for (var value : values) {
          var combination = new ArrayList<>(prefix);
          combination.add(value);
          longer.add(combination);
        }
      }
      product = longer;
    }
    return product;
  }

  private static List<Optional<Set<Optional<String>>>> domains(ReleasePlan plan) {
    return plan.keys().stream()
        .map(key -> key.domain().<Set<Optional<String>>>map(HashSet::new))
        .toList();
  }

  private static boolean inside(
      List<Optional<Set<Optional<String>>>> domains, List<Optional<String>> keys) {
    for (int i = 0; i < keys.size(); i++) {
      if (domains.get(i).isPresent() && !domains.get(i).get().contains(keys.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static int compareKeys(List<Optional<String>> left, List<Optional<String>> right) {
    for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
      int order = compareTexts(left.get(i), right.get(i));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(left.size(), right.size());
  }

  /// By text, and NULL before every text, so before the empty one.
  private static int compareTexts(Optional<String> left, Optional<String> right) {
    int order = Boolean.compare(left.isPresent(), right.isPresent());
    return order != 0 ? order : left.orElse("").compareTo(right.orElse(""));
  }
}
