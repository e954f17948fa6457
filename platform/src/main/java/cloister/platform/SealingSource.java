package cloister.platform;

import cloister.crypto.Secret;

/// Where one kind of TEE gives the root of what is sealed. Asked by one thread at a time.
interface SealingSource {
  int ROOT_BYTES = 32;

  /// The caller closes it.
  Secret root() throws PlatformException;
}
