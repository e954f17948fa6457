package cloister.room;

import cloister.attestation.Requirements;
import cloister.crypto.Digest;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/// The agreement: who takes part under which key, for which purposes, on what evidence.
///
/// @param document the digest that every participant signs
/// @param version 1 for the first; an amendment names the next number and replaces all of it
/// @param participants each one's name and the SHA-256 thumbprint of its public key
public record Collaboration(
    Name name,
    Digest document,
    int version,
    SortedMap<Name, Digest> participants,
    Set<Purpose> purposes,
    Requirements enclave,
    NoiseResolution noise) {
  public Collaboration {
    participants = Collections.unmodifiableSortedMap(new TreeMap<>(Map.copyOf(participants)));
    purposes = Set.copyOf(purposes);
  }
}
