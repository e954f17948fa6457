package cloister.attestation;

import cloister.crypto.Bytes;

/// What a TEE says about the code it runs, as it arrived: a kind that the sender claims and a
/// document of at most 64 KiB. Nothing in it is believed.
public record Evidence(Tee tee, Bytes document) {
  private static final int MAXIMUM_BYTES = 64 * 1024;

  public Evidence {
    if (document.size() > MAXIMUM_BYTES) {
      throw new IllegalArgumentException(
          "evidence has at most " + MAXIMUM_BYTES + " bytes, not " + document.size());
    }
  }
}
