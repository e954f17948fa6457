package cloister.attestation;

import cloister.crypto.Bytes;

/// What a quote of Intel is about: an enclave or a trust domain.
sealed interface QuoteBody permits SgxReport, TdReport {
  /// The 64 bytes that the code asked to include.
  Bytes reportData();

  /// The exact bytes, which are part of what is signed.
  Bytes encoded();
}
