package cloister.room;

import static cloister.room.Sample.agreement;
import static cloister.room.Sample.all;
import static cloister.room.Sample.analysis;
import static cloister.room.Sample.at;
import static cloister.room.Sample.dataset;
import static cloister.room.Sample.name;
import static cloister.room.Sample.names;
import static cloister.room.Sample.noise;
import static cloister.room.Sample.only;
import static cloister.room.Sample.request;
import static cloister.room.Sample.rule;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Digest;
import cloister.privacy.Epsilon;
import cloister.room.Verdict.Cause;
import cloister.room.Verdict.Denied;
import cloister.room.Verdict.Permitted;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Faults that an earlier system of this kind had, each as an attack that must fail here.
class PathAuthorizationTest {
  private static final Set<AnalysisPattern> ANY_OF_C1_AND_C2 = Set.of(all("c1"), all("c2"));

  /// `/c1/dataset/s1` is for c1 only; c2 asks for something built on c1's analysis of it.
  private static Agreement oneDeep(Rule... termsOfT1) {
    return agreement("c1", "c2", "c3")
        .with(dataset("/c1/dataset/s1", rule("own", names("c1"), Set.of(all("c1")), names("c1"))))
        .with(analysis("/c1/analysis/t1", Set.of("/c1/dataset/s1"), termsOfT1))
        .with(analysis("/c2/analysis/t2", Set.of("/c1/analysis/t1")));
  }

  private static Rule everything(String name) {
    return rule(
        name,
        names("c1", "c2", "c3"),
        Set.of(all("c1"), all("c2"), all("c3")),
        names("c1", "c2", "c3"));
  }

  @Test
  void dataDoesNotLeakThroughOneForeignAnalysis() {
    var agreement = oneDeep(everything("generous"));

    var denied = denied(agreement, "c2", "/c2/analysis/t2", "c2");

    assertThat(denied.cause()).isEqualTo(Cause.TERMS);
    assertThat(denied.at()).isEqualTo(at("/c1/dataset/s1"));
    assertThat(denied.rule()).contains(name("own"));
    assertThat(denied.path())
        .containsExactly(at("/c2/analysis/t2"), at("/c1/analysis/t1"), at("/c1/dataset/s1"));
  }

  @Test
  void dataDoesNotLeakThroughTwoForeignAnalyses() {
    var agreement =
        oneDeep(everything("generous"))
            .with(analysis("/c2/analysis/t2", Set.of("/c1/analysis/t1"), everything("generous")))
            .with(analysis("/c3/analysis/t3", Set.of("/c2/analysis/t2")));

    var denied = denied(agreement, "c3", "/c3/analysis/t3", "c3");

    assertThat(denied.at()).isEqualTo(at("/c1/dataset/s1"));
    assertThat(denied.path()).hasSize(4);
  }

  @Test
  void everyAnalysisOnEveryPathIsChecked() {
    // s1 permits t1 and root, reached directly; the second path runs through c3's t3.
    var agreement =
        agreement("c1", "c2", "c3")
            .with(
                dataset("/c1/dataset/s1", rule("some", names("c2"), ANY_OF_C1_AND_C2, names("c2"))))
            .with(analysis("/c1/analysis/t1", Set.of("/c1/dataset/s1"), everything("all")))
            .with(analysis("/c3/analysis/t3", Set.of("/c1/dataset/s1"), everything("all")))
            .with(analysis("/c2/analysis/root", Set.of("/c1/analysis/t1", "/c3/analysis/t3")));

    var denied = denied(agreement, "c2", "/c2/analysis/root", "c2");

    assertThat(denied.at()).isEqualTo(at("/c1/dataset/s1"));
    assertThat(denied.reason()).contains("/c3/analysis/t3").doesNotContain("/c1/analysis/t1");
  }

  @Test
  void theOwnerOfTheAnalysisDirectlyBelowIsAsked() {
    var agreement =
        agreement("c1", "c2")
            .with(
                dataset("/c1/dataset/s1", rule("some", names("c2"), ANY_OF_C1_AND_C2, names("c2"))))
            .with(analysis("/c1/analysis/t1", Set.of("/c1/dataset/s1")))
            .with(analysis("/c2/analysis/t2", Set.of("/c1/analysis/t1")));

    var denied = denied(agreement, "c2", "/c2/analysis/t2", "c2");

    assertThat(denied.at()).isEqualTo(at("/c1/analysis/t1"));
    assertThat(denied.rule()).isEmpty();
  }

