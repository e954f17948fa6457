package cloister.attestation;

import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.security.auth.x500.X500Principal;

/// Which items lead to a pinned key by what is at hand, whatever the day. That is less than
/// verification asks, and all that can be asked before there is evidence: it keeps out what anybody
/// can make up by the thousand.
final class Admission {
  /// From a leaf to a root, as [Chain] follows it.
  private static final int LONGEST = 8;

  private final Anchors anchors;
  private final Map<X500Principal, List<X509Certificate>> leading = new HashMap<>();

  /// @param certificates of what is to be admitted and of what is there already
  Admission(Anchors anchors, Collection<X509Certificate> certificates) {
    this.anchors = anchors;
    anchors.roots().forEach(this::lead);
    var pending = new ArrayList<>(certificates);
    boolean found = true;
    for (int round = 0; found && round < LONGEST; round++) {
      List<X509Certificate> next = pending.stream().filter(this::isIssued).toList();
      pending.removeAll(next);
      next.forEach(this::lead);
      found = !next.isEmpty();
    }
  }

  private void lead(X509Certificate certificate) {
    List<X509Certificate> named =
        leading.computeIfAbsent(certificate.getSubjectX500Principal(), _ -> new ArrayList<>());
    if (!named.contains(certificate)) {
      named.add(certificate);
    }
  }

  private List<X509Certificate> named(X500Principal subject) {
    return leading.getOrDefault(subject, List.of());
  }

  private boolean isIssued(X509Certificate certificate) {
    return named(certificate.getIssuerX500Principal()).stream()
        .anyMatch(issuer -> Chain.isSignedBy(certificate, issuer));
  }

  boolean admits(Collateral.Item item) {
    try {
      return switch (item.kind()) {
        case CERTIFICATES ->
            Certificates.read(item.source(), item.bytes(), 100).stream()
                .anyMatch(one -> named(one.getSubjectX500Principal()).contains(one));
        case REVOCATION_LIST -> admits(Certificates.revocationList(item.source(), item.bytes()));
        case TCB_INFO -> admits(TcbInfo.parse(item.bytes()));
        case ENCLAVE_IDENTITY -> admits(EnclaveIdentity.parse(item.bytes()));
        case REFERENCE_MANIFEST -> admits(NvidiaManifest.parse(item.source(), item.bytes()).xml());
        case KEY_SET -> {
          KeySet _ = KeySet.parse(item.source(), item.bytes());
          yield true;
        }
      };
    } catch (EvidenceException _) {
      return false;
    }
  }

  /// Some lists are signed by certificates that come with evidence alone: those are not known here.
  private boolean admits(X509CRL list) {
    List<X509Certificate> issuers = named(list.getIssuerX500Principal());
    return issuers.isEmpty() || issuers.stream().anyMatch(one -> Chain.isSignedBy(list, one));
  }

  private boolean admits(IntelSigned signed) {
    return leading.values().stream()
        .flatMap(List::stream)
        .filter(DcapVerification::isSigner)
        .anyMatch(signer -> DcapVerification.isSignedBy(signed, signer));
  }

  private boolean admits(SignedXml manifest) {
    List<X509Certificate> path = manifest.path();
    X509Certificate root = anchors.root(Anchors.Root.NVIDIA_MANIFEST);
    for (int i = 0; i < path.size() - 1; i++) {
      if (!Chain.isSignedBy(path.get(i), path.get(i + 1))) {
        return false;
      }
    }
    // A root signs itself.
    return Chain.isSignedBy(path.getLast(), root) && manifest.isSignedBySigner();
  }
}
