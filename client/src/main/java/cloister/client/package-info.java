/// A participant's side: keys and memory in a [cloister.client.Home], a session with an enclave
/// that was appraised, and the acts of a [cloister.client.Participant]. The command line is a skin
/// over it.
///
/// **Invariant:** nothing that an enclave says is believed before its evidence meets what this
/// participant signed, and nothing of its ledger before it extends what this home has seen.
///
/// **Invariant:** data is sealed on this machine, to the attested key; it leaves in no other form.
///
/// **Invariant:** simulated evidence is refused unless the caller asks for it by that name.
///
/// *Why a module:* every surface, the command line, the console, an agent, must check the same
/// things in the same order; here there is one order.
@NullMarked
package cloister.client;

import org.jspecify.annotations.NullMarked;
