/// Runs checked plans, and prepares uploads for them, in disposable DuckDB processes.
///
/// **Invariant:** a worker process holds no key and opens no file but those it was told of.
///
/// **Invariant:** no text of DuckDB's leaves a worker: failures are codes, standard error is
/// discarded.
///
/// **Invariant:** a worker that has failed, or met a limit, is killed and never asked again.
///
/// **Why:** hostile plans crash DuckDB, exceed its memory limit and ignore its cancellation; its
/// error messages quote data. Only the kernel and the end of a process are reliable.
@NullMarked
package cloister.duckdb;

import org.jspecify.annotations.NullMarked;
