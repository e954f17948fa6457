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
  /// The one bound for names of participants, also where they sign or receive: what is agreed on
  /// can be said and recorded.
  public static final int MOST_PARTICIPANTS = 1_000;

  public Collaboration {
    participants = Collections.unmodifiableSortedMap(new TreeMap<>(Map.copyOf(participants)));
    purposes = Set.copyOf(purposes);
    if (version < 1) {
      throw new IllegalArgumentException("the version of a collaboration starts at 1");
    }
    if (participants.isEmpty() || participants.size() > MOST_PARTICIPANTS) {
      throw new IllegalArgumentException(
          "a collaboration has 1 to " + MOST_PARTICIPANTS + " participants");
    }
    if (Set.copyOf(participants.values()).size() != participants.size()) {
      throw new IllegalArgumentException("two participants have the same key");
    }
    if (purposes.isEmpty()) {
      throw new IllegalArgumentException("a collaboration names at least one purpose");
    }
    if (noise instanceof NoiseResolution.Designated(Name party)
        && !participants.containsKey(party)) {
      throw new IllegalArgumentException("noise is designated to " + party + ", no participant");
    }
  }

  public boolean hasParticipant(Name party) {
    return participants.containsKey(party);
  }
}
