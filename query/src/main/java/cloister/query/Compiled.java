package cloister.query;

import cloister.privacy.ReleasePlan;

/// A checked plan made ready to run: how its answer is released, and the SQL that Cloister wrote
/// for the engine. The columns of the one are those of the other, in order.
public record Compiled(ReleasePlan release, EngineQuery engine) {}
