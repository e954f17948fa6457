package cloister.room;

import cloister.attestation.Measurement;
import cloister.attestation.Requirements;
import cloister.crypto.Digest;
import cloister.privacy.BudgetLimit;
import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Short ways to write agreements in tests.
final class Sample {
  private Sample() {}

  static Name name(String name) {
    return new Name(name);
  }

  static Set<Name> names(String... names) {
    return Arrays.stream(names).map(Name::new).collect(Collectors.toSet());
  }

  static Address at(String address) {
    return Address.parse(address);
  }

  static Agreement agreement(NoiseResolution noise, String... participants) {
    var keys = new TreeMap<Name, Digest>();
    for (String participant : participants) {
      keys.put(name(participant), Digest.ofUtf8("key of " + participant));
    }
    return new Agreement(
        new Collaboration(
            name("room"),
            Digest.ofUtf8("room"),
            1,
            keys,
            Set.of(Purpose.RESEARCH_AND_DEVELOPMENT, Purpose.MARKETING),
            Requirements.simulated(Set.of(Measurement.parse("sha256:" + "00".repeat(32)))),
            noise),
        Collections.emptySortedMap(),
        Collections.emptySortedMap(),
        Optional.empty());
  }

  static Agreement agreement(String... participants) {
    return agreement(new NoiseResolution.Strongest(), participants);
  }

  static Obligations plain() {
    return new Obligations(false, 1, Optional.empty(), Optional.empty());
  }

  static Obligations joinRequired() {
    return new Obligations(true, 1, Optional.empty(), Optional.empty());
  }

  static Obligations noise(String epsilon) {
    return new Obligations(
        false,
        1,
        Optional.of(new DifferentialPrivacy(Epsilon.of(epsilon), Delta.of("1e-6"), 1, 1)),
        Optional.of(new BudgetLimit(Epsilon.of("10"), Delta.of("1e-5"))));
  }

  static AnalysisPattern all(String party) {
    return new AnalysisPattern.AllOf(name(party));
  }

  static AnalysisPattern only(String analysis) {
    return new AnalysisPattern.Exactly(at(analysis));
  }

  static Rule rule(
      String name,
      Set<Name> analysts,
      Set<AnalysisPattern> analyses,
      Purpose purpose,
      Set<Name> recipients,
      Obligations obligations) {
    return new Rule(name(name), analysts, analyses, Set.of(purpose), recipients, obligations);
  }

  static Rule rule(
      String name, Set<Name> analysts, Set<AnalysisPattern> analyses, Set<Name> recipients) {
    return rule(name, analysts, analyses, Purpose.RESEARCH_AND_DEVELOPMENT, recipients, plain());
  }

  static Column column(String name, ColumnType type, Use... uses) {
    return new Column(
        new ColumnName(name),
        type,
        Optional.empty(),
        Set.of(uses),
        false,
        Optional.empty(),
        Optional.empty());
  }

  static Dataset dataset(String address, Rule... terms) {
    return new Dataset(
        at(address),
        Digest.ofUtf8(address),
        Optional.of(new ColumnName("email")),
        List.of(
            column("email", new ColumnType.Text(), Use.JOIN),
            column("zip", new ColumnType.Text(), Use.GROUP),
            column("notes", new ColumnType.Text())),
        Optional.empty(),
        List.of(terms));
  }

  static Digest version(String analysis) {
    return Digest.ofUtf8("version of " + analysis);
  }

  static Analysis analysis(String address, Set<String> inputs, Rule... terms) {
    var at = at(address);
    return new Analysis(
        at,
        version(address),
        "SELECT 1",
        inputs.stream().map(Address::parse).collect(Collectors.toSet()),
        Purpose.ACADEMIC_RESEARCH,
        Set.of(at.party()),
        List.of(terms));
  }

  /// A run whose plan reads all the datasets the documents name, joined, by no column.
  static Request request(
      Agreement agreement, String requester, String analysis, String... recipients) {
    return request(agreement, name(requester), at(analysis), names(recipients));
  }

  static Request request(
      Agreement agreement, Name requester, Address analysis, Set<Name> recipients) {
    var datasets =
        Reach.below(analysis, agreement) instanceof Reach.Result.Acyclic(var reach)
            ? reach.datasets()
            : List.<Address>of();
    Map<Address, Map<ColumnName, Set<Use>>> uses = new HashMap<>();
    datasets.forEach(dataset -> uses.put(dataset, Map.of()));
    return new Request(
        requester, analysis, Purpose.ACADEMIC_RESEARCH, recipients, uses, Set.copyOf(datasets));
  }
}
