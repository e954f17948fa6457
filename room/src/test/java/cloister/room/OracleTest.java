package cloister.room;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.crypto.Digest;
import cloister.privacy.BudgetLimit;
import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import cloister.room.Verdict.Cause;
import cloister.room.Verdict.Denied;
import cloister.room.Verdict.NeedsApproval;
import cloister.room.Verdict.Permitted;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// `decide` against an oracle that walks every path one by one, on small random agreements; and
/// what must hold when an agreement or a request changes a little.
class OracleTest {
  private static final int ROUNDS = 2_500;
  private static final List<Name> PARTIES = List.of(new Name("p"), new Name("q"), new Name("r"));
  private static final List<Purpose> PURPOSES =
      List.of(Purpose.MARKETING, Purpose.ADVERTISING, Purpose.PERSONALISED_ADVERTISING);

  private record Case(Agreement agreement, Request request) {}

  @Test
  void decidesLikeAnOracleThatWalksEveryPath() {
    var seen = new HashMap<String, Integer>();
    for (long seed = 0; seed < ROUNDS; seed++) {
      var it = arbitrary(new SplittableRandom(seed));
      var verdict = Decision.judge(it.agreement(), it.request());
      String expected = Oracle.decide(it.agreement(), it.request());
      assertThat(summary(verdict)).as("seed %d", seed).isEqualTo(expected);
      seen.merge(expected.replaceFirst(" .*", ""), 1, Integer::sum);
    }
    // The generator has to reach every kind of verdict, or agreement means little.
    assertThat(seen.keySet()).contains("permitted", "approval", "denied");
    assertThat(seen.values()).allMatch(count -> count >= 50);
  }

  @Test
  void everyCauseThatDependsOnTermsOccurs() {
    var causes = new EnumMap<Cause, Integer>(Cause.class);
    for (long seed = 0; seed < ROUNDS; seed++) {
      var it = arbitrary(new SplittableRandom(seed));
      if (Decision.judge(it.agreement(), it.request()) instanceof Denied denied) {
        causes.merge(denied.cause(), 1, Integer::sum);
      }
    }
    assertThat(causes)
        .containsKeys(Cause.TERMS, Cause.JOIN, Cause.COLUMN, Cause.NOISE, Cause.CYCLE);
  }

  @Test
  void whatIsSuggestedIsPermitted() {
    int suggestions = 0;
    for (long seed = 0; seed < ROUNDS; seed++) {
      var it = arbitrary(new SplittableRandom(seed));
      if (it.agreement().decide(it.request()) instanceof Denied denied
          && denied.suggestion().isPresent()) {
        var suggestion = denied.suggestion().get();
        suggestions++;
        assertThat(it.agreement().decide(suggestion.request()))
            .as("seed %d", seed)
            .isInstanceOf(Permitted.class);
        assertThat(suggestion.changes()).as("seed %d", seed).isNotEmpty();
        assertThat(suggestion.request()).as("seed %d", seed).isNotEqualTo(it.request());
      }
    }
    assertThat(suggestions).isGreaterThan(100);
  }

  /// Removing a rule can lift what that rule asked for (a join, a noise that differs), never the
  /// lack of a permission.
  @Test
  void removingARuleNeverPermitsMore() {
    for (long seed = 0; seed < ROUNDS; seed++) {
      var random = new SplittableRandom(seed);
      var it = arbitrary(random);
      var before = Decision.judge(it.agreement(), it.request());
      var after = Decision.judge(withoutOneRule(it.agreement(), random), it.request());
      if (!(before instanceof Permitted) && after instanceof Permitted) {
        assertThat(((Denied) before).cause()).as("seed %d", seed).isIn(Cause.JOIN, Cause.NOISE);
      }
    }
  }

  @Test
  void oneMoreRecipientNeverPermitsMoreNorLoosensAnObligation() {
    for (long seed = 0; seed < ROUNDS; seed++) {
      var random = new SplittableRandom(seed);
      var it = arbitrary(random);
      var recipients = new HashSet<>(it.request().recipients());
      recipients.add(PARTIES.get(random.nextInt(PARTIES.size())));
      var request = it.request();
      var wider =
          new Request(
              request.requester(),
              request.analysis(),
              request.purpose(),
              recipients,
              request.uses(),
              request.joined());
      var before = Decision.judge(it.agreement(), request);
      var after = Decision.judge(it.agreement(), wider);
      if (!(after instanceof Permitted permitted)) {
        continue;
      }
      if (before instanceof Permitted narrow) {
        permitted
            .obligations()
            .forEach((dataset, obligations) -> {
              var less = in(narrow.obligations(), dataset);
              assertThat(obligations.meet(less)).isEqualTo(obligations);
            });
      } else {
        // Stricter noise of one owner may be what another one's terms were waiting for.
        assertThat(before).as("seed %d", seed).isInstanceOf(Denied.class);
        assertThat(((Denied) before).cause()).as("seed %d", seed).isEqualTo(Cause.NOISE);
        assertThat(it.agreement().collaboration().noise())
            .as("seed %d", seed)
            .isNotInstanceOf(NoiseResolution.Strongest.class);
      }
    }
  }

