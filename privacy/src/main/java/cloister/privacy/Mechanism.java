package cloister.privacy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// The noise of a whole release, calibrated to one (ε, δ): one distribution for each number that is
/// drawn per group, the threshold for private keys, and the charge. It follows from the plan alone.
///
/// Neighbours differ in all rows that one unit has in one dataset, or in several: whoever supplies
/// one dataset may know that the unit is in it, and must not learn whether it is in another.
///
/// Let a group have m numbers with noise, number i of sensitivity Δᵢ, and let neighbours differ in
/// at most L groups, and there number i by at most Δᵢ. Where every row needs every dataset, a unit
/// is there or is not: L is `groupsPerUnit`, and Δᵢ what [Measure] states. Where
/// [ReleasePlan#unitsMayChange] (UNION ALL, outer joins, NOT EXISTS), a unit that leaves one
/// dataset may stay by way of another, *changed*: it leaves up to `groupsPerUnit` groups and enters
/// as many others, so L is twice that; in a group where it stays, a contribution moves by at most
/// the distance of two contributions, which for counts is what it was and for sums the whole range.
///
/// **Laplace**, basic split: scale bᵢ = L·m·Δᵢ/ε. The loss of one group is at most Σᵢ Δᵢ/bᵢ = ε/L,
/// of all of them ε: pure ε-DP. The scale is an exact fraction.
///
/// **Gaussian**, equal ρ: σᵢ² = m·L·Δᵢ²/2ρ. Then Σ over groups and numbers of Δᵢ²/2σᵢ² = ρ
/// (Canonne, Kamath and Steinke 2020, Theorem 14, for the vector of all numbers), with the largest
/// ρ that implies (ε, δ). σ is rounded up.
///
/// Within either, the noise of each number is proportional to its sensitivity. So one comparison
/// decides for all: the 95 % half widths ln(20)·b and 1.96·σ at Δ = 1.
///
/// **Clipped sums** ([Clip]) are one number each of the m, whose part of ε or ρ is shared between a
/// histogram, 15 %, and a sum, 85 %. In the above that is a number whose Δ² (or, for Laplace, Δ) is
/// divided by its share. The sum's noise is calibrated for a clip of 1 and then multiplied.
///
/// **Quantiles** ([RankTree]) of one column are one number of the m: a tree of counts on 5 levels,
/// whose Δ is 5·R and Δ² is 5·R², and twice as much where a unit may change.
///
/// **Threshold.** With a private key, a group must show itself: for every counter c with a minimum
/// kᶜ, the shifted count n' = n - (kᶜ - 1) must be at least 1, and n' plus its noise at least τ.
/// Take a group that is a candidate (all n' ≥ 1) in one of two neighbouring tables only. There,
/// some counter has n' = 1, since a unit moves it by 1; whatever the others do, the group is
/// released with probability at most P[1 + X ≥ τ] = p. Let a table T have a such groups and its
/// neighbour T' b of them, a + b ≤ L; p = δ'/L. Groups are independent, so with Q the probability
/// of an output as far as the common groups go, T(S) ≤ Q(S) + a·p and T'(S) ≥ (1 - b·p)·Q'(S).
/// Shifting by a constant changes no sensitivity, so by the above Q ≤ min(1, e^ε·Q' + δ'') with δ''
/// the noise's own, and that is at most (1 - b·p)·e^ε·Q' + b·p + δ''. Together T(S) ≤ e^ε·T'(S) +
/// (a + b)·p + δ'': the release is (ε, δ' + δ'')-DP. Several counters do not multiply δ', because
/// all of them must pass. Laplace spends all of δ on the threshold, Gaussian half on each.
///
/// With public keys, a minimum above 1 is tested on the noisy count: post-processing, no δ.
final class Mechanism {
  private static final MathContext UP = new MathContext(40, RoundingMode.UP);
  private static final MathContext DOWN = new MathContext(40, RoundingMode.DOWN);
  private static final BigDecimal TWO = BigDecimal.valueOf(2);
  private static final int SIGMA_BITS = 30;

  /// What a clipped sum's histogram may cost, in percent of what the whole number may.
  static final int HISTOGRAM_PERCENT = 15;

  private static final int SUM_PERCENT = 100 - HISTOGRAM_PERCENT;

  private final Draws draws;
  private final List<Noise> noises;
  private final List<Clip> clips;
  private final List<RankTree> trees;
  private final double halfWidthPerSensitivity;
  private final List<HalfWidths> halfWidths;
  private final Charge charge;
  private final Optional<BigInteger> threshold;

