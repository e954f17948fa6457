package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The signing keys of one issuer of tokens (JWK Set, RFC 7517 §5): RSA, P-256 and P-384. Keys of
/// other types are passed over, as §5 says, so that a MAC's secret is never a key here.
///
/// A set leads to no pinned root: it is as good as the TLS connection over which somebody fetched
/// it. A policy therefore names the accepted keys by [Key#fingerprint], or says `any`.
///
/// It names no end either: an issuer withdraws a key by publishing a set without it. So of several
/// sets of one source only the newest counts, and a policy bounds its age.
///
/// @param source where the issuer publishes it, a URL
record KeySet(String source, List<Key> keys) {
  private static final int MAX_BYTES = 256 * 1024;
  private static final int MAX_KEYS = 100;
  private static final int MAX_CERTIFICATES = 8;

  /// Where a policy says nothing else. No issuer says in advance when it withdraws a key, and one
  /// that leaked is withdrawn at once; a day is how often Microsoft tells clients of its tokens to
  /// look. Less would refuse everybody who fetches daily, more is for the policy to say.
  private static final Duration DEFAULT_AGE = Duration.ofDays(1);

  /// The most that a policy can say: for machines to which bundles are carried by hand.
  static final Duration LONGEST_AGE = Duration.ofDays(31);

  private static final String AGE = "maximum-keys-age-seconds";

  KeySet {
    keys = List.copyOf(keys);
  }

  /// @param certificates of the key, leaf first; empty where the set has none
  record Key(String id, PublicKey key, List<X509Certificate> certificates) {
    Key {
      certificates = List.copyOf(certificates);
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    Digest fingerprint() {
      return Digest.of(Bytes.of(key.getEncoded()));
    }
  }

  /// The keys of one id, and when the set in which they are was fetched.
  record Named(List<Key> keys, Instant fetched) {
    Named {
      keys = List.copyOf(keys);
    }
  }

  /// Who signed, by a set that was fetched then.
  record Signer(Digest key, Instant fetched) {}

  /// What a policy allows the set to be old, in seconds: `maximum-keys-age-seconds`, or a day.
  static Duration maximumAge(Fields policy) throws EvidenceException {
    return policy.has(AGE)
        ? Duration.ofSeconds(policy.integer(AGE, 1, LONGEST_AGE.toSeconds()))
        : DEFAULT_AGE;
  }

  /// A set that was fetched after that instant has what was withdrawn until then, and more.
  static Check age(String name, Instant fetched, Duration maximum, Instant at) {
    return fetched.isBefore(at.minus(maximum))
        ? Check.fails(
            name,
            "the issuer's keys were fetched at %s, and the policy accepts %d s: fetch collateral"
                    .formatted(fetched, maximum.toSeconds())
                + " anew")
        : Check.holds(
            name,
            "the issuer's keys were fetched at %s, and the policy accepts %d s"
                .formatted(fetched, maximum.toSeconds()));
  }

  /// Of these, the ones that nothing newer of the same source has taken the place of. One that is
  /// malformed takes no other's.
  static List<Collateral.Item> newest(List<Collateral.Item> sets) {
    return sets.stream()
        .filter(KeySet::isWellFormed)
        .filter(one ->
            sets.stream()
                .noneMatch(other ->
                    other.source().equals(one.source())
                        && fetched(other).isAfter(fetched(one))
                        && isWellFormed(other)))
        .toList();
  }

  private static boolean isWellFormed(Collateral.Item set) {
    return malformation(set).isEmpty();
  }

