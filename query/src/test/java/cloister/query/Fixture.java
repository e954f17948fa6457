package cloister.query;

import cloister.crypto.Digest;
import cloister.room.Address;
import cloister.room.Analysis;
import cloister.room.Column;
import cloister.room.Column.Bounds;
import cloister.room.ColumnName;
import cloister.room.ColumnType;
import cloister.room.Dataset;
import cloister.room.Name;
import cloister.room.Purpose;
import cloister.room.Use;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The collaboration of the examples: an airline's and a media company's customers, and a third
/// party's analyses.
final class Fixture implements Catalog {
  static final Name RESEARCH = new Name("research");
  static final Address AIRLINE = Address.parse("/airline/dataset/customers");
  static final Address MEDIA = Address.parse("/media/dataset/customers");
  static final Address VISITS = Address.parse("/airline/dataset/visits");

  /// About nobody.
  static final Address AIRPORTS = Address.parse("/media/dataset/airports");

  private final Map<Address, Dataset> datasets = new LinkedHashMap<>();
  private final Map<Address, Analysis> analyses = new LinkedHashMap<>();

  Fixture() {
    dataset(
        AIRLINE,
        column("email", "string"),
        column("zip", "string"),
        column("age", "integer", new Bounds(BigDecimal.ZERO, new BigDecimal("120"))),
        column("spend", "decimal(10,2)", new Bounds(BigDecimal.ZERO, new BigDecimal("5000"))),
        column("score", "double", new Bounds(new BigDecimal("-1"), BigDecimal.ONE)),
        column("joined", "date"),
        column("vip", "boolean"),
        column("notes", "string"));
    dataset(
        MEDIA,
        column("email", "string"),
        domain("age_band", "18-24", "25-34", "35-49", "50+"),
        column("channel", "string"),
        column("views", "integer"),
        column("seen", "timestamp"));
    dataset(
        VISITS,
        column("email", "string"),
        column("airport", "string"),
        column("spend", "decimal(10,2)", new Bounds(BigDecimal.ZERO, new BigDecimal("900"))));
  }

  /// With a table that has no unit.
  static Fixture withAirports() {
    var fixture = new Fixture();
    fixture.datasets.put(
        AIRPORTS,
        new Dataset(
            AIRPORTS,
            Digest.ofUtf8(AIRPORTS.toString()),
            Optional.empty(),
            List.of(
                column("code", "string"),
                domain("region", "north", "south"),
                column("price", "integer", new Bounds(BigDecimal.ZERO, BigDecimal.TEN))),
            Optional.empty(),
            List.of()));
    return fixture;
  }

  Fixture analysis(String address, String sql) {
    Address parsed = Address.parse(address);
    analyses.put(
        parsed,
        new Analysis(
            parsed,
            Digest.ofUtf8(sql),
            sql,
            Set.of(),
            Purpose.byTerm("Purpose").orElseThrow(),
            Set.of(),
            List.of()));
    return this;
  }

  private void dataset(Address address, Column... columns) {
    datasets.put(
        address,
        new Dataset(
            address,
            Digest.ofUtf8(address.toString()),
            Optional.of(new ColumnName("email")),
            List.of(columns),
            Optional.empty(),
            List.of()));
  }

  private static Column column(String name, String type) {
    return column(name, type, Optional.empty(), Optional.empty());
  }

  private static Column column(String name, String type, Bounds bounds) {
    return column(name, type, Optional.empty(), Optional.of(bounds));
  }

  private static Column domain(String name, String... values) {
    return column(name, "string", Optional.of(List.of(values)), Optional.empty());
  }

  private static Column column(
      String name, String type, Optional<List<String>> domain, Optional<Bounds> bounds) {
    return new Column(
        new ColumnName(name),
        ColumnType.parse(type),
        Optional.empty(),
        name.equals("email")
            ? Set.of(Use.JOIN)
            : bounds.isPresent()
                ? Set.of(Use.values())
                : Set.of(Use.JOIN, Use.GROUP, Use.FILTER, Use.COUNT),
        name.equals("email"),
        domain,
        bounds);
  }

  List<Dataset> datasets() {
    return new ArrayList<>(datasets.values());
  }

  @Override
  public Optional<Dataset> dataset(Address address) {
    return Optional.ofNullable(datasets.get(address));
  }

  @Override
  public Optional<Analysis> analysis(Address address) {
    return Optional.ofNullable(analyses.get(address));
  }

  static CheckedPlan check(String sql) throws QueryException {
    return Planner.check(sql, RESEARCH, new Fixture());
  }
}
