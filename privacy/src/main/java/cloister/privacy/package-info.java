/// Mechanisms, sensitivities, thresholds and the budget: the only way from an exact aggregate to a
/// released number.
///
/// **Invariant:** an [Exact] is read here and nowhere else, and only by [Release].
///
/// **Invariant:** what a release costs, which mechanism it uses and how wide its error bars are
/// follow from the [ReleasePlan] alone, never from data.
///
/// **Invariant:** noise is added to integers by exact samplers; no floating-point number ever meets
/// an exact aggregate. Where floating point bounds a tail or a conversion, it rounds against the
/// analyst.
///
/// **Invariant:** no I/O, no clock, no randomness of its own: noise comes from a [NoiseStream]
/// whose key the caller derives from the run's ledger entry.
///
/// *Why:* this is the part of the product whose failure nobody would notice. It is small, depends
/// on the JDK only, and each constant is derived beside it; `docs/privacy-mechanisms.md` collects
/// the derivations.
@NullMarked
package cloister.privacy;

import org.jspecify.annotations.NullMarked;
