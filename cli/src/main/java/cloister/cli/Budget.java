package cloister.cli;

import cloister.protocol.Json;
import cloister.protocol.Reply;
import java.util.List;
import picocli.CommandLine.Command;

/// `cloister budget`
@Command(
    name = "budget",
    description = "Show what may still be learned of each dataset, and what has been.",
    footer = {
      "Examples:",
      "  cloister budget --accept-simulated",
      "  cloister budget --json --accept-simulated"
    })
final class Budget extends Verb {
  Budget(Options options) {
    super(options);
  }

  @Override
  void run() throws Exception {
    try (var participant = options.participant()) {
      List<Reply.BudgetLine> budgets = participant.budget();
      options.print(
          Json.object()
              .put("budgets", json(budgets))
              .put("simulated", participant.simulated())
              .build(),
          budgets.isEmpty()
              ? List.of("No dataset has a privacy budget: its terms ask for no noise.")
              : table(budgets).lines(terminal().resultInk()));
    }
  }

  static Json json(List<Reply.BudgetLine> budgets) {
    return Json.array(
        budgets.stream()
            .map(line ->
                Json.object()
                    .put("dataset", line.dataset().toString())
                    .put("limitEpsilon", line.limitEpsilon().toPlainString())
                    .put("limitDelta", line.limitDelta().toPlainString())
                    .put("spentEpsilon", line.spentEpsilon().toPlainString())
                    .put("spentDelta", line.spentDelta().toPlainString())
                    .put("remainingEpsilon", line.remainingEpsilon().toPlainString())
                    .putIfPresent(
                        "cost", line.cost(), cost -> Json.of(cost.epsilon().toPlainString()))
                    .putIfPresent("covered", line.cost(), cost -> Json.of(cost.covered()))
                    .build())
            .toList());
  }

  static Table table(List<Reply.BudgetLine> budgets) {
    var table =
        new Table(
            Table.Column.text("DATASET"),
            Table.Column.number("ε SPENT"),
            Table.Column.number("LEFT"),
            Table.Column.number("OF"),
            Table.Column.text(""),
            Table.Column.number("δ SPENT"),
            Table.Column.number("OF"));
    for (Reply.BudgetLine line : budgets) {
      table.row(
          line.dataset().toString(),
          Text.amount(line.spentEpsilon()),
          Text.amount(line.remainingEpsilon()),
          Text.amount(line.limitEpsilon()),
          gauge(line),
          Text.amount(line.spentDelta()),
          Text.amount(line.limitDelta()));
    }
    return table;
  }

  /// How much is left.
  private static String gauge(Reply.BudgetLine line) {
    double left = line.remainingEpsilon().doubleValue() / line.limitEpsilon().doubleValue();
    int full = (int) Math.round(10 * Math.clamp(left, 0, 1));
    return "█".repeat(full) + "░".repeat(10 - full);
  }
}
