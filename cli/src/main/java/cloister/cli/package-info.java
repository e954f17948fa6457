/// The `cloister` command: verbs, their texts and their exit codes, over `client` and, for `enclave
/// serve`, over `enclave`.
///
/// **Invariant:** no verb decides anything: what it may do is decided by `client` and the enclave.
///
/// **Invariant:** one error is one message with what to do, and one exit code by its kind; with
/// `--json` it is one object.
///
/// **Invariant:** `--accept-simulated` is never a default, and what it permits is said each time.
///
/// *Why thin:* a check that only the command line makes is missing from every other client.
@NullMarked
package cloister.cli;

import org.jspecify.annotations.NullMarked;
