package cloister.protocol;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.room.Address;
import cloister.room.Collaboration;
import cloister.room.Name;
import cloister.room.Purpose;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/// The JSON of [Reply]s. Exact decimals travel as strings: a double could not hold them all.
final class Replies {
  private static final int MAX_LINES = 10_000;
  private static final int MAX_TEXT = 4096;

  /// Those of the version in force and those of the proposed one.
  private static final int MAX_SIGNERS = 2 * Collaboration.MOST_PARTICIPANTS;

  private Replies() {}

  static Json.Obj encode(Reply reply) {
    return switch (reply) {
      case Reply.Status status -> encode(status);
      case Reply.Certificate(var certificate, var authority) ->
          named("certificate").put("certificate", certificate).put("authority", authority).build();
      case Reply.Upload(var offsets) ->
          named("upload")
              .put("offsets", Json.array(offsets.stream().map(Json::of).toList()))
              .build();
      case Reply.Published(var version, var report) ->
          named("published")
              .putIfPresent("version", version, Replies::encode)
              .put("report", encode(report))
              .build();
      case Reply.Explanation explanation -> encode(explanation);
      case Reply.Ran(var run, var answer, var receipt, var repeated) ->
          named("ran")
              .put("run", run)
              .putIfPresent("answer", answer, sealed -> Json.of(sealed.base64()))
              .put("receipt", receipt)
              .put("repeated", repeated)
              .build();
      case Reply.RunList(var runs) ->
          named("runs")
              .put("runs", Json.array(runs.stream().map(Replies::encode).toList()))
              .build();
      case Reply.Budgets(var budgets) -> named("budgets").put("budgets", lines(budgets)).build();
      case Reply.Done() -> named("done").build();
    };
  }

  static Reply decode(Json.Fields json) {
    Reply reply =
        switch (json.string("name", 32)) {
          case "status" -> status(json);
          case "certificate" ->
              new Reply.Certificate(json.bytes("certificate", 8192), json.bytes("authority", 8192));
          case "upload" -> new Reply.Upload(numbers(json, "offsets"));
          case "published" ->
              new Reply.Published(
                  json.optional("version", (in, name) -> version(in.object(name))),
                  report(json.object("report")));
          case "explanation" -> explanation(json);
          case "ran" ->
              new Reply.Ran(
                  json.string("run", 64),
                  json.optional("answer", (in, name) -> in.bytes(name, Limits.MESSAGE_BYTES)),
                  json.bytes("receipt", Limits.MESSAGE_BYTES),
                  json.bool("repeated"));
          case "runs" ->
              new Reply.RunList(
                  json.objects("runs", MAX_LINES).stream().map(Replies::runLine).toList());
          case "budgets" -> new Reply.Budgets(budgetLines(json));
          case "done" -> new Reply.Done();
          default -> throw json.bad("name", "is no reply of this version");
        };
    json.noOther();
    return reply;
  }

  private static Json.Builder named(String name) {
    return Json.object().put("name", name);
  }

  private static Json.Obj encode(Reply.Status status) {
    var documents = Json.object();
    new TreeMap<>(status.documents())
        .forEach((address, document) -> documents.put(address.toString(), document.toJson()));
    var versions = Json.object();
    new TreeMap<>(status.versions())
        .forEach((address, version) -> versions.put(address.toString(), encode(version)));
    return named("status")
        .put("collaboration", status.collaboration())
        .putIfPresent("active", status.active(), bytes -> Json.of(bytes.base64()))
        .putIfPresent("proposed", status.proposed(), bytes -> Json.of(bytes.base64()))
        .put("signed", new TreeSet<>(status.signed()))
        .put("suspended-by", new TreeSet<>(status.suspendedBy()))
        .put("enrolled", new TreeSet<>(status.enrolled()))
        .put("documents", documents.build())
        .put("versions", versions.build())
        .put("authority", status.certificateAuthority())
        .put("enclave-key", status.enclaveKey())
        .build();
  }

  private static Reply.Status status(Json.Fields json) {
    Map<Address, SignedDocument> documents = new HashMap<>();
    var signed = json.object("documents");
    for (String address : signed.keys(MAX_LINES)) {
      documents.put(address(signed, address), SignedDocument.read(signed.object(address)));
    }
    Map<Address, Reply.Version> versions = new HashMap<>();
    var current = json.object("versions");
    for (String address : current.keys(MAX_LINES)) {
      versions.put(address(current, address), version(current.object(address)));
    }
    return new Reply.Status(
        json.digest("collaboration"),
        json.optional("active", Replies::document),
        json.optional("proposed", Replies::document),
        Commands.names(json, "signed", MAX_SIGNERS),
        Commands.names(json, "suspended-by", Collaboration.MOST_PARTICIPANTS),
        Commands.names(json, "enrolled", Collaboration.MOST_PARTICIPANTS),
        documents,
        versions,
        json.bytes("authority", 8192),
        json.bytes("enclave-key", 256));
  }

  private static Address address(Json.Fields json, String text) {
    try {
      return Address.parse(text);
    } catch (IllegalArgumentException e) {
      throw json.bad("key", "is no address");
    }
  }

  private static Bytes document(Json.Fields json, String name) {
    return json.bytes(name, Limits.DOCUMENT_BYTES);
  }

  private static Json.Obj encode(Reply.Version version) {
    return Json.object()
        .put("digest", version.digest())
        .put("published", version.published())
        .putIfPresent("until", version.until(), until -> Json.of(until.toString()))
        .build();
  }

  private static Reply.Version version(Json.Fields json) {
    Digest digest = json.digest("digest");
    Instant published = json.instant("published");
    var version =
        new Reply.Version(digest, published, json.optional("until", Json.Fields::instant));
    json.noOther();
    return version;
  }