  private static <V> V in(Map<Address, V> map, Address address) {
    return Objects.requireNonNull(map.get(address));
  }

  private static String summary(Verdict verdict) {
    return switch (verdict) {
      case Permitted permitted -> "permitted " + permitted.obligations() + permitted.noise();
      case NeedsApproval(var approvals) ->
          "approval "
              + new java.util.TreeSet<>(approvals.stream().map(Verdict.Approval::terms).toList());
      case Denied _ -> "denied";
    };
  }

  private static Agreement withoutOneRule(Agreement agreement, SplittableRandom random) {
    var withTerms =
        agreement.datasets().values().stream().filter(it -> !it.terms().isEmpty()).toList();
    if (withTerms.isEmpty()) {
      return agreement;
    }
    var dataset = withTerms.get(random.nextInt(withTerms.size()));
    var fewer = new ArrayList<>(dataset.terms());
    fewer.remove(random.nextInt(fewer.size()));
    return agreement.with(
        new Dataset(
            dataset.address(),
            dataset.document(),
            dataset.unit(),
            dataset.columns(),
            dataset.retention(),
            fewer));
  }

  // -- random agreements, leaning towards permission so that the interesting half is reached

  private static Case arbitrary(SplittableRandom random) {
    var noise =
        switch (random.nextInt(4)) {
          case 0 -> new NoiseResolution.Equal();
          case 1 -> new NoiseResolution.Designated(PARTIES.getFirst());
          default -> new NoiseResolution.Strongest();
        };
    var agreement = Sample.agreement(noise, "p", "q", "r");
    var addresses = new ArrayList<String>();
    int datasets = 1 + random.nextInt(3);
    for (int i = 0; i < datasets; i++) {
      var address = "/" + PARTIES.get(random.nextInt(3)) + "/dataset/d" + i;
      agreement = agreement.with(Sample.dataset(address, terms(random)));
      addresses.add(address);
    }
    int analyses = 1 + random.nextInt(4);
    var pool = new ArrayList<>(addresses);
    for (int i = 0; i < analyses; i++) {
      var address = "/" + party(random, i) + "/analysis/a" + i;
      var inputs = new HashSet<String>();
      inputs.add(pool.getLast());
      for (int j = random.nextInt(3); j > 0; j--) {
        inputs.add(pool.get(random.nextInt(pool.size())));
      }
      agreement = agreement.with(Sample.analysis(address, inputs, terms(random)));
      pool.add(address);
    }
    var top = pool.getLast();
    if (random.nextInt(40) == 0) {
      var lower = pool.get(datasets);
      agreement = agreement.with(Sample.analysis(lower, Set.of(top, addresses.getFirst())));
    }
    var requester =
        random.nextInt(4) == 0 ? PARTIES.get(random.nextInt(3)) : Address.parse(top).party();
    var recipients = new HashSet<Name>();
    do {
      recipients.add(PARTIES.get(random.nextInt(3)));
    } while (random.nextInt(3) == 0);
    var plain = Sample.request(agreement, requester, Address.parse(top), recipients);
    Map<Address, Map<ColumnName, Set<Use>>> uses = new HashMap<>();
    var joined = new HashSet<Address>();
    for (Address dataset : plain.uses().keySet()) {
      uses.put(
          dataset,
          random.nextInt(20) == 0
              ? Map.of(new ColumnName("notes"), Set.of(Use.GROUP))
              : Map.of(new ColumnName("email"), Set.of(Use.JOIN)));
      if (random.nextInt(10) != 0) {
        joined.add(dataset);
      }
    }
    return new Case(
        agreement,
        new Request(
            requester,
            plain.analysis(),
            PURPOSES.get(random.nextInt(PURPOSES.size())),
            recipients,
            uses,
            joined));
  }

  private static Name party(SplittableRandom random, int index) {
    return index == 0 || random.nextInt(3) > 0
        ? PARTIES.getFirst()
        : PARTIES.get(random.nextInt(3));
  }

