package cloister.benchmarks;

import cloister.attestation.Measurement;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.crypto.SigningKey;
import cloister.protocol.Document;
import cloister.protocol.Documents;
import cloister.query.Catalog;
import cloister.query.Planner;
import cloister.query.QueryException;
import cloister.room.Address;
import cloister.room.Agreement;
import cloister.room.Analysis;
import cloister.room.Dataset;
import cloister.room.Name;
import cloister.room.Request;
import cloister.room.Verdict;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.calcite.config.CalciteConnectionConfigImpl;
import org.apache.calcite.config.CalciteConnectionProperty;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.jdbc.JavaTypeFactoryImpl;
import org.apache.calcite.prepare.CalciteCatalogReader;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.schema.impl.AbstractSchema;
import org.apache.calcite.schema.impl.AbstractTable;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParseException;
import org.apache.calcite.sql.parser.SqlParser;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.validate.SqlValidator;
import org.apache.calcite.sql.validate.SqlValidatorUtil;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.runner.RunnerException;

/// What the server does with a request before anything is computed, and Calcite alone with the same
/// SQL.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PolicyCompilation {
  private static final Address ANALYSIS = Address.parse("/research/analysis/overlap");
  private static final String NONCE = "00".repeat(32);

  /// Every benchmark here has the same options; this one does not need it.
  @Param("64")
  public int megabytes = 64;

  private final Map<Address, Dataset> datasets = new HashMap<>();
  private final Catalog catalog = new Datasets(datasets);
  private Optional<Agreement> agreement = Optional.empty();
  private final RelDataTypeFactory types = new JavaTypeFactoryImpl();
  private final CalciteSchema schema = CalciteSchema.createRootSchema(false, false);
  private int variant;

  static List<Result> measure(Sizes sizes) throws RunnerException {
    Map<String, Double> times = JmhRun.nanoseconds(PolicyCompilation.class, sizes);
    return List.of(
        new Result(
            Claim.POLICY,
            "the demonstration's analysis",
            JmhRun.of(times, "policy") / 1e6,
            JmhRun.of(times, "calcite") / 1e6));
  }

  @Setup
  public void sign() throws IOException {
    var values = new HashMap<String, String>();
    for (Name name : List.of(Terms.AIRLINE, Terms.MEDIA, Terms.RESEARCH)) {
      values.put(name + ".key", SigningKey.generate().verifyingKey().thumbprint().toString());
    }
    values.put("enclave.measurement", new Measurement("sha384", Bytes.of(new byte[48])).toString());
    if (!(Documents.parse("collaboration", Terms.collaboration(values), Terms.RESEARCH).getFirst()
        instanceof Document.CollaborationDocument collaboration)) {
      throw new IllegalStateException("not a collaboration");
    }
    var signed =
        new Agreement(
            collaboration.collaboration(), new TreeMap<>(), new TreeMap<>(), Optional.empty());
    for (Name owner : List.of(Terms.AIRLINE, Terms.MEDIA)) {
      if (!(Documents.parse("dataset", Terms.dataset(owner), owner).getFirst()
          instanceof Document.DatasetDocument document)) {
        throw new IllegalStateException("not a dataset");
      }
      Dataset dataset = document.dataset();
      datasets.put(dataset.address(), dataset);
      signed = signed.with(dataset);
      var owned = schema.add(owner.value(), new AbstractSchema());
      owned.add(Terms.CUSTOMERS.value(), new Customers(dataset));
    }
    agreement = Optional.of(signed);
  }

  /// A text that was not seen before, as an analyst's next question is.
  private String sql() {
    variant = (variant + 1) % 10_000;
    return Terms.overlap(variant);
  }

  @Benchmark
  public String policy() throws QueryException {
    String sql = sql();
    Set<Address> inputs = Planner.inputs(sql, Terms.RESEARCH, catalog);
    var analysis =
        new Analysis(
            ANALYSIS,
            Digest.ofUtf8(sql),
            sql,
            inputs,
            Terms.Mode.NOISE.purpose,
            Set.of(Terms.RESEARCH),
            List.of());
    var plan = Planner.check(sql, Terms.RESEARCH, catalog);
    var request =
        new Request(
            Terms.RESEARCH,
            ANALYSIS,
            Terms.Mode.NOISE.purpose,
            Set.of(Terms.RESEARCH),
            plan.uses(),
            plan.joined());
    if (!(agreement.orElseThrow().with(analysis).decide(request)
        instanceof Verdict.Permitted permitted)) {
      throw new IllegalStateException("the terms permit this");
    }
    var minimumUnits = new HashMap<Address, Integer>();
    permitted
        .obligations()
        .forEach((dataset, bound) -> minimumUnits.put(dataset, bound.minimumUnits()));
    return plan.compile(minimumUnits, permitted.noise(), NONCE).engine().sql();
  }

  @Benchmark
  public SqlNode calcite() throws SqlParseException {
    var properties = new Properties();
    properties.setProperty(CalciteConnectionProperty.CASE_SENSITIVE.camelName(), "false");
    var reader =
        new CalciteCatalogReader(
            schema, List.of(), types, new CalciteConnectionConfigImpl(properties));
    return SqlValidatorUtil.newValidator(
            SqlStdOperatorTable.instance(), reader, types, SqlValidator.Config.DEFAULT)
        .validate(SqlParser.create(sql()).parseQuery());
  }

  private record Datasets(Map<Address, Dataset> datasets) implements Catalog {
    @Override
    public Optional<Dataset> dataset(Address address) {
      return Optional.ofNullable(datasets.get(address));
    }

    @Override
    public Optional<Analysis> analysis(Address address) {
      return Optional.empty();
    }
  }

  private static final class Customers extends AbstractTable {
    private final Dataset dataset;

    Customers(Dataset dataset) {
      this.dataset = dataset;
    }

    @Override
    public RelDataType getRowType(RelDataTypeFactory types) {
      var row = types.builder();
      dataset
          .columns()
          .forEach(column ->
              row.add(
                  column.name().value(),
                  column.name().value().equals("minutes")
                      ? SqlTypeName.BIGINT
                      : SqlTypeName.VARCHAR));
      return row.build();
    }
  }
}
