package cloister.platform;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Measurement;
import cloister.attestation.Tee;
import cloister.crypto.Secret;

/// The trusted execution environment that this process runs in, or pretends to.
public interface Platform {
  Tee tee();

  /// Evidence, fresh from the hardware, whose report data is the binding.
  ///
  /// @throws PlatformException if the hardware gave none in time
  Evidence evidence(Binding binding) throws PlatformException;

  /// What the hardware measured of this code.
  Measurement measurement();

  /// The root of everything this enclave stores: the same after a restart of the same code on the
  /// same machine, and known to nobody else. The caller closes it.
  ///
  /// @throws PlatformException if there is none, or it cannot be had now
  Secret sealingRoot() throws PlatformException;
}