  private static Rule[] terms(SplittableRandom random) {
    var rules = new Rule[1 + random.nextInt(3)];
    for (int i = 0; i < rules.length; i++) {
      var patterns = new HashSet<AnalysisPattern>();
      if (random.nextInt(4) == 0) {
        patterns.add(
            new AnalysisPattern.Version(Sample.version("/p/analysis/a" + random.nextInt(4))));
      } else {
        for (Name party : PARTIES) {
          if (random.nextInt(6) > 0) {
            patterns.add(new AnalysisPattern.AllOf(party));
          }
        }
        if (random.nextInt(3) == 0) {
          patterns.add(new AnalysisPattern.AnySql());
          patterns.remove(new AnalysisPattern.AllOf(PARTIES.getFirst()));
        }
        if (random.nextInt(4) == 0) {
          patterns.add(
              new AnalysisPattern.Exactly(Address.parse("/q/analysis/a" + random.nextInt(4))));
        }
      }
      rules[i] =
          new Rule(
              new Name("rule" + i),
              some(random),
              patterns,
              Set.of(PURPOSES.get(random.nextInt(4) == 0 ? random.nextInt(3) : 0)),
              some(random),
              obligations(random));
    }
    return rules;
  }

  private static Set<Name> some(SplittableRandom random) {
    var some = new HashSet<>(PARTIES);
    some.removeIf(_ -> random.nextInt(6) == 0);
    return some;
  }

  private static Obligations obligations(SplittableRandom random) {
    boolean noisy = random.nextInt(2) == 0;
    var tenths = BigDecimal.valueOf(1 + random.nextInt(3), 1);
    return new Obligations(
        random.nextInt(8) == 0,
        1 + random.nextInt(30),
        noisy
            ? Optional.of(
                new DifferentialPrivacy(
                    new Epsilon(tenths),
                    Delta.of("1e-6"),
                    1 + random.nextInt(2),
                    1 + random.nextInt(2)))
            : Optional.empty(),
        noisy
            ? Optional.of(
                new BudgetLimit(
                    Epsilon.of(Integer.toString(1 + random.nextInt(5))), Delta.of("1e-5")))
            : Optional.empty());
  }

  /// Written from the rules of docs/terms.md, sharing nothing with [Decision] but the documents: it
  /// enumerates every path explicitly and keeps no sets per node.
  private static final class Oracle {
    private final Agreement agreement;
    private final Request request;
    private final List<List<Address>> paths = new ArrayList<>();

    private Oracle(Agreement agreement, Request request) {
      this.agreement = agreement;
      this.request = request;
    }

    static String decide(Agreement agreement, Request request) {
      return new Oracle(agreement, request).decide();
    }

    private String decide() {
      if (!walk(List.of(request.analysis()))) {
        return "denied";
      }
      // Per dataset or foreign analysis, all analyses on any path to it.
      var via = new TreeMap<Address, Set<Address>>();
      for (List<Address> path : paths) {
        var end = path.getLast();
        if (end.kind() == Kind.DATASET || !end.party().equals(request.requester())) {
          via.computeIfAbsent(end, _ -> new HashSet<>())
              .addAll(path.size() == 1 ? path : path.subList(0, path.size() - 1));
        }
      }
      var pending = new java.util.TreeSet<Address>();
      var binding = new HashMap<Address, List<Rule>>();
      for (var entry : via.entrySet()) {
        var node = entry.getKey();
        var rules =
            node.kind() == Kind.DATASET
                ? in(agreement.datasets(), node).terms()
                : in(agreement.analyses(), node).terms();
        boolean permitted =
            rules.stream().anyMatch(rule -> permits(rule, entry.getValue(), request.recipients()));
        var near =
            rules.stream()
                .filter(rule ->
                    !node.equals(request.analysis()) && versionsMissing(rule, entry.getValue()))
                .toList();
        if (permitted) {
          binding.put(
              node,
              rules.stream()
                  .filter(rule ->
                      request.recipients().stream()
                          .anyMatch(it -> permits(rule, entry.getValue(), Set.of(it))))
                  .toList());
        } else if (!near.isEmpty()) {
          pending.add(node);
          if (near.stream().allMatch(rule -> rule.obligations().joinRequired())) {
            binding.put(node, List.of(near.getFirst()));
          }
        } else {
          return "denied";
        }
      }
      var obligations = new TreeMap<Address, Obligations>();
      long owners =
          via.keySet().stream()
              .filter(it -> it.kind() == Kind.DATASET)
              .map(Address::party)
              .distinct()
              .count();
      for (Address dataset : via.keySet()) {
        if (dataset.kind() != Kind.DATASET) {
          continue;
        }
        for (var use : in(request.uses(), dataset).entrySet()) {
          var column =
              in(agreement.datasets(), dataset).columns().stream()
                  .filter(it -> it.name().equals(use.getKey()))
                  .findFirst();
          if (column.isEmpty() || !column.get().use().containsAll(use.getValue())) {
            return "denied";
          }
        }
        var rules = new ArrayList<>(binding.getOrDefault(dataset, List.of()));
        in(via, dataset).forEach(it -> rules.addAll(binding.getOrDefault(it, List.of())));
        if (rules.stream().anyMatch(rule -> rule.obligations().joinRequired())
            && (owners < 2 || !request.joined().contains(dataset))) {
          return "denied";
        }
        if (!rules.isEmpty()) {
          obligations.put(dataset, strictest(rules));
        }
      }
      if (!pending.isEmpty()) {
        return "approval " + pending;
      }
      var noises = obligations.values().stream().map(Obligations::noise).toList();
      Optional<DifferentialPrivacy> noise =
          switch (agreement.collaboration().noise()) {
            case NoiseResolution.Strongest() -> least(noises);
            case NoiseResolution.Equal() -> noises.getFirst();
            case NoiseResolution.Designated(var party) ->
                least(
                    obligations.keySet().stream()
                        .filter(it -> it.party().equals(party))
                        .map(it -> in(obligations, it).noise())
                        .toList());
          };
      if (agreement.collaboration().noise() instanceof NoiseResolution.Equal
          && new HashSet<>(noises).size() != 1) {
        return "denied";
      }
      for (var other : noises) {
        if (other.isPresent() && (noise.isEmpty() || !least(List.of(noise, other)).equals(noise))) {
          return "denied";
        }
      }
      return "permitted " + obligations + noise;
    }

