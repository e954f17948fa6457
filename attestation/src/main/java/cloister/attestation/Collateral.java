package cloister.attestation;

import cloister.crypto.Bytes;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// What vendors publish about their hardware, and a verifier needs beside the evidence:
/// certificates, revocation lists, levels. It comes from anywhere, over any path: nothing of it is
/// believed before it leads to a pinned key and is current.
public final class Collateral {
  /// The most items of one bundle.
  public static final int MAXIMUM_ITEMS = 2000;

  private static final Collateral NONE = new Collateral(List.of(), List.of(), List.of());

  private final List<Item> items;
  private final List<X509Certificate> certificates;
  private final List<X509CRL> revocationLists;

  private Collateral(
      List<Item> items, List<X509Certificate> certificates, List<X509CRL> revocationLists) {
    this.items = items;
    this.certificates = certificates;
    this.revocationLists = revocationLists;
  }

  /// What an item is.
  public enum Kind {
    /// One or more certificates, PEM or DER.
    CERTIFICATES("certificates"),
    /// One X.509 revocation list, DER or PEM.
    REVOCATION_LIST("revocation-list"),
    /// Intel's `{"tcbInfo":…,"signature":…}`, as it was sent.
    TCB_INFO("tcb-info"),
    /// Intel's `{"enclaveIdentity":…,"signature":…}`, as it was sent.
    ENCLAVE_IDENTITY("enclave-identity"),
    /// A reference integrity manifest of NVIDIA: SWID tag XML.
    REFERENCE_MANIFEST("reference-manifest"),
    /// A JSON Web Key Set (RFC 7517 §5) of the issuer that is the item's source.
    KEY_SET("key-set");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    public String label() {
      return label;
    }

    public static Optional<Kind> byLabel(String label) {
      return Arrays.stream(values()).filter(kind -> kind.label.equals(label)).findFirst();
    }
  }

  /// @param source where it was fetched, as a URL; for people, and for [Kind#KEY_SET] the issuer
  ///   whose tokens it verifies
  public record Item(Kind kind, String source, Bytes bytes) {
    private static final int MAXIMUM_BYTES = 4 << 20;

    public Item {
      if (bytes.size() > MAXIMUM_BYTES || source.length() > 2000) {
        throw new IllegalArgumentException("an item of collateral is too large");
      }
    }
  }

  public static Collateral none() {
    return NONE;
  }

  /// @throws EvidenceException if a certificate or a revocation list is malformed; what is in the
  ///   other items is read by what needs them
  public static Collateral of(List<Item> items) throws EvidenceException {
    if (items.size() > MAXIMUM_ITEMS) {
      throw new EvidenceException("more than " + MAXIMUM_ITEMS + " items of collateral");
    }
    var certificates = new ArrayList<X509Certificate>();
    var lists = new ArrayList<X509CRL>();
    for (Item item : items) {
      switch (item.kind()) {
        case CERTIFICATES ->
            certificates.addAll(Certificates.read(item.source(), item.bytes(), 100));
        case REVOCATION_LIST -> lists.add(Certificates.revocationList(item.source(), item.bytes()));
        case TCB_INFO, ENCLAVE_IDENTITY, REFERENCE_MANIFEST, KEY_SET -> {}
      }
    }
    return new Collateral(List.copyOf(items), List.copyOf(certificates), List.copyOf(lists));
  }

  public List<Item> items() {
    return items;
  }

  List<Item> items(Kind kind) {
    return items.stream().filter(item -> item.kind() == kind).toList();
  }

  List<X509Certificate> certificates() {
    return certificates;
  }

  List<X509CRL> revocationLists() {
    return revocationLists;
  }
}
