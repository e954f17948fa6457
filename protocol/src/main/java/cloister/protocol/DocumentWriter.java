package cloister.protocol;

import cloister.attestation.Requirements;
import cloister.crypto.Bytes;
import cloister.privacy.Bounding;
import cloister.privacy.BudgetLimit;
import cloister.privacy.DifferentialPrivacy;
import cloister.room.Address;
import cloister.room.AnalysisPattern;
import cloister.room.Column;
import cloister.room.ColumnName;
import cloister.room.Name;
import cloister.room.NoiseResolution;
import cloister.room.Obligations;
import cloister.room.Purpose;
import cloister.room.Rule;
import cloister.room.Use;
import java.time.Period;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Writes documents in their canonical form: the same keys as in YAML, every default written out,
/// every set in the order of its texts, every address absolute.
final class DocumentWriter {
  static final String FORMAT = "cloister/document/v1";

  private DocumentWriter() {}

  static Bytes collaboration(
      Name name,
      int version,
      Map<Name, cloister.crypto.Digest> participants,
      Set<Purpose> purposes,
      Requirements enclave,
      NoiseResolution noise) {
    var keys = Json.object();
    participants.forEach(
        (participant, key) -> keys.put(participant.value(), Json.object().put("key", key).build()));
    return envelope("collaboration", Optional.empty())
        .put(
            "content",
            Json.object()
                .put("collaboration", name.value())
                .put("version", version)
                .put("participants", keys.build())
                .put("purposes", sorted(purposes))
                .put("enclave", enclave(enclave))
                .put("noise", noise(noise))
                .build())
        .bytes();
  }

  private static Json.Obj enclave(Requirements requirements) {
    var enclave =
        Json.object()
            .put("accept", sorted(requirements.accept()))
            .put("measurements", sorted(requirements.measurements()));
    requirements.policy().ifPresent(digest -> enclave.put("policy", digest.toString()));
    return enclave.build();
  }

  /// In the place of a unit's name, for a table about nobody; so no unit is called so.
  static final String NO_UNIT = "none";

  static Bytes dataset(
      Address address,
      Optional<ColumnName> unit,
      List<Column> columns,
      Optional<Period> retention,
      List<Rule> terms) {
    var byName = Json.object();
    columns.forEach(column -> byName.put(column.name().value(), column(column)));
    return envelope("dataset", Optional.of(address.party()))
        .put(
            "content",
            Json.object()
                .put("dataset", address.name().value())
                .put("unit", unit.map(ColumnName::value).orElse(NO_UNIT))
                .put("columns", byName.build())
                .putIfPresent("retention", retention, period -> Json.of(period.toString()))
                .put("terms", terms(terms))
                .build())
        .bytes();
  }

  static Bytes analysis(
      Address address, String sql, Purpose purpose, Set<Name> recipients, List<Rule> terms) {
    return envelope("analysis", Optional.of(address.party()))
        .put(
            "content",
            Json.object()
                .put("analysis", address.name().value())
                .put("sql", sql)
                .put("purpose", purpose.term())
                .put("recipients", sorted(recipients))
                .put("terms", terms(terms))
                .build())
        .bytes();
  }

  private static Json.Builder envelope(String kind, Optional<Name> party) {
    return Json.object()
        .put("format", FORMAT)
        .put("kind", kind)
        .putIfPresent("party", party, name -> Json.of(name.value()));
  }

  private static Json column(Column column) {
    return Json.object()
        .put("type", column.type().toString())
        .putIfPresent(
            "semantic",
            column.semantic(),
            semantic -> Json.of(semantic.name().toLowerCase(Locale.ROOT)))
        .put("use", sorted(column.use().stream().map(Use::label).toList()))
        .put("required", column.required())
        .putIfPresent("domain", column.domain(), Json::strings)
        .putIfPresent("bounds", bounds(column), bounds -> bounds)
        .build();
  }

  private static Optional<Json> bounds(Column column) {
    return column.sums() == Bounding.AUTOMATIC
        ? Optional.of(Json.of("auto"))
        : column
            .bounds()
            .map(bounds -> Json.array(List.of(Json.of(bounds.lower()), Json.of(bounds.upper()))));
  }

  private static Json terms(List<Rule> terms) {
    return Json.array(terms.stream().map(DocumentWriter::rule).toList());
  }

  private static Json rule(Rule rule) {
    return Json.object()
        .put("rule", rule.name().value())
        .put("analysts", sorted(rule.analysts()))
        .put("analyses", sorted(rule.analyses().stream().map(DocumentWriter::pattern).toList()))
        .put("purposes", sorted(rule.purposes()))
        .put("recipients", sorted(rule.recipients()))
        .put("obligations", obligations(rule.obligations()))
        .build();
  }

  private static Json obligations(Obligations obligations) {
    return Json.object()
        .put("join-required", obligations.joinRequired())
        .put("minimum-units", obligations.minimumUnits())
        .putIfPresent("differential-privacy", obligations.noise(), DocumentWriter::noise)
        .putIfPresent("budget", obligations.budget(), DocumentWriter::budget)
        .build();
  }

  private static Json noise(DifferentialPrivacy noise) {
    return Json.object()
        .put("epsilon", noise.epsilon().value())
        .put("delta", noise.delta().value())
        .put("groups-per-unit", noise.groupsPerUnit())
        .put(
            "rows-per-unit",
            switch (noise.rows()) {
              case DECLARED -> Json.of(noise.rowsPerUnit());
              case AUTOMATIC -> Json.of("auto");
            })
        .build();
  }

  private static Json budget(BudgetLimit budget) {
    return Json.object()
        .put("epsilon", budget.epsilon().value())
        .put("delta", budget.delta().value())
        .putIfPresent(
            "delta-for-groups",
            Optional.of(budget.deltaForGroups()).filter(_ -> !budget.isHalved()),
            part -> Json.of(part.value()))
        .build();
  }

  static String pattern(AnalysisPattern pattern) {
    return switch (pattern) {
      case AnalysisPattern.Exactly(Address analysis) -> analysis.toString();
      case AnalysisPattern.AllOf(Name party) -> "/" + party + "/analysis/*";
      case AnalysisPattern.Version(var document) -> document.toString();
      case AnalysisPattern.AnySql() -> "any-sql";
    };
  }

  private static String noise(NoiseResolution noise) {
    return switch (noise) {
      case NoiseResolution.Strongest() -> "strongest";
      case NoiseResolution.Equal() -> "equal";
      case NoiseResolution.Designated(Name party) -> "designated:/" + party;
    };
  }

  private static Json sorted(Collection<?> values) {
    return Json.strings(values.stream().map(Object::toString).sorted().toList());
  }
}
