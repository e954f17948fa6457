package cloister.query;

import cloister.privacy.Footprint;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The exact table with what is traced of its units ([Traced]): `p` aggregates `r` per unit and
/// group, `q` adds up per group and bucket of units, and the outer SELECT per group. Counting
/// distinct units comes down to the first of the three in any case.
///
/// Units are spread by a hash of a hash with the enclave's salt. DuckDB's `hash` is no
/// cryptography: it is enough that nobody who chooses units or values knows the salt. Sums of
/// residues of up to 31 bits, times as many, do not overflow.
final class TracedSql {
  private static final String UNIT = "u";

  private final List<String> keys;
  private final int buckets;
  private final String salt;

  /// Columns of `p` by what they are.
  private final Map<String, String> perUnit = new LinkedHashMap<>();

  private final List<String> perBucket = new ArrayList<>();
  private final List<String> outer = new ArrayList<>();
  private final List<String> lists = new ArrayList<>();

  /// @param keys of `r`
  /// @param salt hexadecimal digits
  TracedSql(List<String> keys, int buckets, String salt) {
    this.keys = keys;
    this.buckets = buckets;
    this.salt = salt;
  }

  /// The units of rows.
  ///
  /// @param rows a condition on `r`: `true` for all
  void counter(int number, String rows) {
    String n = "n" + number;
    if (rows.equals("true")) {
      perBucket.add("count(*) AS " + n);
    } else {
      perBucket.add(
          "count(*) FILTER (WHERE "
              + perUnit("COALESCE(bool_or(" + rows + "), false)")
              + ") AS "
              + n);
    }
    outer.add("CAST(COALESCE(sum(" + n + "), 0) AS BIGINT) AS " + n);
  }

  private String perUnit(String aggregate) {
    return perUnit.computeIfAbsent(aggregate, _ -> "v" + perUnit.size());
  }

  /// What is summed over all rows.
  void cell(int number, String aggregate) {
    String c = "c" + number;
    perBucket.add("sum(" + perUnit(aggregate) + ") AS " + c);
    outer.add("CAST(COALESCE(sum(" + c + "), 0) AS HUGEINT) AS " + c);
  }

  /// Of every unit: one.
  void tracedUnits() {
    trace(
        "count(*)",
        "0",
        "0",
        projected("", Footprint.BUCKET_PRIME),
        projected("", Footprint.CHECK_PRIME));
  }

  /// @param contribution of a unit in a group: an aggregate over rows of `r`
  void traced(String contribution, boolean values) {
    String f = perUnit(contribution);
    trace(
        "count(*) FILTER (WHERE " + f + " <> 0)",
        values ? "max(abs(" + f + "))" : "0",
        values ? "sum(abs(" + f + "))" : "0",
        projected(f, Footprint.BUCKET_PRIME),
        projected(f, Footprint.CHECK_PRIME));
  }

  private void trace(String units, String largest, String all, String bucket, String check) {
    int number = lists.size();
    perBucket.add(units + " AS z" + number);
    perBucket.add(largest + " AS m" + number);
    perBucket.add(all + " AS a" + number);
    perBucket.add(bucket + " AS s" + number);
    perBucket.add(check + " AS t" + number);
    lists.add(
        "COALESCE(list_concat(["
            + Stream.of(
                    "sum(z" + number + ")",
                    "max(m" + number + ")",
                    "sum(a" + number + ")",
                    "sum(t" + number + ") % " + Footprint.CHECK_PRIME)
                .map(each -> "CAST(" + each + " AS HUGEINT)")
                .collect(Collectors.joining(", "))
            + "], list(CAST(b AS HUGEINT) * 4294967296 + s"
            + number
            + ")), [CAST(0 AS HUGEINT), 0, 0, 0]) AS l"
            + number);
  }

  /// A linear combination of contributions; no unit's factor is 0.
  private static String projected(String f, long prime) {
    String hash = prime == Footprint.BUCKET_PRIME ? "h" : "hash(h)";
    String factor = "CAST(" + hash + " % " + (prime - 1) + " AS BIGINT) + 1";
    if (f.isEmpty()) {
      return "sum(" + factor + ") % " + prime;
    }
    String residue = "CAST(" + f + " % " + prime + " AS BIGINT)";
    return "(sum(" + residue + " * (" + factor + ")) % " + prime + " + " + prime + ") % " + prime;
  }

  /// @param definitions that `rows` relies on, may be empty
  /// @param fewest units that a group is looked at for
  String select(String definitions, String rows, List<String> keysAsText, int fewest) {
    String shift = String.valueOf(Long.SIZE - Integer.numberOfTrailingZeros(buckets));
    List<String> units = new ArrayList<>(keys);
    units.add(UNIT);
    List<String> inner = new ArrayList<>(units);
    perUnit.forEach((aggregate, column) -> inner.add(aggregate + " AS " + column));
    List<String> groups = new ArrayList<>(keys);
    groups.add("h >> " + shift + " AS b");
    groups.addAll(perBucket);
    List<String> outputs = new ArrayList<>(keysAsText);
    outputs.addAll(outer);
    outputs.addAll(lists);
    return "WITH "
        + definitions
        + (definitions.isEmpty() ? "" : ", ")
        + "p AS (\n  SELECT "
        + String.join(", ", inner)
        + "\n  FROM (\n  "
        + rows
        + "\n  ) AS r\n  GROUP BY "
        + String.join(", ", units)
        + "\n), q AS (\n  SELECT "
        + String.join(", ", groups)
        + "\n  FROM (SELECT *, hash(hash("
        + UNIT
        + ", "
        + DuckDbSql.text(salt)
        + ")) AS h FROM p)\n  GROUP BY "
        + IntStream.rangeClosed(1, keys.size() + 1)
            .mapToObj(String::valueOf)
            .collect(Collectors.joining(", "))
        + "\n)\nSELECT "
        + String.join(", ", outputs)
        + "\nFROM q"
        + (keys.isEmpty()
            ? ""
            : keys.stream()
                    .map(key -> "q." + key)
                    .collect(Collectors.joining(", ", "\nGROUP BY ", ""))
                + "\nHAVING sum(q.n0) >= "
                + fewest);
  }
}
