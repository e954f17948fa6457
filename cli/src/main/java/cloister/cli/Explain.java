package cloister.cli;

import cloister.client.Participant;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.protocol.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `cloister explain`
@Command(
    name = "explain",
    description = "Say what a run would be: permitted or not, why, its cost and its error.",
    footer = {
      "Examples:",
      "  cloister explain overlap --accept-simulated",
      "  cloister explain overlap --to research,media,airline --accept-simulated",
      "  cloister explain --sql question.sql --for CommercialResearch --accept-simulated",
      "  cloister explain --graph --accept-simulated         # what may flow where, as text",
      "  cloister explain overlap --to media --graph --svg flows.svg --accept-simulated",
      "",
      "Nothing is run and nothing is charged. A refusal shows the rule, the path to it and, where there",
      "is one, the nearest request that would pass. The exit code is 3 where that of `run` would be:",
      "after a refusal, and when a budget does not pay."
    })
final class Explain extends Verb {
  @Mixin private final Question question = new Question();

  @Option(
      names = "--graph",
      description = "Draw what flows: of NAME with its recipients, else of all that is signed.")
  private boolean graph;

  @Option(names = "--svg", paramLabel = "FILE", description = "With --graph: write an SVG there.")
  private Optional<Path> svg = Optional.empty();

  private int exitCode = ExitCode.OK;

  Explain(Options options) {
    super(options);
  }

  @Override
  void run() throws Exception {
    if (svg.isPresent() && !graph) {
      throw new CloisterException(ErrorCode.PARAMETER_INVALID, "--svg goes with --graph");
    }
    if (graph && question.addressed() && !question.asked()) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID, "--to goes with an analysis: name one, or leave --to out");
    }
    try (Participant participant = options.participant()) {
      if (graph) {
        draw(participant);
        return;
      }
      Reply.Explanation explanation = participant.explain(question.request(participant));
      options.print(
          json(explanation, participant.simulated()),
          lines(explanation, options, terminal().resultInk()));
      boolean runs = explanation.outcome() == Reply.Outcome.PERMITTED && explanation.covered();
      exitCode = runs ? ExitCode.OK : ErrorCode.Kind.REFUSED.exitCode();
    }
  }

  private void draw(Participant participant) throws IOException, InterruptedException {
    var drawing =
        question.asked()
            ? Flows.of(participant, question.request(participant))
            : Flows.of(participant, question.purpose());
    if (svg.isPresent()) {
      Files.writeString(svg.get(), drawing.svg());
      terminal().say("Wrote " + svg.get());
    }
    options.print(
        Flows.json(drawing, participant.simulated()),
        svg.isPresent() ? List.of() : drawing.text().lines().toList());
  }

  /// What `run` would exit with, had it asked the same.
  @Override
  public Integer call() throws Exception {
    super.call();
    return exitCode;
  }

  static List<String> lines(Reply.Explanation explanation, Options options, Terminal.Ink ink) {
    var lines = new ArrayList<String>();
    String outcome =
        switch (explanation.outcome()) {
          case PERMITTED ->
              explanation.covered()
                  ? ink.good("✓ permitted")
                  : ink.warning("! permitted, but not paid for");
          case NEEDS_APPROVAL -> ink.warning("… needs approval");
          case DENIED -> ink.bad("✗ denied");
        };
    lines.add(outcome + ": " + explanation.reason());
    explanation.trace().forEach(step -> lines.add("  " + step));
    if (explanation.repeated()) {
      lines.add(ink.good("Asked before: free, same answer."));
    }
    explanation.mechanism().ifPresent(mechanism -> lines.add("Noise: " + mechanism));
    for (Reply.ExpectedError error : explanation.errors()) {
      lines.add("  " + error.column() + "  ± " + Text.number(error.error()) + "  (95 %)");
    }
    explanation.notes().forEach(note -> lines.add("  " + note));
    if (!explanation.budgets().isEmpty()) {
      lines.add("");
      var table =
          new Table(
              Table.Column.text("DATASET"),
              Table.Column.number("ε THIS RUN"),
              Table.Column.number("LEFT"),
              Table.Column.number("OF"));
      for (Reply.BudgetLine line : explanation.budgets()) {
        table.row(
            line.dataset().toString(),
            line.cost().map(cost -> Text.amount(cost.epsilon())).orElse("–"),
            Text.amount(line.remainingEpsilon()),
            Text.amount(line.limitEpsilon()));
      }
      lines.addAll(table.lines(ink));
      for (Reply.BudgetLine line : explanation.budgets()) {
        if (line.cost().filter(cost -> !cost.covered()).isPresent()) {
          lines.add(
              ink.bad(
                  "✗ what is left of the budget of " + line.dataset() + " does not pay for it"));
        }
      }
    }
    explanation
        .fix()
        .ifPresent(fix -> {
          lines.add("This would pass:");
          options.proposed(fix, ink).lines().forEach(line -> lines.add("  " + line));
        });
    return lines;
  }

  static Json.Obj json(Reply.Explanation explanation, boolean simulated) {
    return Json.object()
        .put("outcome", explanation.outcome().label())
        .put("reason", explanation.reason())
        .put("trace", explanation.trace())
        .putIfPresent("fix", explanation.fix(), Json::of)
        .putIfPresent("mechanism", explanation.mechanism(), Json::of)
        .put(
            "errors",
            Json.array(
                explanation.errors().stream()
                    .map(error ->
                        Json.object()
                            .put("column", error.column())
                            .put("error", error.error())
                            .build())
                    .toList()))
        .put("notes", explanation.notes())
        .put("budgets", Budget.json(explanation.budgets()))
        .put("covered", explanation.covered())
        .put("repeated", explanation.repeated())
        .put("simulated", simulated)
        .build();
  }
}
