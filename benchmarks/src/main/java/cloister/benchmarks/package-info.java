/// How fast Cloister is, told as a ratio: each figure stands beside a peer or a limit that was
/// measured in the same run on the same machine, and beside the estimate made before the first run.
///
/// **Invariant:** a figure without its peer is not reported, and an estimate is not changed after a
/// measurement.
///
/// **Invariant:** whatever is timed goes the way a user's request goes: the launcher starts the
/// server, the client module asks it. The parts that JMH times ([Sealing], [PolicyCompilation])
/// have no process or disk in them.
///
/// *Why* ratios: the machines that run this differ and are shared; what two alternating programs
/// have in common cancels out.
@NullMarked
package cloister.benchmarks;

import org.jspecify.annotations.NullMarked;
