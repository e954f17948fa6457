package cloister.query;

import cloister.privacy.Measure;
import cloister.privacy.ReleasePlan;
import cloister.room.Address;
import java.math.BigInteger;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What a plan gives for databases that differ in one unit, compared with what its release is made
/// for: how many groups, and how far each number.
final class Neighbours {
  private Neighbours() {}

  /// The rows of all units but one; all of a table about nobody.
  static String without(Address dataset, String unit, Catalog catalog) {
    return catalog
        .dataset(dataset)
        .flatMap(each -> each.unit())
        .map(column -> column.value() + " <> " + DuckDbSql.text(unit))
        .orElse("true");
  }

  /// The first way in which a unit that leaves one dataset, or all, moves more than the plan says.
  static Optional<String> harm(
      Duck duck, CheckedPlan plan, Compiled compiled, String unit, Catalog catalog)
      throws SQLException {
    Map<String, String[]> with = rows(duck, compiled, _ -> "true");
    List<Address> leaving =
        plan.datasets().stream()
            .filter(dataset -> !without(dataset, unit, catalog).equals("true"))
            .sorted()
            .toList();
    if (leaving.size() == 1) {
      leaving = List.of();
    }
    for (int index = 0; index <= leaving.size(); index++) {
      Optional<Address> from =
          index < leaving.size() ? Optional.of(leaving.get(index)) : Optional.empty();
      Map<String, String[]> gone =
          rows(
              duck,
              compiled,
              dataset ->
                  from.isEmpty() || from.get().equals(dataset)
                      ? without(dataset, unit, catalog)
                      : "true");
      Optional<String> harm = difference(compiled, with, gone, from.isPresent());
      if (harm.isPresent()) {
        return Optional.of(
            "MOVES "
                + harm.get()
                + " without "
                + unit
                + " in "
                + from.map(Address::toString).orElse("all"));
      }
    }
    return Optional.empty();
  }

  private static Map<String, String[]> rows(
      Duck duck, Compiled compiled, Function<Address, String> kept) throws SQLException {
    int keys = compiled.engine().keys();
    Map<String, String[]> rows = new HashMap<>();
    for (String[] row : duck.cells(compiled.engine(), kept)) {
      if (rows.put(Arrays.asList(row).subList(0, keys).toString(), row) != null) {
        throw new SQLException("two rows of one group");
      }
    }
    return rows;
  }

  private static Optional<String> difference(
      Compiled compiled, Map<String, String[]> with, Map<String, String[]> without, boolean one) {
    ReleasePlan release = compiled.release();
    int keys = compiled.engine().keys();
    int rowsPerUnit = release.noise().orElseThrow().rowsPerUnit();
    int times = release.unitsMayChange() && one ? 2 : 1;
    var all = new TreeSet<>(with.keySet());
    all.addAll(without.keySet());
    int moved = 0;
    for (String key : all) {
      String[] a = with.get(key);
      String[] b = without.get(key);
      if (Arrays.equals(a, b)) {
        continue;
      }
      moved++;
      int at = keys;
      for (int counter = 0; counter < release.counters().size(); counter++, at++) {
        if (number(a, at).subtract(number(b, at)).abs().compareTo(BigInteger.ONE) > 0) {
          return Optional.of("counter " + counter);
        }
      }
      for (int index = 0; index < release.measures().size(); index++) {
        Measure measure = release.measures().get(index);
        for (BigInteger most : sensitivities(measure, rowsPerUnit, release.unitsMayChange())) {
          if (number(a, at).subtract(number(b, at)).abs().compareTo(most) > 0) {
            return Optional.of("measure " + index + " of more than " + most);
          }
          at++;
        }
      }
      for (Measure measure : release.measures()) {
        for (int list = 0; list < measure.lists(); list++, at++) {
          int width = measure instanceof Measure.Clipped ? 3 : 2;
          long most = (measure instanceof Measure.Clipped ? 1 : rowsPerUnit) * (long) times;
          if (moved(list(a, at), list(b, at), width) > most) {
            return Optional.of("a list");
          }
        }
      }
    }
    int most = release.noise().orElseThrow().groupsPerUnit() * times;
    return moved > most ? Optional.of(moved + " groups, more than " + most) : Optional.empty();
  }

  /// How far each cell of a measure may move when a unit comes, goes or changes.
  private static List<BigInteger> sensitivities(Measure measure, int rows, boolean changes) {
    BigInteger most = BigInteger.valueOf(rows);
    return switch (measure) {
      case Measure.Rows _, Measure.DistinctValues _ -> List.of(most);
      case Measure.Sum sum ->
          List.of(
              changes
                  ? sum.highest().max(BigInteger.ZERO).subtract(sum.lowest().min(BigInteger.ZERO))
                  : sum.lowest().abs().max(sum.highest().abs()),
              most);
      case Measure.Mean mean ->
          List.of(
              most.multiply(
                  mean.highest().max(BigInteger.ZERO).subtract(mean.lowest().min(BigInteger.ZERO))),
              most);
      case Measure.Moments moments -> {
        BigInteger half =
            moments
                .upper()
                .subtract(moments.lower())
                .divide(moments.granularity(), 0, java.math.RoundingMode.CEILING)
                .toBigInteger()
                .shiftRight(1)
                .add(BigInteger.TWO);
        List<BigInteger> all = new ArrayList<>();
        all.add(most.multiply(half).shiftLeft(1));
        all.add(most);
        for (int cell = 2; cell < moments.cells(); cell++) {
          all.add(most.multiply(half).multiply(half));
        }
        yield all;
      }
      default -> Collections.nCopies(measure.cells(), BigInteger.ZERO);
    };
  }

  private static BigInteger number(String @Nullable [] row, int at) {
    return row == null ? BigInteger.ZERO : new BigInteger(row[at]);
  }

  /// A list of numbered counts: the sum of the changes of the counts.
  private static long moved(List<BigInteger> a, List<BigInteger> b, int width) {
    Map<BigInteger, Long> counts = new HashMap<>();
    for (int index = 0; index < a.size(); index += width) {
      counts.merge(a.get(index), a.get(index + 1).longValueExact(), Long::sum);
    }
    for (int index = 0; index < b.size(); index += width) {
      counts.merge(b.get(index), -b.get(index + 1).longValueExact(), Long::sum);
    }
    return counts.values().stream().mapToLong(Math::abs).sum();
  }

  private static List<BigInteger> list(String @Nullable [] row, int at) {
    return row == null || row[at].equals("[]")
        ? List.of()
        : Arrays.stream(row[at].substring(1, row[at].length() - 1).split(", "))
            .map(BigInteger::new)
            .toList();
  }
}
