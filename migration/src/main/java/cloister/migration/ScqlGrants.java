package cloister.migration;

import cloister.protocol.Tree;
import cloister.room.ColumnName;
import cloister.room.Name;
import cloister.room.Use;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Reads the column control of SCQL 1.x: `GRANT SELECT constraint(column, …) ON table TO party`.
///
/// A constraint binds one party; a column's uses bind all analysts here. So a column has the uses
/// that every grantee has.
final class ScqlGrants {
  private static final String[] CONSTRAINTS = {
    "PLAINTEXT",
    "PLAINTEXT_AFTER_JOIN",
    "PLAINTEXT_AS_JOIN_PAYLOAD",
    "PLAINTEXT_AFTER_GROUP_BY",
    "PLAINTEXT_AFTER_AGGREGATE",
    "PLAINTEXT_AFTER_COMPARE",
    "ENCRYPTED_ONLY",
    "UNKNOWN"
  };

  private final Notes notes;
  private final Draft draft;
  private final Map<ColumnName, Map<String, Set<Use>>> uses = new LinkedHashMap<>();
  private final Map<ColumnName, Tree.Position> places = new LinkedHashMap<>();
  private final Set<String> grantees = new LinkedHashSet<>();
  private Optional<Cursor.Path> table = Optional.empty();

  private ScqlGrants(Notes notes, Draft draft) {
    this.notes = notes;
    this.draft = draft;
  }

  static void sql(Notes notes, Cursor cursor, Draft draft) {
    var reader = new ScqlGrants(notes, draft);
    cursor.statements(notes, () -> reader.statement(cursor));
    reader.meet();
  }

  private void statement(Cursor cursor) {
    if (Schema.startsTable(cursor)) {
      ofTable(Schema.table(cursor));
      if (draft.hasSchema()) {
        throw new Tokens.Unreadable(cursor.place(), "the columns are there already");
      }
      draft.schema(notes, Schema.fields(cursor, (_, _) -> {}));
      Schema.skip(cursor, Set.of());
      return;
    }
    cursor.expect("GRANT", "SELECT");
    var granted = new LinkedHashMap<Fields.Placed, String>();
    do {
      String constraint =
          cursor.acceptOneOf(CONSTRAINTS).orElseThrow(() -> cursor.unexpected("a constraint"));
      cursor.names().forEach(column -> granted.put(column, constraint));
    } while (cursor.accept(","));
    cursor.expect("ON");
    ofTable(cursor.path());
    cursor.expect("TO");
    do {
      String grantee = cursor.name().text().toLowerCase(Locale.ROOT);
      grantees.add(grantee);
      granted.forEach((column, constraint) -> grant(column, constraint, grantee));
    } while (cursor.accept(","));
  }

  private void ofTable(Cursor.Path path) {
    if (table.isPresent() && !table.get().whole().equals(path.whole())) {
      throw new Tokens.Unreadable(
          path.at(), "a second table; import each into a document of its own");
    }
    table = Optional.of(path);
    draft.table(path.last());
  }

  private void grant(Fields.Placed column, String constraint, String grantee) {
    Optional<ColumnName> name = draft.known(notes, column.at(), column.text(), constraint);
    if (name.isEmpty()) {
      return;
    }
    String rule = constraint + " of " + name.get() + " to " + grantee;
    draft.part(name.get()).remark(constraint + " to " + grantee);
    places.putIfAbsent(name.get(), column.at());
    var before =
        uses.computeIfAbsent(name.get(), _ -> new LinkedHashMap<>())
            .putIfAbsent(grantee, uses(name.get(), column.at(), constraint, rule));
    if (before != null) {
      notes.mistake(
          column.at(),
          name.get() + " is granted to " + grantee + " already; keep the grant that holds");
    }
  }

  private Set<Use> uses(ColumnName name, Tree.Position at, String constraint, String rule) {
    boolean isUnit = draft.given.unit().filter(name::equals).isPresent();
    return switch (constraint) {
      case "PLAINTEXT" -> {
        notes.lost(at, rule, "values of rows: none is released here; groups of enough units are");
        yield EnumSet.allOf(Use.class);
      }
      case "PLAINTEXT_AFTER_JOIN" -> {
        if (isUnit) {
          notes.stricter(at, rule, "use: [join]: joined and counted, never shown");
        } else {
          notes.lost(
              at, rule, "use: [join], beside the units; the values that matched are not released");
        }
        yield EnumSet.of(Use.JOIN);
      }
      case "PLAINTEXT_AS_JOIN_PAYLOAD" -> {
        draft.requireJoin(constraint);
        notes.lost(
            at,
            rule,
            "use: [group] and join-required: true; values of rows are not released, groups are");
        yield EnumSet.of(Use.GROUP);
      }
      case "PLAINTEXT_AFTER_GROUP_BY" -> {
        notes.stricter(at, rule, "use: [group], in groups of enough units");
        yield EnumSet.of(Use.GROUP);
      }
      case "PLAINTEXT_AFTER_AGGREGATE" -> {
        notes.stricter(
            at, rule, "use: [count], and [sum, avg] of a number; no smallest, no largest");
        yield EnumSet.of(Use.COUNT, Use.SUM, Use.AVG);
      }
      case "PLAINTEXT_AFTER_COMPARE" -> {
        notes.stricter(at, rule, "use: [filter]; what a comparison gave is not shown of a row");
        yield EnumSet.of(Use.FILTER);
      }
      default -> {
        notes.stricter(at, rule, "use: []: out of reach, also of what is not released");
        yield EnumSet.noneOf(Use.class);
      }
    };
  }

  /// A column has the uses that every grantee has; sums only where it is known to be a number.
  private void meet() {
    draft.sql = Draft.Sql.ANY;
    if (grantees.isEmpty()) {
      notes.mistake(new Tree.Position(1, 1), "there is no GRANT in it");
    }
    uses.forEach((name, byGrantee) -> {
      var met = EnumSet.allOf(Use.class);
      grantees.forEach(grantee -> met.retainAll(byGrantee.getOrDefault(grantee, Set.of())));
      if (byGrantee.values().stream().anyMatch(each -> !each.equals(met))
          || byGrantee.size() < grantees.size()) {
        notes.stricter(
            at(name),
            "different grants of " + name,
            "the uses that all of "
                + String.join(", ", grantees)
                + " have: a column's uses bind every analyst here");
      }
      Draft.Part part = draft.part(name);
      boolean isUnit = draft.given.unit().filter(name::equals).isPresent();
      if (met.contains(Use.SUM) && !part.isNumeric() && !isUnit) {
        met.removeAll(List.of(Use.SUM, Use.AVG));
        if (part.type.isEmpty()) {
          notes.stricter(
              at(name),
              "sums and averages of " + name,
              "none while its type is not known; --schema says it");
        }
      }
      part.allowed.addAll(met);
    });
    if (grantees.stream().allMatch(ScqlGrants::isParticipant)) {
      draft.analysts = List.copyOf(grantees);
    }
  }

  private static boolean isParticipant(String grantee) {
    try {
      return !new Name(grantee).value().isEmpty();
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  private Tree.Position at(ColumnName name) {
    return places.getOrDefault(name, Tree.Position.NONE);
  }
}
