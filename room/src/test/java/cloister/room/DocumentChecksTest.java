package cloister.room;

import static cloister.room.Sample.at;
import static cloister.room.Sample.column;
import static cloister.room.Sample.names;
import static cloister.room.Sample.rule;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Digest;
import cloister.privacy.Bounding;
import cloister.privacy.BudgetLimit;
import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import java.math.BigDecimal;
import java.time.Period;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class DocumentChecksTest {
  private static final ColumnType TEXT = new ColumnType.Text();
  private static final ColumnType INT = new ColumnType.Int();
  private static final ColumnType MONEY = new ColumnType.Decimal(10, 2);

  @Test
  void sumsAndMeansNeedNumbersWithBounds() {
    refused(() -> column("a", TEXT, Use.SUM), "need a numeric column");
    refused(() -> column("a", MONEY, Use.AVG), "need bounds");
    assertThat(bounded(MONEY, "0", "5000").bounds()).isPresent();
  }

  @Test
  void boundsAreValuesOfTheColumn() {
    refused(
        () ->
            new Column(
                new ColumnName("n"),
                TEXT,
                Optional.empty(),
                Set.of(),
                false,
                Optional.empty(),
                Optional.of(new Column.Bounds(BigDecimal.ZERO, BigDecimal.ONE))),
        "for numeric columns");
    refused(() -> bounded(INT, "0", "0.5"), "not a value of type integer");
    refused(() -> bounded(INT, "0", "9223372036854775808"), "not a value of type integer");
    refused(() -> bounded(MONEY, "0", "0.001"), "not a value of type decimal(10,2)");
    refused(() -> bounded(MONEY, "0", "100000000"), "not a value of type decimal(10,2)");
    refused(() -> bounded(MONEY, "1", "0"), "above the upper bound");
    assertThat(bounded(MONEY, "-99999999.99", "99999999.99").bounds()).isPresent();
    assertThat(bounded(INT, "-9223372036854775808", "9223372036854775807").bounds()).isPresent();
  }

  @Test
  void aBoundWithABillionDigitsIsRefusedBeforeItIsExpanded() {
    refused(() -> bounded(INT, "0", "1e999999999"), "at most 38 digits");
    refused(() -> bounded(new ColumnType.Real(), "1e-999999999", "1"), "at most 38 digits");
  }

  @Test
  void equalBoundsAreEqualRecordsHoweverTheyAreWritten() {
    var plain = new Column.Bounds(BigDecimal.ZERO, new BigDecimal("5000"));
    assertThat(new Column.Bounds(new BigDecimal("0.00"), new BigDecimal("5e3"))).isEqualTo(plain);
    assertThat(plain.upper()).hasToString("5000");
  }

  @Test
  void aDomainListsDistinctValuesOfTheType() {
    refused(() -> domain(TEXT), "must have 1 to");
    refused(() -> domain(TEXT, "a", "a"), "listed twice");
    refused(() -> domain(INT, "1", "01"), "not the spelling");
    refused(() -> domain(new ColumnType.Bool(), "yes"), "not the spelling");
    refused(() -> domain(new ColumnType.Date(), "2026-02-30"), "not the spelling");
    refused(() -> domain(MONEY, "1.00"), "a domain is for");
    assertThat(domain(INT, "0", "-1", "9223372036854775807").domain()).isPresent();
    assertThat(domain(new ColumnType.Date(), "2024-02-29").domain()).isPresent();
  }

  @Test
  void aSemanticSuitsItsType() {
    refused(() -> semantic(INT, Column.Semantic.EMAIL), "does not suit");
    refused(() -> semantic(MONEY, Column.Semantic.ID), "does not suit");
    assertThat(semantic(INT, Column.Semantic.ID).semantic()).isPresent();
  }

  @Test
  void theUnitIsADeclaredColumnThatNothingShows() {
    refused(() -> dataset("ghost", column("email", TEXT)), "not a declared column");
    refused(() -> dataset("email", column("email", new ColumnType.Real())), "string or an integer");
    for (Use use : Set.of(Use.GROUP, Use.FILTER, Use.COUNT)) {
      refused(() -> dataset("email", column("email", TEXT, Use.JOIN, use)), "[join] or []");
    }
    refused(() -> dataset("n", bounded(INT, "0", "1")), "[join] or []");
    refused(
        () ->
            dataset(
                "d",
                new Column(
                    new ColumnName("d"),
                    TEXT,
                    Optional.empty(),
                    Set.of(),
                    false,
                    Optional.of(List.of("anna")),
                    Optional.empty())),
        "publish the units");
    assertThat(dataset("email", column("email", TEXT)).columns()).hasSize(1);
  }

  @Test
  void namesInOneDocumentAreDistinct() {
    refused(() -> dataset("email", column("email", TEXT), column("EMAIL", INT)), "declared twice");
    var rule = rule("r", Set.of(), Set.of(), Set.of());
    refused(() -> Sample.dataset("/p/dataset/d", rule, rule), "rule r is there twice");
    refused(() -> Sample.analysis("/p/analysis/a", Set.of(), rule, rule), "rule r is there twice");
  }

  @Test
  void addressesHaveTheKindOfTheirDocument() {
    refused(() -> Sample.dataset("/p/analysis/d"), "not the address of a dataset");
    refused(() -> Sample.analysis("/p/dataset/a", Set.of()), "not the address of an analysis");
    refused(
        () -> new AnalysisPattern.Exactly(at("/p/dataset/d")), "not the address of an analysis");
  }

  @Test
  void retentionIsPositive() {
    for (Period period : List.of(Period.ZERO, Period.ofDays(-1))) {
      refused(
          () ->
              new Dataset(
                  at("/p/dataset/d"),
                  Digest.ofUtf8("d"),
                  Optional.of(new ColumnName("email")),
                  List.of(column("email", TEXT)),
                  Optional.of(period),
                  List.of()),
          "positive period");
    }
  }

  @Test
  void oneRunCannotBeAllowedMoreThanTheBudget() {
    refused(() -> obligations("0.7", "1e-6", "0.5", "1e-5"), "more than the whole budget");
    refused(() -> obligations("0.7", "1e-5", "10", "1e-6"), "more than the whole budget");
    refused(
        () ->
            new Obligations(
                false,
                1,
                Optional.empty(),
                Optional.of(new BudgetLimit(Epsilon.of("1"), Delta.ZERO))),
        "come together");
    refused(() -> new Obligations(false, 0, Optional.empty(), Optional.empty()), "minimum-units");
  }

  @Test
  void theMeetIsTheStrictestOfEach() {
    var one = obligations("0.7", "1e-7", "10", "1e-5");
    var other = obligations("0.5", "1e-6", "20", "1e-6");
    var plain = new Obligations(true, 25, Optional.empty(), Optional.empty());

    assertThat(one.meet(other)).isEqualTo(obligations("0.5", "1e-7", "10", "1e-6"));
    assertThat(plain.meet(one))
        .isEqualTo(new Obligations(true, 25, one.noise(), one.budget()))
        .isEqualTo(one.meet(plain));
  }

  @Test
  void theCollaborationIsConsistent() {
    var room = Sample.agreement("p", "q").collaboration();
    var sameKeys = new java.util.TreeMap<>(room.participants());
    sameKeys.put(new Name("r"), sameKeys.firstEntry().getValue());

    refused(() -> changed(room, 0, room.participants(), room.purposes()), "starts at 1");
    refused(() -> changed(room, 1, sameKeys, room.purposes()), "same key");
    refused(() -> changed(room, 1, new java.util.TreeMap<>(), room.purposes()), "participants");
    refused(() -> changed(room, 1, room.participants(), Set.of()), "purpose");
    refused(
        () -> Sample.agreement(new NoiseResolution.Designated(new Name("x")), "p"),
        "no participant");
  }

  @Test
  void purposesFollowTheVocabularyWithSeveralBroaderTerms() {
    var both = Purpose.byTerm("PersonalisedAdvertising").orElseThrow();
    assertThat(Purpose.MARKETING.covers(both)).isTrue();
    assertThat(Purpose.PERSONALISATION.covers(both)).isTrue();
    assertThat(both.covers(Purpose.MARKETING)).isFalse();
    assertThat(Purpose.ACADEMIC_RESEARCH.covers(Purpose.COMMERCIAL_RESEARCH)).isFalse();
    assertThat(Purpose.byTerm("Measurement")).isEmpty();
    assertThat(Purpose.terms()).hasSize(122).isSorted();
    assertThat(Purpose.values()).allMatch(Purpose.PURPOSE::covers);
  }

  @Test
  void addressesAreParsedNotMatched() {
    for (String bad :
        List.of(
            "",
            "/p/dataset",
            "p/dataset/d",
            "/p/datasets/d",
            "/p/dataset/d/",
            "//dataset/d",
            "/p/dataset/../x",
            "/P/dataset/d",
            "/p/Dataset/d")) {
      refused(() -> Address.parse(bad), "");
    }
    assertThat(Address.parse("analysis/a", new Name("p"))).hasToString("/p/analysis/a");
  }

  private static Collaboration changed(
      Collaboration room,
      int version,
      java.util.SortedMap<Name, Digest> participants,
      Set<Purpose> purposes) {
    return new Collaboration(
        room.name(),
        room.document(),
        version,
        participants,
        purposes,
        room.enclave(),
        room.noise());
  }

  /// Whoever leaves the rows of a unit to noise is content with any number of them.
  @Test
  void ofNumbersOfRowsTheSmallestDeclaredOneBinds() {
    var two = noise(2, Bounding.DECLARED);
    var five = noise(5, Bounding.DECLARED);
    var any = noise(1, Bounding.AUTOMATIC);
    assertThat(meet(two, five)).contains(two);
    assertThat(meet(five, any)).contains(five);
    assertThat(meet(any, five)).contains(five);
    assertThat(meet(any, any)).contains(any);
    assertThat(Obligations.isWithin(two, five)).isTrue();
    assertThat(Obligations.isWithin(five, two)).isFalse();
    assertThat(Obligations.isWithin(five, any)).isTrue();
    assertThat(Obligations.isWithin(any, five)).isFalse();
    refused(() -> noise(2, Bounding.AUTOMATIC), "not both");
  }

  private static DifferentialPrivacy noise(int rows, Bounding bounding) {
    return new DifferentialPrivacy(Epsilon.of("1"), Delta.of("0"), 1, rows, bounding);
  }

  private static Optional<DifferentialPrivacy> meet(
      DifferentialPrivacy one, DifferentialPrivacy other) {
    return Obligations.meetNoise(List.of(Optional.of(one), Optional.empty(), Optional.of(other)));
  }

  private static Obligations obligations(String e, String d, String budgetE, String budgetD) {
    return new Obligations(
        false,
        1,
        Optional.of(new DifferentialPrivacy(Epsilon.of(e), Delta.of(d), 1, 1)),
        Optional.of(new BudgetLimit(Epsilon.of(budgetE), Delta.of(budgetD))));
  }

  private static Column bounded(ColumnType type, String lower, String upper) {
    return new Column(
        new ColumnName("n"),
        type,
        Optional.empty(),
        Set.of(Use.SUM),
        false,
        Optional.empty(),
        Optional.of(new Column.Bounds(new BigDecimal(lower), new BigDecimal(upper))));
  }

  private static Column domain(ColumnType type, String... values) {
    return new Column(
        new ColumnName("d"),
        type,
        Optional.empty(),
        Set.of(Use.GROUP),
        false,
        Optional.of(List.of(values)),
        Optional.empty());
  }

  private static Column semantic(ColumnType type, Column.Semantic semantic) {
    return new Column(
        new ColumnName("s"),
        type,
        Optional.of(semantic),
        Set.of(),
        false,
        Optional.empty(),
        Optional.empty());
  }

  private static Dataset dataset(String unit, Column... columns) {
    return new Dataset(
        at("/p/dataset/d"),
        Digest.ofUtf8("d"),
        Optional.of(new ColumnName(unit)),
        List.of(columns),
        Optional.empty(),
        List.of(rule("r", names("p"), Set.of(), names("p"))));
  }

  private static void refused(ThrowingCallable make, String because) {
    assertThatThrownBy(make)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(because);
  }

  /// One owner gives noise all of δ, another half: what both allow is less than either.
  @Test
  void obligationsThatDivideDeltaDifferentlyMeet() {
    var all =
        new Obligations(
            false,
            1,
            Optional.of(new DifferentialPrivacy(Epsilon.of("1"), Delta.of("0.000001"), 1, 1)),
            Optional.of(new BudgetLimit(Epsilon.of("3"), Delta.of("0.000001"), Delta.ZERO)));
    var half =
        new Obligations(
            false,
            1,
            all.noise(),
            Optional.of(new BudgetLimit(Epsilon.of("3"), Delta.of("0.000001"))));
    var met = all.meet(half);
    assertThat(met).isEqualTo(half.meet(all));
    assertThat(met.budget().orElseThrow().delta()).isEqualTo(Delta.of("0.0000005"));
    assertThat(met.noise().orElseThrow().delta()).isEqualTo(Delta.of("0.0000005"));
  }
}
