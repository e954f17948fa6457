package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The certificates of an NVIDIA device up to the pinned "NVIDIA Device Identity CA": the
/// firmware's signing key, the device's identity in its boot ROM, who provisioned it, and the chip
/// family.
///
/// @param path leaf first, the root perhaps last; empty if none came
record NvidiaChain(List<X509Certificate> path) {
  /// Below the root. A shorter path to the same root is another kind of certificate's.
  private static final int LENGTH = 4;

  private static final int MOST_CERTIFICATES = 8;
  private static final int DIGITAL_SIGNATURE = 0;
  private static final String DISTRIBUTION_POINTS = "2.5.29.31";
  private static final String LISTS = "http://crl.ndis.nvidia.com/";
  private static final Pattern LIST = Pattern.compile(Pattern.quote(LISTS) + "[a-z0-9/.-]{1,100}");
  private static final Pattern PROVISIONER = Pattern.compile("NVIDIA (\\S+) Provisioner ICA \\S+");

  NvidiaChain {
    path = List.copyOf(path);
  }

  static NvidiaChain parse(Bytes certificates) throws EvidenceException {
    List<X509Certificate> all =
        Certificates.read("the NVIDIA certificate chain", certificates, MOST_CERTIFICATES);
    return new NvidiaChain(Chain.path(all.getFirst(), all));
  }

  X509Certificate leaf() {
    return path.getFirst();
  }

  /// The chip, as in `GH100`, by whoever provisioned it.
  Optional<String> chip() {
    return path.size() < LENGTH
        ? Optional.empty()
        : Optional.of(PROVISIONER.matcher(Chain.of(path.get(2))))
            .filter(Matcher::matches)
            .map(matcher -> matcher.group(1));
  }

  Optional<NvidiaArchitecture> architecture() {
    return chip().flatMap(NvidiaArchitecture::ofChip);
  }

  /// SHA-256 of the key in the device's boot ROM, which no firmware changes; the leaf's does.
  Optional<Bytes> device() {
    return path.size() < LENGTH
        ? Optional.empty()
        : Optional.of(Bytes.of(Digest.of(Certificates.key(path.get(1))).toArray()));
  }

  /// Where the lists are that the certificates name, and NVIDIA's own distribution point for its
  /// manifests' signers. A name elsewhere is not followed: nobody has verified the certificates.
  List<String> revocationLists() {
    var lists = new ArrayList<String>();
    for (X509Certificate one : path) {
      var points = one.getExtensionValue(DISTRIBUTION_POINTS);
      if (points != null) {
        var url = LIST.matcher(new String(points, StandardCharsets.ISO_8859_1));
        while (url.find()) {
          lists.add(url.group());
        }
      }
    }
    lists.add(LISTS + "crl-corim/l1-corim");
    return List.copyOf(lists);
  }

  void require(Checks checks, Anchors anchors, Instant at) {
    X509Certificate root = anchors.root(Anchors.Root.NVIDIA_DEVICE);
    Chain.require(checks, "nvidia.chain", path, root, at);
    long below = path.stream().filter(one -> !one.equals(root)).count();
    checks.require(
        "nvidia.chain.length",
        below == LENGTH,
        "has all of its certificates",
        "%d certificates lie between the root and the signing key, and %d should: send the device's"
                .formatted(below, LENGTH)
            + " whole chain");
    boolean[] usage = leaf().getKeyUsage();
    checks.require(
        "nvidia.leaf",
        leaf().getBasicConstraints() < 0 && usage != null && usage[DIGITAL_SIGNATURE],
        "the first certificate is of a key that signs reports",
        "the first certificate is not of a key that signs reports: send the leaf first");
    String chip = chip().orElse("");
    checks.require(
        "nvidia.chip",
        architecture().isPresent()
            && path.stream().limit(2).allMatch(one -> Chain.of(one).startsWith(chip + " ")),
        "the certificates are of a " + chip,
        "the certificates do not agree on one chip that this version knows: they are of "
            + path.stream().limit(3).map(Chain::of).toList());
  }

  /// What revocation lists say about the certificates that name one. The device's own two name
  /// none: their status is NVIDIA's OCSP service's alone to say.
  static List<Check> revocation(
      List<X509Certificate> path, X509Certificate root, Collateral collateral, Instant at) {
    var found = new Checks();
    for (int i = 0; i < path.size() && !path.get(i).equals(root); i++) {
      if (path.get(i).getExtensionValue(DISTRIBUTION_POINTS) != null) {
        X509Certificate issuer = i + 1 < path.size() ? path.get(i + 1) : root;
        Chain.requireNotRevoked(found, "nvidia.revocation", path.get(i), issuer, collateral, at);
      }
    }
    return found.list();
  }

  /// Certificates that a list of their issuer names, current or not: nothing makes up for that.
  static void requireNoneRevoked(
      Checks checks,
      String name,
      List<X509Certificate> path,
      X509Certificate root,
      Collateral collateral) {
    var revoked = new ArrayList<String>();
    for (int i = 0; i < path.size() && !path.get(i).equals(root); i++) {
      X509Certificate issuer = i + 1 < path.size() ? path.get(i + 1) : root;
      if (Chain.isNamed(path.get(i), issuer, collateral)) {
        revoked.add(Chain.of(path.get(i)));
      }
    }
    checks.require(
        name,
        revoked.isEmpty(),
        "no revocation list at hand names a certificate of " + Chain.of(path.getFirst()),
        "revoked: " + revoked);
  }
}
