package cloister.enclave;

import cloister.crypto.Digest;
import cloister.privacy.Measure;
import cloister.privacy.Release;
import cloister.protocol.Command.RunRequest;
import cloister.protocol.Command.Subject;
import cloister.protocol.Reply;
import cloister.query.CheckedPlan;
import cloister.query.Compiled;
import cloister.query.ResultTable;
import cloister.room.Address;
import cloister.room.Name;
import cloister.room.Request;
import cloister.room.Verdict;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/// Says what a request comes to, before anything is charged.
final class Explanations {
  private final HostedRoom room;
  private final Decisions decisions;
  private final Books books;

  Explanations(HostedRoom room, Decisions decisions, Books books) {
    this.room = room;
    this.decisions = decisions;
    this.books = books;
  }

  Reply explain(HostedRoom.Caller caller, RunRequest wanted) {
    var considered = decisions.consider(caller, wanted);
    return switch (considered.verdict()) {
      case Verdict.Permitted permitted -> explain(considered, permitted);
      case Verdict.NeedsApproval(var approvals) ->
          explanation(
              Reply.Outcome.NEEDS_APPROVAL,
              "the terms list versions of analyses, and not this one",
              approvals.stream()
                  .map(one ->
                      one.by()
                          + " has to approve "
                          + one.document()
                          + " in the terms of "
                          + one.terms())
                  .toList(),
              Optional.empty());
      case Verdict.Denied denied ->
          explanation(
              Reply.Outcome.DENIED,
              denied.reason(),
              refusal(denied),
              denied.suggestion().map(fix -> asTyped(considered, wanted, fix)));
    };
  }

  private Reply explain(Decisions.Considered considered, Verdict.Permitted permitted) {
    var compiled = Decisions.compile(considered.plan(), permitted, "0".repeat(64));
    Optional<Digest> asked = decisions.asked(considered, permitted);
    var budgets =
        books.costs(
            permitted,
            Release.cost(compiled.release()),
            asked.map(room.state::charged).orElse(Set.of()));
    return new Reply.Explanation(
        Reply.Outcome.PERMITTED,
        "every owner's terms permit it",
        permitted.trace().stream().map(Explanations::line).toList(),
        Optional.empty(),
        budgets,
        errors(considered.plan(), compiled),
        compiled.release().noise().map(_ -> Release.mechanism(compiled.release())),
        notes(considered.plan(), compiled),
        asked.isPresent() && budgets.stream().allMatch(Explanations::isFree));
  }

  private static List<Reply.ExpectedError> errors(CheckedPlan plan, Compiled compiled) {
    if (compiled.release().noise().isEmpty()) {
      return List.of();
    }
    List<Optional<BigDecimal>> expected = Release.expectedErrors(compiled.release());
    List<String> names = measures(plan);
    List<Optional<Integer>> measures = plan.measures();
    return IntStream.range(0, names.size())
        .boxed()
        .flatMap(i ->
            measures.get(i).flatMap(expected::get).stream()
                .map(error -> new Reply.ExpectedError(names.get(i), error)))
        .toList();
  }

  private static List<String> measures(CheckedPlan plan) {
    return plan.output().stream()
        .filter(column -> column.content() == ResultTable.Content.MEASURE)
        .map(ResultTable.Column::name)
        .toList();
  }

