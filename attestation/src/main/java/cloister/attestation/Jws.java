package cloister.attestation;

import cloister.crypto.Bytes;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A signed token, JWS in compact serialization (RFC 7515 §3.1) around a JWT claims set (RFC 7519):
/// parsed, and believed only after [#requireSigned] or [#requireSignedByIssuer].
///
/// The algorithm is fixed by whoever verifies, so that no header can choose `none`, or a MAC under
/// a key that is public. Of the header, `alg` has to agree, `kid` and `x5c` are hints, and
/// everything that names a key of its own (`jku`, `jwk`, `x5u`) is never read.
///
/// @param what names it in errors
/// @param signed the ASCII bytes that the signature covers, as they arrived
record Jws(String what, Fields header, Fields claims, Bytes signed, Bytes signature) {
  /// Google's tokens with their three certificates have 11 KiB.
  static final int MAX_BYTES = 64 * 1024;

  /// How far the issuer's clock may be ahead of the verifier's. Nothing is added to the end of a
  /// token's life.
  static final Duration CLOCK_SKEW = Duration.ofSeconds(60);

  private static final long LAST_SECOND = 253_402_300_799L;

  /// Parses one token and nothing before or after it.
  ///
  /// @throws EvidenceException also if the header has `crit` or `b64`: this reader understands no
  ///   extension (RFC 7515 §4.1.11, RFC 7797)
  static Jws parse(String what, Bytes token) throws EvidenceException {
    if (token.size() > MAX_BYTES) {
      throw new EvidenceException(
          "%s has %d bytes, and at most %d are read".formatted(what, token.size(), MAX_BYTES));
    }
    String text = new String(token.toArray(), StandardCharsets.ISO_8859_1);
    String[] parts = text.split("\\.", -1);
    if (parts.length != 3) {
      throw new EvidenceException(
          what + " has " + parts.length + " parts, and a signed token has 3");
    }
    Bytes header = Base64Url.decode(what + ", header", parts[0]);
    Bytes claims = Base64Url.decode(what + ", claims", parts[1]);
    Bytes signature = Base64Url.decode(what + ", signature", parts[2]);
    Fields fields = Json.parse(what + ", header", header, MAX_BYTES);
    for (String extension : List.of("crit", "b64")) {
      if (fields.has(extension)) {
        throw fields.bad(extension, "is an extension, and none is known here");
      }
    }
    return new Jws(
        what,
        fields,
        Json.parse(what + ", claims", claims, MAX_BYTES),
        token.slice(0, parts[0].length() + 1 + parts[1].length()),
        signature);
  }

  /// Checks the signature under a key that the caller already trusts.
  ///
  /// @return whether it holds
  boolean requireSigned(Checks checks, String name, Signatures.Algorithm algorithm, PublicKey key)
      throws EvidenceException {
    return requireAlgorithm(checks, name, algorithm)
        && checks.require(
            name,
            Signatures.verify(algorithm, key, signed, signature),
            algorithm + " over the bytes received",
            what + " was altered, or signed by another key: get a new one");
  }

  /// Checks the signature under the issuer's key of the token's `kid`, among the collateral's key
  /// sets from that source. A key set leads to no pinned key: who fetched it vouches for it, so a
  /// policy compares the key that comes back.
  ///
  /// @param prefix the checks are its `.keys` and `.signature`
  /// @param source where the issuer publishes its keys: fixed by the format, never by the token
  /// @throws EvidenceException if no key is at hand, or the key did not sign
  KeySet.Signer requireSignedByIssuer(
      Checks checks,
      String prefix,
      Signatures.Algorithm algorithm,
      Collateral collateral,
      String source,
      Instant at)
      throws EvidenceException {
    if (!requireAlgorithm(checks, prefix + ".signature", algorithm)) {
      throw new EvidenceException(checks.list());
    }
    KeySet.Named named = KeySet.named(checks, prefix + ".keys", collateral, source, kid(), at);
    for (KeySet.Key candidate : named.keys()) {
      if (Signatures.verify(algorithm, candidate.key(), signed, signature)) {
        checks.holds(
            prefix + ".signature", algorithm + " by " + kid() + " over the bytes received");
        return new KeySet.Signer(candidate.fingerprint(), named.fetched());
      }
    }
    throw checks.refused(
        prefix + ".signature",
        "%s was altered, or not signed by the key %s of %s: get a new one"
            .formatted(what, kid(), source));
  }

  private String kid() throws EvidenceException {
    String kid = header.string("kid");
    if (kid.isEmpty() || kid.length() > 200) {
      throw header.bad("kid", "has " + kid.length() + " characters, not 1 to 200");
    }
    return kid;
  }

  private boolean requireAlgorithm(Checks checks, String name, Signatures.Algorithm algorithm)
      throws EvidenceException {
    if (!header.string("alg").equals(algorithm.name())) {
      checks.fails(
          name, "%s claims another algorithm than %s, the only one".formatted(what, algorithm));
      return false;
    }
    return true;
  }

  /// The header's `x5c` (RFC 7515 §4.1.6), leaf first: hints, believed only through a pinned root.
  ///
  /// @throws EvidenceException if there are more than `most`, or one is malformed
  List<X509Certificate> certificates(int most) throws EvidenceException {
    return certificates(header, most);
  }

  /// The `x5c` of a header or a key: standard base64 with padding.
  static List<X509Certificate> certificates(Fields holder, int most) throws EvidenceException {
    var certificates = new ArrayList<X509Certificate>();
    for (String one : holder.strings("x5c", most)) {
      try {
        certificates.add(Certificates.certificate("x5c", Bytes.base64(one).toArray()));
      } catch (IllegalArgumentException e) {
        throw new EvidenceException("x5c: a certificate that is not base64", e);
      }
    }
    return certificates;
  }

  /// Checks `iat`, `nbf` and `exp`, and that no longer life was given than its kind of token has.
  ///
  /// @param prefix the checks are its `.issued-at`, `.not-before`, `.expires` and `.lifetime`
  void requireCurrent(Checks checks, String prefix, Duration longest, Instant at)
      throws EvidenceException {
    Instant issued = time("iat");
    Instant expires = time("exp");
    requireBegun(checks, prefix + ".issued-at", issued, at);
    Optional<Instant> notBefore = claims.has("nbf") ? Optional.of(time("nbf")) : Optional.empty();
    notBefore.ifPresent(from -> requireBegun(checks, prefix + ".not-before", from, at));
    checks.require(
        prefix + ".expires",
        at.isBefore(expires),
        "expires at " + expires,
        "%s expired at %s, and it is %s: get a new one".formatted(what, expires, at));
    Instant earliest = notBefore.filter(from -> from.isBefore(issued)).orElse(issued);
    checks.require(
        prefix + ".lifetime",
        expires.isAfter(earliest) && Duration.between(earliest, expires).compareTo(longest) <= 0,
        "lives from %s to %s".formatted(earliest, expires),
        "%s lives from %s to %s, and at most %s are accepted: ask for a short-lived one"
            .formatted(what, earliest, expires, longest));
  }

  /// Seconds since 1970. Fractions, which RFC 7519 §2 allows, no issuer here writes.
  Instant time(String claim) throws EvidenceException {
    return Instant.ofEpochSecond(claims.integer(claim, 0, LAST_SECOND));
  }

  private void requireBegun(Checks checks, String name, Instant from, Instant at) {
    checks.require(
        name,
        !from.isAfter(at.plus(CLOCK_SKEW)),
        "from " + from,
        "%s is for %s and later, and it is %s: set the clock".formatted(what, from, at));
  }
}
