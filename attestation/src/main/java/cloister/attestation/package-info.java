/// What stands between a claim about running code and belief in it, in three steps that are types:
/// [cloister.attestation.Evidence] is parsed into a [cloister.attestation.Report] (bounded, not
/// believed), its signature is checked into a [cloister.attestation.VerifiedReport], and that is
/// compared with the collaboration's [cloister.attestation.Requirements] and the verifier's own
/// [cloister.attestation.Binding] into an [cloister.attestation.Appraisal].
///
/// **Invariant:** the result depends on the arguments only; nothing here fetches or reads a clock.
///
/// **Invariant:** no check is optional. Requirements are non-empty, the binding is compared in
/// full, and the debug bit is always fatal.
///
/// **Invariant:** simulated evidence is accepted only if the verifier says so *and* the
/// requirements name it, and then every result shows it.
///
/// *Why three types:* in other systems the check that was forgotten sat between two functions on
/// the same byte array. Here the missing step does not compile.
@NullMarked
package cloister.attestation;

import org.jspecify.annotations.NullMarked;
