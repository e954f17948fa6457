package cloister.query;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// An oracle: the rows that queries over [Fixture]'s datasets aggregate, made in plain Java, and
/// what the contract of [cloister.privacy.Measure] says of them, without SQL.
final class Rows {
  /// Fewer than a unit may bring to a join.
  static final int HEAVY = 900;

  private record Customer(
      String email,
      Optional<String> zip,
      Optional<Integer> age,
      Optional<BigDecimal> spend,
      Optional<Double> score,
      Optional<String> notes) {}

  private record Viewer(String email, Optional<String> band, Optional<String> channel) {}

  private record Visit(String email, Optional<String> airport, Optional<BigDecimal> spend) {}

  /// One row below the aggregate.
  ///
  /// @param datasets those it is of, a bit for each of the plan's counters after the first
  /// @param key `null` for SQL's, which is none of the texts
  record Line(String unit, int datasets, String key, List<Optional<?>> values) {}

  enum Kind {
    ROWS,
    VALUES,
    DISTINCT,
    SUM,
    MEAN,
    /// A mean's of distances to the middle, and the sum of their squares.
    MOMENTS,
    SQUARES
  }

  /// @param argument which of a line's values; any for ROWS
  /// @param digits after the point of the granularity
  record Cell(Kind kind, int argument, int digits, BigInteger lowest, BigInteger highest) {
    static Cell count(Kind kind, int argument) {
      return new Cell(kind, argument, 0, BigInteger.ZERO, BigInteger.ZERO);
    }

    static Cell number(Kind kind, int argument, int digits, String lower, String upper) {
      return new Cell(
          kind,
          argument,
          digits,
          new BigDecimal(lower).movePointRight(digits).toBigIntegerExact(),
          new BigDecimal(upper).movePointRight(digits).toBigIntegerExact());
    }

    Optional<BigInteger> integer(Line line) {
      return line.values()
          .get(argument)
          .map(
              value -> new BigDecimal(value.toString()).movePointRight(digits).toBigIntegerExact());
    }

    BigInteger clamp(BigInteger value) {
      return value.min(highest).max(lowest);
    }

    BigInteger middle() {
      return lowest.add(highest).shiftRight(1);
    }

    boolean isNumber() {
      return switch (kind) {
        case SUM, MEAN, MOMENTS, SQUARES -> true;
        case ROWS, VALUES, DISTINCT -> false;
      };
    }
  }

  private final List<Customer> customers = new ArrayList<>();
  private final List<Viewer> viewers = new ArrayList<>();
  private final List<Visit> visits = new ArrayList<>();

  /// Few units and values, so many duplicates; one unit with hundreds of rows, one with dozens in
  /// every dataset, so that joins fan out on both sides.
  Rows(RandomGenerator random) {
    for (int i = 0; i < HEAVY; i++) {
      customers.add(customer("heavy@x", random));
    }
    for (int i = 0; i < 30; i++) {
      customers.add(customer("wide@x", random));
      viewers.add(viewer("wide@x", random));
      visits.add(visit("wide@x", random));
    }
    visits.add(visit("heavy@x", random));
    viewers.add(viewer("heavy@x", random));
    for (int i = 0; i < 60; i++) {
      customers.add(customer(unit(random), random));
      viewers.add(viewer(unit(random), random));
      visits.add(visit(unit(random), random));
    }
  }

  private static String unit(RandomGenerator random) {
    return "u" + random.nextInt(20) + "@x";
  }