  private Mechanism(
      Draws draws,
      List<Noise> noises,
      List<Clip> clips,
      List<RankTree> trees,
      double halfWidthPerSensitivity,
      Charge charge,
      Optional<BigInteger> threshold) {
    this.draws = draws;
    this.noises = List.copyOf(noises);
    this.clips = List.copyOf(clips);
    this.trees = List.copyOf(trees);
    this.halfWidthPerSensitivity = halfWidthPerSensitivity;
    this.halfWidths = noises.stream().map(noise -> HalfWidths.of(noise, draws.errors())).toList();
    this.charge = charge;
    this.threshold = threshold;
  }

  /// How far noise moves a number.
  ///
  /// @param ofOne at most so far, with probability 95 %
  /// @param ofTwo with probability 97.5 %: two such numbers are within it together with 95 %
  /// @param ofThree with probability 98⅓ %: three such numbers are within it together with 95 %
  /// @param ofAll all numbers of a group are within theirs together with 95 %
  record HalfWidths(BigInteger ofOne, BigInteger ofTwo, BigInteger ofThree, BigInteger ofAll) {
    private static HalfWidths of(Noise noise, int numbers) {
      return new HalfWidths(
          noise.halfWidth(0.05),
          noise.halfWidth(0.025),
          noise.halfWidth(0.05 / 3),
          noise.halfWidth(0.05 / numbers));
    }
  }

  /// Which numbers of a group get noise: first counters, then measures. A selected unit count is
  /// the counter's number, so what is tested and what is shown are one draw.
  ///
  /// @param ofCounter the index of a counter's draw, empty when it has none
  /// @param ofMeasure the index of a measure's first draw; a mean has two, the count second, and
  ///   moments a third for the squares. A clipped sum has none of these, but the index of its clip,
  ///   and a quantile that of its tree
  /// @param clipped the measures that are clipped, in order
  /// @param ranked the measures that have a tree, in order
  /// @param errors how many numbers of a group have an error of their own, at most
  record Draws(
      List<OptionalInt> ofCounter,
      List<Integer> ofMeasure,
      List<BigInteger> sensitivities,
      List<Measure.Clipped> clipped,
      List<Measure.Quantile> ranked,
      int errors) {
    /// m.
    int numbers() {
      return sensitivities.size() + clipped.size() + ranked.size();
    }

    static Draws of(ReleasePlan plan) {
      int rowsPerUnit = plan.noise().orElseThrow().rowsPerUnit();
      var sensitivities = new ArrayList<BigInteger>();
      var ofCounter = new ArrayList<OptionalInt>();
      for (int i = 0; i < plan.counters().size(); i++) {
        boolean selected = plan.measures().contains(new Measure.Units(i));
        int minimum = plan.counters().get(i).minimumUnits();
        boolean tested = plan.listsEveryGroup() ? minimum > 1 : minimum > 0;
        ofCounter.add(
            selected || tested ? OptionalInt.of(sensitivities.size()) : OptionalInt.empty());
        if (selected || tested) {
          sensitivities.add(BigInteger.ONE);
        }
      }
      var ofMeasure = new ArrayList<Integer>();
      var clipped = new ArrayList<Measure.Clipped>();
      var ranked = new ArrayList<Measure.Quantile>();
      var rows = BigInteger.valueOf(rowsPerUnit);
      for (var measure : plan.measures()) {
        ofMeasure.add(
            switch (measure) {
              case Measure.Units(int counter) -> ofCounter.get(counter).getAsInt();
              case Measure.Clipped _ -> clipped.size();
              case Measure.Quantile _ -> ranked.size();
              default -> sensitivities.size();
            });
        switch (measure) {
          case Measure.Units _ -> {}
          case Measure.Rows _, Measure.DistinctValues _ -> sensitivities.add(rows);
          case Measure.Sum sum -> {
            var change = plan.unitsMayChange() ? sum.span() : sum.sensitivity();
            sensitivities.add(change.max(BigInteger.ONE));
          }
          case Measure.Mean mean -> {
            var change = plan.unitsMayChange() ? mean.halfRange().shiftLeft(1) : mean.halfRange();
            sensitivities.add(change.max(BigInteger.ONE).multiply(rows));
            sensitivities.add(rows);
          }
          case Measure.Moments moments -> {
            var half = moments.mean().halfRange();
            var sum = plan.unitsMayChange() ? half.shiftLeft(1) : half;
            var squares =
                plan.unitsMayChange()
                    ? moments.largestSquare()
                    : moments.largestSquare().subtract(moments.centre());
            sensitivities.add(sum.max(BigInteger.ONE).multiply(rows));
            sensitivities.add(rows);
            sensitivities.add(squares.max(BigInteger.ONE).multiply(rows));
          }
          case Measure.Clipped each -> clipped.add(each);
          case Measure.Quantile quantile -> ranked.add(quantile);
          case Measure.Another _, Measure.AnotherQuantile _ -> {}
        }
      }
      for (int i = 0; i < ofMeasure.size(); i++) {
        switch (plan.measures().get(i)) {
          case Measure.Another another -> ofMeasure.set(i, ofMeasure.get(another.measure()));
          case Measure.AnotherQuantile another ->
              ofMeasure.set(i, ofMeasure.get(another.measure()));
          default -> {}
        }
      }
      return new Draws(
          ofCounter,
          ofMeasure,
          sensitivities,
          clipped,
          ranked,
          sensitivities.size() + plan.measures().size());
    }
  }

