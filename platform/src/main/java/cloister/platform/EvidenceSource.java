package cloister.platform;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;

/// Where one kind of TEE gives its evidence. Asked by one thread at a time.
interface EvidenceSource {
  Evidence evidence(Binding binding) throws PlatformException;
}
