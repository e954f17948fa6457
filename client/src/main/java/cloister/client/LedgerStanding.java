package cloister.client;

import cloister.crypto.Digest;

/// A ledger that was found to extend what this home had seen.
///
/// @param before how many entries the home knew; 0 when it knew none
public record LedgerStanding(long before, long size, Digest root) {}
