package cloister.cli;

import cloister.protocol.Json;
import cloister.protocol.Reply;
import cloister.room.Address;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Command;

/// `cloister budget`
@Command(
    name = "budget",
    description = "Show what may still be learned of each dataset, and what has been.",
    footer = {"Examples:", "  cloister budget", "  cloister budget --json"})
final class Budget extends Verb {
  Budget(Options options) {
    super(options);
  }

  @Override
  void run() throws Exception {
    try (var participant = options.participant()) {
      Map<Address, Reply.BudgetLine> budgets = new TreeMap<>(participant.budget().budgets());
      options.print(
          Json.object()
              .put("budgets", json(budgets))
              .put("simulated", participant.simulated())
              .build(),
          budgets.isEmpty()
              ? java.util.List.of("No dataset has a privacy budget: its terms ask for no noise.")
              : table(budgets).lines(terminal().resultInk()));
    }
  }

  static Json json(Map<Address, Reply.BudgetLine> budgets) {
    var object = Json.object();
    budgets.forEach(
        (dataset, line) ->
            object.put(
                dataset.toString(),
                Json.object()
                    .put("limitEpsilon", line.limitEpsilon().toString())
                    .put("limitDelta", line.limitDelta())
                    .put("spentEpsilon", line.spentEpsilon())
                    .put("spentDelta", line.spentDelta())
                    .put("cost", line.cost())
                    .build()));
    return object.build();
  }

  static Table table(Map<Address, Reply.BudgetLine> budgets) {
    var table =
        new Table(
            Table.Column.text("DATASET"),
            Table.Column.number("ε SPENT"),
            Table.Column.number("OF"),
            Table.Column.number("δ SPENT"),
            Table.Column.number("OF"),
            Table.Column.text("LEFT"));
    budgets.forEach(
        (dataset, line) ->
            table.row(
                dataset.toString(),
                line.spentEpsilon(),
                line.limitEpsilon().toString(),
                line.spentDelta(),
                line.limitDelta(),
                gauge(line)));
    return table;
  }

  private static String gauge(Reply.BudgetLine line) {
    double spent = Double.parseDouble(line.spentEpsilon()) / line.limitEpsilon().value().doubleValue();
    int left = (int) Math.round(10 * Math.clamp(1 - spent, 0, 1));
    return "█".repeat(left) + "░".repeat(10 - left);
  }
}