  @Test
  void theOwnerOfTheRequestedAnalysisIsAsked() {
    var data = dataset("/c1/dataset/s1", rule("some", names("c2"), ANY_OF_C1_AND_C2, names("c2")));
    var closed =
        agreement("c1", "c2")
            .with(data)
            .with(analysis("/c1/analysis/t1", Set.of("/c1/dataset/s1")));
    var buildOnly =
        closed.with(
            analysis(
                "/c1/analysis/t1",
                Set.of("/c1/dataset/s1"),
                rule("build", names("c2"), Set.of(only("/c2/analysis/x")), names("c2"))));
    var open =
        closed.with(
            analysis(
                "/c1/analysis/t1",
                Set.of("/c1/dataset/s1"),
                rule("run", names("c2"), Set.of(only("/c1/analysis/t1")), names("c2"))));

    assertThat(denied(closed, "c2", "/c1/analysis/t1", "c2").at()).isEqualTo(at("/c1/analysis/t1"));
    assertThat(denied(buildOnly, "c2", "/c1/analysis/t1", "c2").cause()).isEqualTo(Cause.TERMS);
    assertThat(open.decide(request(open, "c2", "/c1/analysis/t1", "c2")))
        .isInstanceOf(Permitted.class);
  }

  @Test
  void anOwnersOwnDatasetNeedsARuleLikeAnyones() {
    var agreement =
        agreement("c1")
            .with(dataset("/c1/dataset/s1"))
            .with(analysis("/c1/analysis/t1", Set.of("/c1/dataset/s1")));

    assertThat(denied(agreement, "c1", "/c1/analysis/t1", "c1").at())
        .isEqualTo(at("/c1/dataset/s1"));
  }

  @Test
  void partiesAndObjectsMayBeCalledAfterKinds() {
    var agreement =
        agreement("dataset", "analysis", "source")
            .with(
                dataset(
                    "/dataset/dataset/analysis",
                    rule("dataset", names("analysis"), Set.of(all("analysis")), names("source"))))
            .with(analysis("/analysis/analysis/dataset", Set.of("/dataset/dataset/analysis")));

    assertThat(
            agreement.decide(
                request(agreement, "analysis", "/analysis/analysis/dataset", "source")))
        .isInstanceOf(Permitted.class);
    assertThat(denied(agreement, "source", "/analysis/analysis/dataset", "source").at())
        .isEqualTo(at("/analysis/analysis/dataset"));
  }

  @Test
  void unusedDatasetsAreNoCycle() {
    var agreement =
        agreement("c1")
            .with(
                dataset("/c1/dataset/s1", rule("own", names("c1"), Set.of(all("c1")), names("c1"))))
            .with(dataset("/c1/dataset/unused"))
            .with(analysis("/c1/analysis/t1", Set.of("/c1/dataset/s1")));

    assertThat(agreement.decide(request(agreement, "c1", "/c1/analysis/t1", "c1")))
        .isInstanceOf(Permitted.class);
  }

  @Test
  void aChainOfAnyLengthIsFollowed() {
    var agreement =
        agreement("c1", "c2")
            .with(dataset("/c2/dataset/s", rule("r", names("c1"), Set.of(all("c1")), names("c1"))));
    var analyses = new java.util.TreeMap<Address, Analysis>();
    int length = 3_000;
    for (int i = 0; i < length; i++) {
      var below = i == 0 ? "/c2/dataset/s" : "/c1/analysis/t" + (i - 1);
      var analysis = analysis("/c1/analysis/t" + i, Set.of(below));
      analyses.put(analysis.address(), analysis);
    }
    var chain =
        new Agreement(
            agreement.collaboration(), agreement.datasets(), analyses, agreement.suspendedBy());
    var top = "/c1/analysis/t" + (length - 1);

    var permitted = (Permitted) chain.decide(request(chain, "c1", top, "c1"));
    assertThat(permitted.trace().getLast().path()).hasSize(length + 1);
    assertThat(permitted.trace().getLast().permittedBy()).containsExactly(name("r"));
    assertThat(denied(chain, "c1", top, "c2").path()).hasSize(length + 1);
  }

  @Test
  void aCycleNamesItsMembersAndNobodyElse() {
    var agreement =
        agreement("c1")
            .with(dataset("/c1/dataset/s1", everything("all", "c1")))
            .with(analysis("/c1/analysis/top", Set.of("/c1/analysis/a", "/c1/dataset/s1")))
            .with(analysis("/c1/analysis/a", Set.of("/c1/analysis/b")))
            .with(analysis("/c1/analysis/b", Set.of("/c1/analysis/a")));

    var denied = denied(agreement, "c1", "/c1/analysis/top", "c1");

    assertThat(denied.cause()).isEqualTo(Cause.CYCLE);
    assertThat(denied.reason())
        .contains("/c1/analysis/a", "/c1/analysis/b")
        .doesNotContain("/c1/analysis/top");
    assertThat(denied.path())
        .containsExactly(
            at("/c1/analysis/top"),
            at("/c1/analysis/a"),
            at("/c1/analysis/b"),
            at("/c1/analysis/a"));
  }

  private static Rule everything(String name, String party) {
    return rule(name, names(party), Set.of(all(party)), names(party));
  }

  @Test
  void theSmallerEpsilonIsTheEffectiveOneWhicheverInputIsFirst() {
    for (var epsilons : List.of(List.of("0.5", "1"), List.of("1", "0.5"))) {
      var agreement = twoOwners(new NoiseResolution.Strongest(), epsilons);

      var verdict = (Permitted) agreement.decide(request(agreement, "c3", "/c3/analysis/t", "c3"));

      assertThat(verdict.noise().orElseThrow().epsilon()).isEqualTo(Epsilon.of("0.5"));
    }
  }