  private static List<Long> numbers(Json.Fields json, String name) {
    List<Long> numbers = new ArrayList<>();
    for (Json element : json.array(name, Limits.UPLOAD_PARTS)) {
      if (!(element instanceof Json.Num(var number)) || number.scale() > 0 || number.signum() < 0) {
        throw json.bad(name, "has an element that is no count");
      }
      numbers.add(number.longValueExact());
    }
    return numbers;
  }

  static Json.Obj encode(Reply.Report report) {
    var bad =
        report.bad().stream()
            .map(rows ->
                Json.object()
                    .put("column", rows.column())
                    .put("reason", rows.reason())
                    .put("count", rows.count())
                    .put("first-rows", Json.array(rows.firstRows().stream().map(Json::of).toList()))
                    .build())
            .toList();
    return Json.object()
        .put("rows", report.rows())
        .put("kept", report.kept())
        .put("without-unit", report.withoutUnit())
        .put("bad", Json.array(bad))
        .build();
  }

  static Reply.Report report(Json.Fields json) {
    List<Reply.BadRows> bad = new ArrayList<>();
    for (Json.Fields rows : json.objects("bad", MAX_LINES)) {
      bad.add(
          new Reply.BadRows(
              rows.string("column", 64),
              rows.string("reason", 64),
              rows.integer("count", 0, 1L << 50),
              numbers(rows, "first-rows")));
      rows.noOther();
    }
    var report =
        new Reply.Report(
            json.integer("rows", 0, 1L << 50),
            json.integer("kept", 0, 1L << 50),
            json.integer("without-unit", 0, 1L << 50),
            bad);
    json.noOther();
    return report;
  }

  private static Json.Obj encode(Reply.Explanation explanation) {
    var errors =
        explanation.errors().stream()
            .map(error ->
                Json.object()
                    .put("column", error.column())
                    .put("error", error.error().toPlainString())
                    .build())
            .toList();
    return named("explanation")
        .put("outcome", explanation.outcome().label())
        .put("reason", explanation.reason())
        .put("trace", explanation.trace())
        .putIfPresent("fix", explanation.fix(), Json::of)
        .put("budgets", lines(explanation.budgets()))
        .put("errors", Json.array(errors))
        .putIfPresent("mechanism", explanation.mechanism(), Json::of)
        .put("notes", explanation.notes())
        .put("repeated", explanation.repeated())
        .build();
  }

  private static Reply.Explanation explanation(Json.Fields json) {
    List<Reply.ExpectedError> errors = new ArrayList<>();
    for (Json.Fields error : json.objects("errors", MAX_LINES)) {
      errors.add(new Reply.ExpectedError(error.string("column", 256), exact(error, "error")));
      error.noOther();
    }
    return new Reply.Explanation(
        json.oneOf("outcome", Reply.Outcome::byLabel),
        json.string("reason", MAX_TEXT),
        json.strings("trace", MAX_LINES, MAX_TEXT),
        json.optional("fix", (in, name) -> in.string(name, MAX_TEXT)),
        budgetLines(json),
        errors,
        json.optional("mechanism", (in, name) -> in.string(name, MAX_TEXT)),
        json.strings("notes", MAX_LINES, MAX_TEXT),
        json.bool("repeated"));
  }

  private static Json.Arr lines(List<Reply.BudgetLine> budgets) {
    return Json.array(
        budgets.stream()
            .map(line ->
                Json.object()
                    .put("dataset", line.dataset().toString())
                    .put("limit-epsilon", line.limitEpsilon().toPlainString())
                    .put("limit-delta", line.limitDelta().toPlainString())
                    .put("spent-epsilon", line.spentEpsilon().toPlainString())
                    .put("spent-delta", line.spentDelta().toPlainString())
                    .put("remaining-epsilon", line.remainingEpsilon().toPlainString())
                    .putIfPresent(
                        "cost",
                        line.cost(),
                        cost ->
                            Json.object()
                                .put("epsilon", cost.epsilon().toPlainString())
                                .put("covered", cost.covered())
                                .build())
                    .build())
            .toList());
  }

  private static List<Reply.BudgetLine> budgetLines(Json.Fields json) {
    List<Reply.BudgetLine> lines = new ArrayList<>();
    for (Json.Fields line : json.objects("budgets", MAX_LINES)) {
      lines.add(
          new Reply.BudgetLine(
              line.parsed("dataset", 256, Address::parse),
              exact(line, "limit-epsilon"),
              exact(line, "limit-delta"),
              exact(line, "spent-epsilon"),
              exact(line, "spent-delta"),
              exact(line, "remaining-epsilon"),
              line.optional("cost", (in, name) -> cost(in.object(name)))));
      line.noOther();
    }
    return lines;
  }

  private static Reply.Cost cost(Json.Fields json) {
    var cost = new Reply.Cost(exact(json, "epsilon"), json.bool("covered"));
    json.noOther();
    return cost;
  }

  private static BigDecimal exact(Json.Fields json, String name) {
    return json.parsed(name, 64, BigDecimal::new);
  }

  private static Json.Obj encode(Reply.RunLine line) {
    return Json.object()
        .put("run", line.run())
        .put("requester", line.requester().toString())
        .put("analysis", line.analysis().toString())
        .put("purpose", line.purpose().term())
        .put("at", line.at())
        .put("state", line.state().label())
        .build();
  }

  private static Reply.RunLine runLine(Json.Fields json) {
    var line =
        new Reply.RunLine(
            json.string("run", 64),
            json.parsed("requester", 64, Name::new),
            json.parsed("analysis", 256, Address::parse),
            json.oneOf("purpose", Purpose::byTerm),
            json.instant("at"),
            json.oneOf("state", Reply.RunState::byLabel));
    json.noOther();
    return line;
  }
}