  static Mechanism of(ReleasePlan plan) {
    var draws = Draws.of(plan);
    if (draws.numbers() == 0) {
      return new Mechanism(
          draws, List.of(), List.of(), List.of(), 0, Charge.NONE, Optional.empty());
    }
    var laplace = laplace(plan, draws);
    return gaussian(plan, draws)
        .filter(gaussian -> gaussian.halfWidthPerSensitivity < laplace.halfWidthPerSensitivity)
        .orElse(laplace);
  }

  static Mechanism laplace(ReleasePlan plan, Draws draws) {
    var terms = plan.noise().orElseThrow();
    var thresholdDelta = plan.listsEveryGroup() ? BigDecimal.ZERO : terms.delta().value();
    long split = (long) plan.groupsThatDiffer() * draws.numbers();
    var perSensitivity =
        new Ratio(
            BigInteger.valueOf(split).multiply(BigInteger.TEN.pow(Epsilon.SCALE)),
            terms.epsilon().value().unscaledValue());
    var noises =
        draws.sensitivities().stream()
            .map(sensitivity -> new DiscreteLaplace(perSensitivity).times(sensitivity))
            .toList();
    var histogram =
        new DiscreteLaplace(ofShare(perSensitivity, HISTOGRAM_PERCENT))
            .times(BigInteger.valueOf(bucketsThatDiffer(plan)));
    var ofOne = new DiscreteLaplace(ofShare(perSensitivity, SUM_PERCENT));
    return new Mechanism(
        draws,
        noises,
        clips(plan, draws, histogram, ofOne),
        trees(
            draws,
            new DiscreteLaplace(perSensitivity)
                .times(BigInteger.valueOf((long) RankTree.LEVELS * bucketsThatDiffer(plan)))
                .times(BigInteger.valueOf(terms.rowsPerUnit()))),
        StrictMath.log(20) * perSensitivity.roundedUp(),
        Charge.pure(terms.epsilon(), thresholdDelta),
        threshold(plan, noises, thresholdDelta));
  }

  private static Ratio ofShare(Ratio scale, int percent) {
    return new Ratio(
        scale.numerator().multiply(BigInteger.valueOf(100)),
        scale.denominator().multiply(BigInteger.valueOf(percent)));
  }

  /// Of a group's histogram: the one that a unit enters and, where it may change, the one that it
  /// leaves. It is the sum of the changes, and of their squares.
  private static int bucketsThatDiffer(ReleasePlan plan) {
    return plan.unitsMayChange() ? 2 : 1;
  }

  private static List<RankTree> trees(Draws draws, Noise ofNode) {
    return draws.ranked().stream()
        .map(measure -> new RankTree(measure, ofNode, draws.errors()))
        .toList();
  }

  private static List<Clip> clips(ReleasePlan plan, Draws draws, Noise histogram, Noise ofOne) {
    return draws.clipped().stream()
        .map(measure -> new Clip(measure, histogram, ofOne, plan.unitsMayChange(), draws.errors()))
        .toList();
  }

