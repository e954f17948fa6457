package cloister.enclave;

import cloister.privacy.BudgetFilter;
import cloister.privacy.BudgetLimit;
import cloister.privacy.Charge;
import cloister.privacy.Release;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Reply;
import cloister.room.Address;
import cloister.room.Dataset;
import cloister.room.Obligations;
import cloister.room.Rule;
import cloister.room.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// What has been spent of the room's budgets, and what a run would cost them. Guarded by its
/// [HostedRoom]'s lock.
final class Books {
  private final HostedRoom room;

  Books(HostedRoom room) {
    this.room = room;
  }

  /// What a run is to be charged: to each dataset with a budget, unless it was charged for the same
  /// question before. Refused when one budget does not pay.
  Map<Address, Charge> charges(Decisions.Approved approved) {
    Charge cost = Release.cost(approved.compiled().release());
    Set<Address> paid = room.state.charged(approved.question());
    Map<Address, Charge> charges = new TreeMap<>();
    approved
        .verdict()
        .obligations()
        .forEach((dataset, bound) ->
            bound
                .budget()
                .filter(_ -> !paid.contains(dataset))
                .ifPresent(limit -> {
                  if (!spent(dataset, limit).admits(cost)) {
                    throw new CloisterException(
                        ErrorCode.BUDGET_EXHAUSTED,
                        "what remains of the budget of "
                            + dataset
                            + " does not pay for this run; nothing was charged");
                  }
                  charges.put(dataset, cost);
                }));
    return charges;
  }

  private BudgetFilter spent(Address dataset, BudgetLimit limit) {
    return BudgetFilter.of(limit, room.state.spent(dataset));
  }

  /// Every dataset's budget under its strictest rule.
  Reply list() {
    List<Reply.BudgetLine> lines = new ArrayList<>();
    new TreeMap<>(room.state.datasets())
        .forEach((address, dataset) ->
            strictest(dataset)
                .ifPresent(limit -> lines.add(line(address, limit, Optional.empty()))));
    return new Reply.Budgets(lines);
  }

  private static Optional<BudgetLimit> strictest(Dataset dataset) {
    return dataset.terms().stream()
        .map(Rule::obligations)
        .map(Obligations::budget)
        .flatMap(Optional::stream)
        .reduce(BudgetLimit::meet);
  }

  /// The budgets of a run, each with its cost.
  ///
  /// @param paid the datasets that were charged for the same before
  List<Reply.BudgetLine> costs(Verdict.Permitted permitted, Charge charge, Set<Address> paid) {
    List<Reply.BudgetLine> lines = new ArrayList<>();
    permitted
        .obligations()
        .forEach((dataset, bound) ->
            bound
                .budget()
                .ifPresent(limit -> {
                  Charge due = paid.contains(dataset) ? Charge.NONE : charge;
                  var cost = new Reply.Cost(due.epsilon(), spent(dataset, limit).admits(due));
                  lines.add(line(dataset, limit, Optional.of(cost)));
                }));
    return lines;
  }

  private Reply.BudgetLine line(Address dataset, BudgetLimit limit, Optional<Reply.Cost> cost) {
    var books = spent(dataset, limit);
    return new Reply.BudgetLine(
        dataset,
        limit.epsilon().value(),
        limit.delta().value(),
        books.spent().epsilon(),
        books.spent().delta(),
        books.remaining().epsilon(),
        cost);
  }
}