  /// What somebody who adds up or compares the numbers has to know of them.
  private static List<String> notes(CheckedPlan plan, Compiled compiled) {
    if (compiled.release().noise().isEmpty()) {
      return List.of();
    }
    var notes = new ArrayList<String>();
    List<String> names = measures(plan);
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      Optional<Integer> measure = plan.measures().get(i);
      if (measure.isEmpty()) {
        notes.add(name + ": computed from released numbers; its error bar comes with the answer");
        continue;
      }
      int index = measure.get();
      switch (compiled.release().measures().get(index)) {
        case Measure.Sum sum ->
            notes.add(
                name
                    + ": each unit's total in a group is clamped to "
                    + range(sum.lower(), sum.upper()));
        case Measure.Mean mean ->
            notes.add(clamped(name, mean.lower(), mean.upper(), Measure.Statistic.MEAN));
        case Measure.Moments moments ->
            notes.add(clamped(name, moments.lower(), moments.upper(), moments.statistic()));
        case Measure.Another(int of, var statistic) -> {
          switch (compiled.release().measures().get(of)) {
            case Measure.Mean mean ->
                notes.add(clamped(name, mean.lower(), mean.upper(), statistic));
            case Measure.Moments moments ->
                notes.add(clamped(name, moments.lower(), moments.upper(), statistic));
            default -> throw new IllegalStateException("it has no moments");
          }
        }
        case Measure.Quantile quantile -> notes.add(ranked(name, quantile));
        case Measure.AnotherQuantile(int of, _) ->
            notes.add(ranked(name, (Measure.Quantile) compiled.release().measures().get(of)));
        case Measure.Clipped _ ->
            notes.add(name + ": " + clip(Release.expectedClip(compiled.release(), index)));
        case Measure.Units _, Measure.Rows _, Measure.DistinctValues _ -> {}
      }
    }
    return notes;
  }

  private static String ranked(String name, Measure.Quantile quantile) {
    return name
        + ": each value is clamped to "
        + range(quantile.lower(), quantile.upper())
        + ", and told apart in %,d steps of it".formatted(Measure.Quantile.LEAVES)
        + "; the error is that of a group of %,d rows".formatted(Release.TYPICAL_ROWS)
        + " spread evenly over that range, and larger where values are rare";
  }

  private static String clip(Release.ExpectedClip expected) {
    return "what each unit adds to a group is clipped where few units add more; where that is, noise"
        + " decides from the data and a part of this cost, and the error is %s times the clip"
            .formatted(expected.errorPerClip().stripTrailingZeros().toPlainString())
        + "; withheld in groups of fewer than about %,d units".formatted(expected.units());
  }

  private static String clamped(
      String name, BigDecimal lower, BigDecimal upper, Measure.Statistic statistic) {
    String clamped = name + ": each value is clamped to " + range(lower, upper);
    String rows = "%,d rows".formatted(Release.TYPICAL_ROWS);
    return switch (statistic) {
      case COUNT -> name + ": it shares its noise with other numbers about these values";
      case MEAN ->
          clamped + "; the error is that of a group of " + rows + ", and larger in smaller ones";
      case VAR_POP, VAR_SAMP, STDDEV_POP, STDDEV_SAMP ->
          clamped
              + "; the error is that of a group of "
              + rows
              + " spread evenly over that range, and larger in smaller ones";
    };
  }

  private static String range(BigDecimal lower, BigDecimal upper) {
    return lower.toPlainString() + " … " + upper.toPlainString();
  }

  private static Reply.Explanation explanation(
      Reply.Outcome outcome, String reason, List<String> trace, Optional<String> fix) {
    return new Reply.Explanation(
        outcome, reason, trace, fix, List.of(), List.of(), Optional.empty(), List.of(), false);
  }

  static String line(Verdict.Step step) {
    String permits =
        step.permittedBy().isEmpty()
            ? "needs no rule"
            : "rule " + joined(step.permittedBy()) + " permits";
    return step.at() + ": " + permits + ", by way of " + path(step.path());
  }

  static List<String> refusal(Verdict.Denied denied) {
    List<String> lines = new ArrayList<>();
    lines.add("refused by " + denied.at() + denied.rule().map(rule -> ", rule " + rule).orElse(""));
    lines.add("path: " + path(denied.path()));
    return lines;
  }

  private static String path(List<Address> path) {
    return String.join(" → ", path.stream().map(Address::toString).toList());
  }

  private static String joined(Set<Name> names) {
    return String.join(", ", names.stream().map(Name::toString).toList());
  }

  /// The command that would pass, as the command line takes it, and on lines of their own what it
  /// changes and what the SQL has to change: no command says that.
  static String asTyped(
      Decisions.Considered considered, RunRequest wanted, Verdict.Suggestion suggestion) {
    Request asked = considered.request();
    Request passing = suggestion.request();
    var lines = new ArrayList<String>();
    boolean sameCommand =
        passing.requester().equals(asked.requester())
            && passing.purpose() == asked.purpose()
            && passing.recipients().equals(asked.recipients());
    if (!sameCommand) {
      var subject =
          switch (wanted.subject()) {
            case Subject.Named(var address) -> address.toString();
            case Subject.AdHoc _ -> "--sql FILE";
          };
      lines.add(
          "cloister run "
              + subject
              + " --for "
              + passing.purpose().term()
              + " --to "
              + String.join(
                  ",", new TreeSet<>(passing.recipients()).stream().map(Name::toString).toList()));
    }
    boolean sameSql =
        passing.uses().equals(asked.uses()) && passing.joined().equals(asked.joined());
    lines.add(
        (sameSql ? "(" : "(with another SQL: ") + String.join("; ", suggestion.changes()) + ")");
    return String.join("\n", lines);
  }

  private static boolean isFree(Reply.BudgetLine line) {
    return line.cost().filter(cost -> cost.epsilon().signum() == 0).isPresent();
  }
}