  /// Absent without δ, or with too little of it to divide.
  static Optional<Mechanism> gaussian(ReleasePlan plan, Draws draws) {
    var terms = plan.noise().orElseThrow();
    var delta = terms.delta().value();
    var thresholdDelta =
        plan.listsEveryGroup()
            ? BigDecimal.ZERO
            : delta.divide(TWO, Delta.SCALE, RoundingMode.DOWN);
    if (delta.signum() == 0 || (!plan.listsEveryGroup() && thresholdDelta.signum() == 0)) {
      return Optional.empty();
    }
    var target = ConcentratedPrivacy.rho(terms.epsilon(), delta.subtract(thresholdDelta));
    if (target.signum() == 0) {
      return Optional.empty();
    }
    var groups = BigDecimal.valueOf(plan.groupsThatDiffer());
    var numbers = BigDecimal.valueOf(draws.numbers());
    var perSensitivity = groups.multiply(numbers).divide(target.multiply(TWO), UP).sqrt(UP);
    var noises = new ArrayList<Noise>();
    var rho = BigDecimal.ZERO;
    for (var sensitivity : draws.sensitivities()) {
      var change = new BigDecimal(sensitivity);
      var noise = new DiscreteGaussian(dyadic(perSensitivity.multiply(change)));
      noises.add(noise);
      rho = rho.add(rho(groups.multiply(change).multiply(change), noise));
    }
    var changes = BigDecimal.valueOf(bucketsThatDiffer(plan));
    var histogram = ofShare(perSensitivity, changes, HISTOGRAM_PERCENT);
    var ofOne = ofShare(perSensitivity, BigDecimal.ONE, SUM_PERCENT);
    rho =
        rho.add(
            rho(groups.multiply(changes), histogram)
                .add(rho(groups, ofOne))
                .multiply(BigDecimal.valueOf(draws.clipped().size())));
    var nodes =
        changes
            .multiply(BigDecimal.valueOf(RankTree.LEVELS))
            .multiply(BigDecimal.valueOf(terms.rowsPerUnit()).pow(2));
    var ofNode = new DiscreteGaussian(dyadic(perSensitivity.multiply(nodes.sqrt(UP))));
    rho =
        rho.add(
            rho(groups.multiply(nodes), ofNode)
                .multiply(BigDecimal.valueOf(draws.ranked().size())));
    var charge =
        new Charge(
            terms.epsilon().value(),
            delta,
            rho.setScale(ConcentratedPrivacy.SCALE, RoundingMode.UP),
            thresholdDelta);
    if (charge.rho().compareTo(target) > 0) {
      throw new IllegalStateException("the noise is calibrated above its own charge");
    }
    return Optional.of(
        new Mechanism(
            draws,
            noises,
            clips(plan, draws, histogram, ofOne),
            trees(draws, ofNode),
            1.96 * perSensitivity.doubleValue(),
            charge,
            threshold(plan, noises, thresholdDelta)));
  }

  /// σ² = Δ²/share of the σ² of Δ = 1.
  private static DiscreteGaussian ofShare(
      BigDecimal perSensitivity, BigDecimal changeSquared, int percent) {
    var factor =
        changeSquared.multiply(BigDecimal.valueOf(100)).divide(BigDecimal.valueOf(percent), UP);
    return new DiscreteGaussian(dyadic(perSensitivity.multiply(factor.sqrt(UP))));
  }

  /// Δ²/2σ², with σ = a/b.
  private static BigDecimal rho(BigDecimal changeSquared, DiscreteGaussian noise) {
    var deviation = new BigDecimal(noise.sigma().numerator());
    return changeSquared
        .multiply(new BigDecimal(noise.sigma().denominator().pow(2)))
        .divide(deviation.multiply(deviation).multiply(TWO), UP);
  }

  /// The value or a little more, with 30 significant bits or to 2⁻³⁰: short fractions sample
  /// faster.
  private static Ratio dyadic(BigDecimal value) {
    int integerBits = value.toBigInteger().bitLength();
    int shift = Math.max(0, SIGMA_BITS - integerBits);
    var denominator = BigInteger.TWO.pow(shift);
    return new Ratio(
        value
            .multiply(new BigDecimal(denominator))
            .setScale(0, RoundingMode.UP)
            .toBigIntegerExact(),
        denominator);
  }

  /// τ = 1 + the smallest k with P[X ≥ k] ≤ δ'/L. Counters come first and all have sensitivity 1,
  /// so the first number's noise is every counter's.
  private static Optional<BigInteger> threshold(
      ReleasePlan plan, List<Noise> noises, BigDecimal thresholdDelta) {
    if (plan.listsEveryGroup()) {
      return Optional.empty();
    }
    var perGroup = thresholdDelta.divide(BigDecimal.valueOf(plan.groupsThatDiffer()), DOWN);
    return Optional.of(
        noises.getFirst().tail(Math.nextDown(perGroup.doubleValue())).add(BigInteger.ONE));
  }

  Draws draws() {
    return draws;
  }

  List<Noise> noises() {
    return noises;
  }

  /// One per clipped sum.
  List<Clip> clips() {
    return clips;
  }

  /// One per column of which there are quantiles.
  List<RankTree> trees() {
    return trees;
  }

  /// One per noise.
  List<HalfWidths> halfWidths() {
    return halfWidths;
  }

  Charge charge() {
    return charge;
  }

  /// What a shifted noisy count must reach; present with private keys.
  Optional<BigInteger> threshold() {
    return threshold;
  }
}
