/// Measurements against the plain tool beside Cloister, in one run; `RESULTS.md` keeps them with
/// commit and machine.
///
/// **Invariant:** nothing depends on this module, and no figure in it is a test.
///
/// *Why side by side:* a time alone says more of the machine than of the code.
@NullMarked
package cloister.benchmarks;

import org.jspecify.annotations.NullMarked;
