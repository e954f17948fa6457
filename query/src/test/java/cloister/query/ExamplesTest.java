package cloister.query;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.crypto.Digest;
import cloister.privacy.Delta;
import cloister.privacy.DifferentialPrivacy;
import cloister.privacy.Epsilon;
import cloister.room.Address;
import cloister.room.Analysis;
import cloister.room.Column;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import cloister.room.Dataset;
import cloister.room.Name;
import cloister.room.Use;
import cloister.testkit.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The SQL that the examples' analyses become, for people to read. The analyses are those of
/// `examples/`; of the datasets there, the columns that they use.
class ExamplesTest {
  private static final Path EXAMPLES = Path.of("../examples");
  private static final DifferentialPrivacy NOISE =
      new DifferentialPrivacy(Epsilon.of("0.7"), Delta.of("0.000001"), 1, 1);

  @Test
  void anAirlineAndAMediaCompany() throws Exception {
    golden(
        "airline-media",
        "research/overlap",
        dataset("airline", "customers", "email"),
        dataset(
            "media", "customers", "email", column("age_band", "18-24", "25-34", "35-49", "50+")));
  }

  @Test
  void threeHospitals() throws Exception {
    golden("hospitals", "registry/cohort", hospital("north"), hospital("south"), hospital("west"));
  }

  private static Dataset hospital(String party) {
    return dataset(
        party, "patients", "patient", column("sex", "female", "male"), column("diagnosis"));
  }

  @Test
  void twoBanksAndAnInsurer() throws Exception {
    golden(
        "banks",
        "insurer/common",
        dataset("alder", "customers", "email"),
        dataset("birch", "customers", "email"),
        dataset("insurer", "members", "email", column("policy", "car", "home", "life")));
  }

  private static void golden(String example, String analysis, Dataset... datasets)
      throws IOException, QueryException {
    var owner = new Name(analysis.substring(0, analysis.indexOf('/')));
    Catalog catalog = catalog(datasets);
    CheckedPlan plan =
        Planner.check(sql(EXAMPLES.resolve(example).resolve(analysis + ".yaml")), owner, catalog);
    assertThat(plan.datasets())
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(datasets).map(Dataset::address).toList());
    Map<Address, Integer> minimums =
        plan.datasets().stream().collect(Collectors.toMap(each -> each, _ -> 10));
    Golden.check(
        example + ".sql", plan.compile(minimums, Optional.empty(), "00").engine().sql() + "\n");
    Golden.check(
        example + "-noise.sql",
        plan.compile(minimums, Optional.of(NOISE), "00").engine().sql() + "\n");
  }

  /// The indented lines after `sql: |`.
  private static String sql(Path file) throws IOException {
    return Files.readString(file)
        .lines()
        .dropWhile(line -> !line.equals("sql: |"))
        .skip(1)
        .takeWhile(line -> line.isEmpty() || line.startsWith("  "))
        .collect(Collectors.joining("\n"));
  }

  private static Catalog catalog(Dataset... datasets) {
    var known = new TreeMap<Address, Dataset>();
    for (Dataset dataset : datasets) {
      known.put(dataset.address(), dataset);
    }
    return new Catalog() {
      @Override
      public Optional<Dataset> dataset(Address address) {
        return Optional.ofNullable(known.get(address));
      }

      @Override
      public Optional<Analysis> analysis(Address address) {
        return Optional.empty();
      }
    };
  }

  private static Dataset dataset(String party, String name, String unit, Column... columns) {
    var all = new ArrayList<>(List.of(columns));
    all.add(column(unit, Set.of(Use.JOIN), Optional.empty()));
    return new Dataset(
        Address.parse("/" + party + "/dataset/" + name),
        Digest.ofUtf8(party),
        Optional.of(new ColumnName(unit)),
        all,
        Optional.empty(),
        List.of());
  }

  private static Column column(String name, String... domain) {
    return column(
        name,
        Set.of(Use.GROUP, Use.FILTER),
        domain.length == 0 ? Optional.empty() : Optional.of(List.of(domain)));
  }

  private static Column column(String name, Set<Use> use, Optional<List<String>> domain) {
    return new Column(
        new ColumnName(name),
        ColumnType.parse("string"),
        Optional.empty(),
        use,
        true,
        domain,
        Optional.empty());
  }
}
