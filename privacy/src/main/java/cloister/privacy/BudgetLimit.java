package cloister.privacy;

/// What may be learned of one privacy unit of a dataset over the life of the data, in total. A
/// [BudgetFilter] keeps it.
public record BudgetLimit(Epsilon epsilon, Delta delta) {}
