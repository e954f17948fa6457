package cloister.privacy;

import java.util.Optional;

/// What one dataset has been charged, in the ledger's order, as far as a [BudgetFilter] needs to
/// know it: a run costs as much to admit after a million others as after ten.
///
/// @param first decides which composition counts
public record Spending(Charge sum, Optional<Charge> first, Optional<Charge> last) {
  public static final Spending NONE = new Spending(Charge.NONE, Optional.empty(), Optional.empty());

  /// With one more charge, whether any budget pays for it or not: what happened has been spent.
  public Spending plus(Charge charge) {
    return charge.isNone()
        ? this
        : new Spending(sum.plus(charge), first.or(() -> Optional.of(charge)), Optional.of(charge));
  }
}