  private static <T> T one(RandomGenerator random, List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  /// NULL for one in five.
  private static <T> Optional<T> maybe(RandomGenerator random, List<T> values) {
    return random.nextInt(5) == 0 ? Optional.empty() : Optional.of(one(random, values));
  }

  private static Optional<BigDecimal> money(RandomGenerator random) {
    return maybe(
        random,
        Stream.of("0.00", "1.25", "-3.10", "899.99", "4999.99", "99999999.99", "-99999999.99")
            .map(BigDecimal::new)
            .toList());
  }

  private static Customer customer(String email, RandomGenerator random) {
    return new Customer(
        email,
        maybe(random, List.of("z1", "z2", "z3", "", "Z1")),
        maybe(random, List.of(0, 1, 42, 119, 120, -7, 1000)),
        money(random),
        maybe(random, List.of(0.5, -0.25, 1.0, -1.0, 7.75, -300.0, 0.0)),
        maybe(random, List.of("a", "b", "c")));
  }

  private static Viewer viewer(String email, RandomGenerator random) {
    return new Viewer(
        email,
        maybe(random, List.of("18-24", "25-34", "35-49", "50+")),
        maybe(random, List.of("z1", "tv", "web")));
  }

  private static Visit visit(String email, RandomGenerator random) {
    return new Visit(email, maybe(random, List.of("z1", "z2", "fra", "jfk")), money(random));
  }

  /// The same rows in a database.
  void load(Duck duck) throws SQLException {
    duck.run("CREATE SCHEMA airline");
    duck.run("CREATE SCHEMA media");
    insert(
        duck,
        "airline.customers",
        "email VARCHAR, zip VARCHAR, age BIGINT, spend DECIMAL(10,2), score DOUBLE, notes VARCHAR",
        customers.stream()
            .map(row ->
                literals(
                    row.email(), row.zip(), row.age(), row.spend(), row.score(), row.notes())));
    insert(
        duck,
        "media.customers",
        "email VARCHAR, age_band VARCHAR, channel VARCHAR",
        viewers.stream().map(row -> literals(row.email(), row.band(), row.channel())));
    insert(
        duck,
        "airline.visits",
        "email VARCHAR, airport VARCHAR, spend DECIMAL(10,2)",
        visits.stream().map(row -> literals(row.email(), row.airport(), row.spend())));
  }

  private static void insert(Duck duck, String table, String columns, Stream<String> rows)
      throws SQLException {
    duck.run("CREATE TABLE " + table + " (" + columns + ")");
    duck.run("INSERT INTO " + table + " VALUES " + rows.collect(Collectors.joining(", ")));
  }

  private static String literals(String email, Optional<?>... values) {
    return Stream.concat(Stream.of(Optional.of(email)), Stream.of(values))
        .map(value -> value.map(Rows::literal).orElse("NULL"))
        .collect(Collectors.joining(", ", "(", ")"));
  }

  private static String literal(Object value) {
    return value instanceof String text ? DuckDbSql.text(text) : value.toString();
  }

  /// `FROM airline.customers`, by zip: age, spend, score, notes.
  List<Line> customers() {
    return customers.stream()
        .map(row ->
            line(row.email(), 0, row.zip(), row.age(), row.spend(), row.score(), row.notes()))
        .toList();
  }

  /// `FROM airline.customers a JOIN media.customers m ON a.email = m.email`, by age band: a.age,
  /// a.spend, m.channel.
  List<Line> joined() {
    return customers.stream()
        .flatMap(a ->
            viewers.stream()
                .filter(m -> m.email().equals(a.email()))
                .map(m -> line(a.email(), 0, m.band(), a.age(), a.spend(), m.channel())))
        .toList();
  }

  /// Three parts, by zip, airport and channel: the spend of customers over 0, of visits, and of
  /// visits once more for every view of the same person.
  ///
  /// The counters are in the order of their addresses: customers, visits, viewers.
  List<Line> united() {
    return Stream.of(
            customers.stream()
                .filter(row -> row.spend().filter(spend -> spend.signum() > 0).isPresent())
                .map(row -> line(row.email(), 0b001, row.zip(), row.spend())),
            visits.stream().map(row -> line(row.email(), 0b010, row.airport(), row.spend())),
            visits.stream()
                .flatMap(visit ->
                    viewers.stream()
                        .filter(viewer -> viewer.email().equals(visit.email()))
                        .map(
                            viewer -> line(visit.email(), 0b110, viewer.channel(), visit.spend()))))
        .flatMap(lines -> lines)
        .toList();
  }

  private static Line line(String unit, int datasets, Optional<String> key, Optional<?>... values) {
    return new Line(unit, datasets, key.orElse("null"), List.of(values));
  }

  Set<String> units() {
    return Stream.of(
            customers.stream().map(Customer::email),
            viewers.stream().map(Viewer::email),
            visits.stream().map(Visit::email))
        .flatMap(units -> units)
        .collect(Collectors.toSet());
  }

  /// The bounded table when no unit is in too many groups, or has too many distinct values in one:
  /// rows as [Duck] writes them.
  ///
  /// @param groups how many datasets there are that not every row is of; 1 when there is none
  static List<String> bounded(List<Line> lines, int groups, List<Cell> cells, int rowsPerUnit) {
    List<String> rows = new ArrayList<>();
    byKey(lines)
        .forEach((key, inside) -> {
          Map<String, List<Line>> units =
              inside.stream().collect(Collectors.groupingBy(Line::unit, Collectors.toList()));
          List<Object> row = new ArrayList<>(List.of(key, units.size()));
          for (int group = 0; groups > 1 && group < groups; group++) {
            int counted = group;
            row.add(
                units.values().stream()
                    .filter(own ->
                        own.stream().anyMatch(line -> (line.datasets() & (1 << counted)) != 0))
                    .count());
          }
          for (Cell cell : cells) {
            row.addAll(bounded(units, cell, rowsPerUnit));
          }
          rows.add(row.stream().map(Object::toString).collect(Collectors.joining("|")));
        });
    return rows.stream().sorted().toList();
  }

  private static List<?> bounded(Map<String, List<Line>> units, Cell cell, int rowsPerUnit) {
    long counted = 0;
    BigInteger total = BigInteger.ZERO;
    BigInteger squares = BigInteger.ZERO;
    Set<Object> distinct = new HashSet<>();
    for (List<Line> own : units.values()) {
      List<Object> values =
          own.stream()
              .map(line -> line.values().get(cell.argument()))
              .<Object>flatMap(Optional::stream)
              .toList();
      if (new HashSet<>(values).size() > rowsPerUnit && cell.kind() == Kind.DISTINCT) {
        throw new IllegalArgumentException("the choice among values is not the oracle's");
      }
      distinct.addAll(values);
      counted +=
          Math.min(cell.kind() == Kind.ROWS ? own.size() : values.size(), (long) rowsPerUnit);
      if (values.isEmpty()) {
        continue;
      }
      List<BigInteger> integers =
          cell.isNumber()
              ? own.stream().map(cell::integer).flatMap(Optional::stream).toList()
              : List.of();
      BigInteger sum =
          integers.stream()
              .map(value ->
                  switch (cell.kind()) {
                    case MEAN -> cell.clamp(value);
                    case MOMENTS -> cell.clamp(value).subtract(cell.middle());
                    default -> value;
                  })
              .reduce(BigInteger.ZERO, BigInteger::add);
      total =
          total.add(
              cell.kind() == Kind.SUM
                  ? cell.clamp(sum)
                  : scaled(sum, integers.size(), rowsPerUnit));
      squares =
          squares.add(
              scaled(
                  integers.stream()
                      .map(value -> cell.clamp(value).subtract(cell.middle()).pow(2))
                      .reduce(BigInteger.ZERO, BigInteger::add),
                  integers.size(),
                  rowsPerUnit));
    }
    return switch (cell.kind()) {
      case ROWS, VALUES -> List.of(counted);
      case DISTINCT -> List.of(distinct.size());
      case SUM, MEAN -> List.of(total, counted);
      case MOMENTS -> List.of(total, counted, squares);
      case SQUARES -> throw new IllegalArgumentException("squares come with moments");
    };
  }

  private static BigInteger scaled(BigInteger sum, int rows, int rowsPerUnit) {
    return rows > rowsPerUnit
        ? sum.multiply(BigInteger.valueOf(rowsPerUnit)).divide(BigInteger.valueOf(rows))
        : sum;
  }

  static Map<String, List<Line>> byKey(List<Line> lines) {
    return lines.stream()
        .collect(Collectors.groupingBy(Line::key, TreeMap::new, Collectors.toList()));
  }
}