  @Test
  void equalNoiseRefusesWhatDiffers() {
    var different = twoOwners(new NoiseResolution.Equal(), List.of("0.5", "1"));
    var same = twoOwners(new NoiseResolution.Equal(), List.of("0.5", "0.5"));

    assertThat(denied(different, "c3", "/c3/analysis/t", "c3").cause()).isEqualTo(Cause.NOISE);
    assertThat(same.decide(request(same, "c3", "/c3/analysis/t", "c3")))
        .isInstanceOf(Permitted.class);
  }

  @Test
  void designatedNoiseCannotRevealMoreThanAnotherOwnerAllows() {
    var designated = new NoiseResolution.Designated(name("c1"));
    var tooMuch = twoOwners(designated, List.of("1", "0.5"));
    var within = twoOwners(designated, List.of("0.5", "1"));

    assertThat(denied(tooMuch, "c3", "/c3/analysis/t", "c3").at()).isEqualTo(at("/c2/dataset/s"));
    var permitted = (Permitted) within.decide(request(within, "c3", "/c3/analysis/t", "c3"));
    assertThat(permitted.noise().orElseThrow().epsilon()).isEqualTo(Epsilon.of("0.5"));
  }

  /// It has no noise because it protects nobody, so it differs from nobody.
  @Test
  void aTableAboutNobodyHasNoSayInNoise() {
    var prices =
        new Dataset(
            at("/c2/dataset/prices"),
            Digest.ofUtf8("prices"),
            Optional.empty(),
            List.of(Sample.column("zip", new ColumnType.Text(), Use.GROUP)),
            Optional.empty(),
            List.of(
                rule(
                    "r",
                    names("c3"),
                    Set.of(all("c3")),
                    Purpose.RESEARCH_AND_DEVELOPMENT,
                    names("c3"),
                    new Obligations(false, 1, Optional.empty(), Optional.empty()))));
    for (NoiseResolution resolution :
        List.of(
            new NoiseResolution.Equal(),
            new NoiseResolution.Strongest(),
            new NoiseResolution.Designated(name("c1")))) {
      var agreement =
          agreement(resolution, "c1", "c2", "c3")
              .with(dataset("/c1/dataset/s", noisy("r", "0.5", "c3")))
              .with(prices)
              .with(analysis("/c3/analysis/t", Set.of("/c1/dataset/s", "/c2/dataset/prices")));
      var verdict = (Permitted) agreement.decide(request(agreement, "c3", "/c3/analysis/t", "c3"));
      assertThat(verdict.noise().orElseThrow().epsilon()).isEqualTo(Epsilon.of("0.5"));
    }
    assertThatThrownBy(() ->
            new Dataset(
                prices.address(),
                prices.document(),
                Optional.empty(),
                prices.columns(),
                Optional.empty(),
                List.of(noisy("r", "0.5", "c3"))))
        .hasMessageContaining("protects nobody");
  }

  private static Agreement twoOwners(NoiseResolution noise, List<String> epsilons) {
    return agreement(noise, "c1", "c2", "c3")
        .with(dataset("/c1/dataset/s", noisy("r", epsilons.get(0), "c3")))
        .with(dataset("/c2/dataset/s", noisy("r", epsilons.get(1), "c3")))
        .with(analysis("/c3/analysis/t", Set.of("/c1/dataset/s", "/c2/dataset/s")));
  }

  private static Rule noisy(String name, String epsilon, String recipient) {
    return rule(
        name,
        names("c3"),
        Set.of(all("c3")),
        Purpose.RESEARCH_AND_DEVELOPMENT,
        names(recipient),
        noise(epsilon));
  }

  @Test
  void twoRecipientsOfOneAnalysisGetTheirOwnNoise() {
    var agreement =
        agreement("c1", "c2", "c3")
            .with(dataset("/c1/dataset/s", noisy("near", "1", "c3"), noisy("far", "0.1", "c2")))
            .with(analysis("/c3/analysis/t", Set.of("/c1/dataset/s")));

    var near = (Permitted) agreement.decide(request(agreement, "c3", "/c3/analysis/t", "c3"));
    var far = (Permitted) agreement.decide(request(agreement, "c3", "/c3/analysis/t", "c2"));

    assertThat(near.noise().orElseThrow().epsilon()).isEqualTo(Epsilon.of("1"));
    assertThat(far.noise().orElseThrow().epsilon()).isEqualTo(Epsilon.of("0.1"));
    // No single rule permits both, and two halves make no whole.
    assertThat(denied(agreement, "c3", "/c3/analysis/t", "c2", "c3").cause())
        .isEqualTo(Cause.TERMS);
  }

  private static Denied denied(
      Agreement agreement, String requester, String analysis, String... recipients) {
    return (Denied) agreement.decide(request(agreement, requester, analysis, recipients));
  }
}