    private boolean walk(List<Address> path) {
      paths.add(path);
      var end = path.getLast();
      if (end.kind() == Kind.DATASET) {
        return true;
      }
      for (Address input : in(agreement.analyses(), end).inputs()) {
        var longer = new ArrayList<>(path);
        longer.add(input);
        if (path.contains(input) || !walk(longer)) {
          return false;
        }
      }
      return true;
    }

    private boolean permits(Rule rule, Set<Address> via, Set<Name> recipients) {
      return otherwisePermits(rule)
          && rule.recipients().containsAll(recipients)
          && via.stream().allMatch(it -> lists(rule, it));
    }

    private boolean versionsMissing(Rule rule, Set<Address> via) {
      return otherwisePermits(rule)
          && rule.recipients().containsAll(request.recipients())
          && !rule.analyses().isEmpty()
          && rule.analyses().stream().allMatch(it -> it instanceof AnalysisPattern.Version)
          && !via.stream().allMatch(it -> lists(rule, it));
    }

    private boolean otherwisePermits(Rule rule) {
      return rule.analysts().contains(request.requester())
          && rule.purposes().stream().anyMatch(it -> isAtOrAbove(it, request.purpose()));
    }

    private static boolean isAtOrAbove(Purpose upper, Purpose lower) {
      return PURPOSES.indexOf(upper) <= PURPOSES.indexOf(lower);
    }

    private boolean lists(Rule rule, Address analysis) {
      Digest document = in(agreement.analyses(), analysis).document();
      return rule.analyses().contains(new AnalysisPattern.Exactly(analysis))
          || rule.analyses().contains(new AnalysisPattern.AllOf(analysis.party()))
          || rule.analyses().contains(new AnalysisPattern.Version(document))
          || (rule.analyses().contains(new AnalysisPattern.AnySql())
              && rule.analysts().contains(analysis.party()));
    }

    private static Obligations strictest(List<Rule> rules) {
      var all = rules.stream().map(Rule::obligations).toList();
      var budgets = all.stream().flatMap(it -> it.budget().stream()).toList();
      return new Obligations(
          all.stream().anyMatch(Obligations::joinRequired),
          all.stream().mapToInt(Obligations::minimumUnits).max().orElseThrow(),
          least(all.stream().map(Obligations::noise).toList()),
          budgets.isEmpty()
              ? Optional.empty()
              : Optional.of(
                  new BudgetLimit(
                      budgets.stream().map(BudgetLimit::epsilon).sorted().toList().getFirst(),
                      budgets.stream().map(BudgetLimit::delta).sorted().toList().getFirst())));
    }

    private static Optional<DifferentialPrivacy> least(List<Optional<DifferentialPrivacy>> some) {
      var all = some.stream().flatMap(Optional::stream).toList();
      return all.isEmpty()
          ? Optional.empty()
          : Optional.of(
              new DifferentialPrivacy(
                  all.stream().map(DifferentialPrivacy::epsilon).sorted().toList().getFirst(),
                  all.stream().map(DifferentialPrivacy::delta).sorted().toList().getFirst(),
                  all.stream().mapToInt(DifferentialPrivacy::groupsPerUnit).min().orElseThrow(),
                  all.stream().mapToInt(DifferentialPrivacy::rowsPerUnit).min().orElseThrow()));
    }
  }
}
