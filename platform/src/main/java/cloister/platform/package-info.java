/// What an enclave asks of the hardware that it runs on: evidence for a binding, what was measured
/// of its code, and the root that its state is sealed under. [cloister.platform.HardwarePlatform]
/// is chosen by name and holds an evidence source and a sealing source for that kind of TEE.
///
/// **Invariant:** the kind of TEE is what the operator named. Nothing here looks for another when
/// it is missing, and nothing here can make simulated evidence.
///
/// **Invariant:** whatever a kernel, a device or a launcher answers is bounded in bytes, tries and
/// time.
///
/// **Invariant:** a sealing root is the hardware's, for exactly the code that was measured, or
/// there is none: where a kind of TEE cannot give one, state ends with the process or the enclave
/// does not start.
///
/// *Why a module:* it calls the kernel through native code and decides under which key state lies,
/// so it is reviewed alone, and neither a client nor a verifier gets it. It believes nothing that
/// it obtains: that is `attestation`'s, on the other side.
@NullMarked
package cloister.platform;

import org.jspecify.annotations.NullMarked;