  /// What is wrong with it; empty if nothing is.
  private static String malformation(Collateral.Item set) {
    try {
      KeySet _ = parse(set.source(), set.bytes());
      return "";
    } catch (EvidenceException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /// One that does not say when counts as the oldest.
  private static Instant fetched(Collateral.Item set) {
    return set.fetched().orElse(Instant.EPOCH);
  }

  /// The keys of that id in the newest of the collateral's sets from that source. Where a key has a
  /// certificate, it has to be valid at that instant.
  ///
  /// @throws EvidenceException if there is none: unset never means unchecked
  static Named named(
      Checks checks, String name, Collateral collateral, String source, String id, Instant at)
      throws EvidenceException {
    List<Collateral.Item> sets =
        collateral.items(Collateral.Kind.KEY_SET).stream()
            .filter(item -> item.source().equals(source))
            .toList();
    if (sets.isEmpty()) {
      throw checks.refused(name, "no key set of " + source + " is at hand: fetch collateral");
    }
    List<Collateral.Item> newest = newest(sets);
    if (newest.isEmpty()) {
      throw checks.refused(name, malformation(sets.getFirst()) + ": fetch collateral anew");
    }
    var found = new ArrayList<Key>();
    for (Collateral.Item item : newest) {
      parse(source, item.bytes()).keys().stream()
          .filter(key -> key.id().equals(id))
          .forEach(found::add);
    }
    List<Key> current = found.stream().filter(key -> isCurrent(key, at)).toList();
    if (current.isEmpty()) {
      throw checks.refused(
          name,
          found.isEmpty()
              ? "the key set of %s has no usable key %s: fetch it anew".formatted(source, id)
              : "the certificate of the key %s of %s is not valid at %s: fetch the key set anew"
                  .formatted(id, source, at));
    }
    checks.holds(name, "%s published the key %s".formatted(source, id));
    return new Named(current, fetched(newest.getFirst()));
  }

  /// @throws EvidenceException if it is no JWK Set, or a key that is to be read is malformed
  static KeySet parse(String source, Bytes json) throws EvidenceException {
    Fields set = Json.parse("the key set of " + source, json, MAX_BYTES);
    var keys = new ArrayList<Key>();
    for (Fields key : set.objects("keys", MAX_KEYS)) {
      if (isForSignatures(key)) {
        read(key).ifPresent(keys::add);
      }
    }
    return new KeySet(source, keys);
  }

  /// RFC 7517 §4.2 and §4.3.
  private static boolean isForSignatures(Fields key) throws EvidenceException {
    if (key.has("use") && !key.string("use").equals("sig")) {
      return false;
    }
    return !key.has("key_ops") || key.strings("key_ops", 10).contains("verify");
  }

  private static Optional<Key> read(Fields key) throws EvidenceException {
    String kind = key.string("kty");
    if (!Set.of("RSA", "EC").contains(kind) || !key.has("kid")) {
      return Optional.empty();
    }
    List<X509Certificate> certificates =
        key.has("x5c") ? Jws.certificates(key, MAX_CERTIFICATES) : List.of();
    // Azure writes no key, only its certificate.
    Optional<PublicKey> plain = key.has("n") || key.has("x") ? plain(kind, key) : Optional.empty();
    if (plain.isEmpty() && certificates.isEmpty()) {
      return Optional.empty();
    }
    PublicKey read = plain.orElseGet(() -> certificates.getFirst().getPublicKey());
    if (!certificates.isEmpty() && !certificates.getFirst().getPublicKey().equals(read)) {
      throw key.bad("x5c", "certifies another key than the one beside it");
    }
    return Optional.of(new Key(key.string("kid"), read, certificates));
  }

  /// RFC 7518 §6.2.1 and §6.3.1.
  private static Optional<PublicKey> plain(String kind, Fields key) throws EvidenceException {
    if (kind.equals("RSA")) {
      return Optional.of(Signatures.rsa(number(key, "n"), number(key, "e")));
    }
    return switch (key.string("crv")) {
      case "P-256" ->
          Optional.of(Signatures.p256(coordinate(key, "x", 32), coordinate(key, "y", 32)));
      case "P-384" ->
          Optional.of(Signatures.p384(coordinate(key, "x", 48), coordinate(key, "y", 48)));
      default -> Optional.empty();
    };
  }

  private static Bytes coordinate(Fields key, String name, int bytes) throws EvidenceException {
    Bytes value = number(key, name);
    if (value.size() != bytes) {
      throw key.bad(name, "has " + value.size() + " bytes, not " + bytes);
    }
    return value;
  }

  private static Bytes number(Fields key, String name) throws EvidenceException {
    return Base64Url.decode(name, key.string(name));
  }

  private static boolean isCurrent(Key key, Instant at) {
    return key.certificates().isEmpty()
        || (!at.isBefore(key.certificates().getFirst().getNotBefore().toInstant())
            && !at.isAfter(key.certificates().getFirst().getNotAfter().toInstant()));
  }
}
