/// The server: one process that is measured, attested, and trusted by whoever accepts its evidence.
/// [cloister.enclave.EnclaveServer] wires it; [cloister.enclave.Sessions] admits requests,
/// [cloister.enclave.HostedRoom] serves them for one collaboration, [cloister.enclave.Runs] takes a
/// run from question to release.
///
/// **Invariant:** state is the fold of the ledger's events; a fact is durable before anyone is
/// told.
///
/// **Invariant:** a run's price is in the ledger before its data is read, and nothing gives it
/// back.
///
/// **Invariant:** what leaves is sealed to a session or to a recipient, but for error codes, health
/// and counters, which depend on no data.
///
/// **Invariant:** plaintext lies in memory-backed files of this process only, and goes with it.
///
/// *Why one process:* what is measured is what is trusted. Whatever may fail or be attacked on its
/// own, the engine, runs in workers that hold no key.
@NullMarked
package cloister.enclave;

import org.jspecify.annotations.NullMarked;
