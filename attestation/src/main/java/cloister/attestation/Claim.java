package cloister.attestation;

/// One field of a report or of what was concluded from it, for showing.
///
/// @param name as the vendor's document calls it, in lower case with hyphens
/// @param value hexadecimal for bytes, words for flags
public record Claim(String name, String value) {}
