package cloister.attestation;

import static java.util.Comparator.naturalOrder;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// What vendors publish about their hardware, and a verifier needs beside the evidence:
/// certificates, revocation lists, levels. It comes from anywhere, over any path: nothing of it is
/// believed before it leads to a pinned key and is current. Key sets alone lead to none: they are
/// as good as whoever fetched them, unless a policy names the keys (see [KeySet]).
public final class Collateral {
  /// The most items of one bundle.
  public static final int MAXIMUM_ITEMS = 2000;

  /// How the source of an item begins that came in a file, of which nobody said where it is from.
  static final String FILE = "file:";

  private static final int MAX_JSON_BYTES = 1 << 20;

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
    /// A JSON Web Key Set (RFC 7517 §5): of whoever publishes at the item's source.
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

  /// @param source where it was fetched, as a URL: for people, and for [Kind#KEY_SET], which leads
  ///   to no pinned key, what is known of it
  public record Item(Kind kind, String source, Bytes bytes) {
    private static final int MAXIMUM_BYTES = 4 << 20;

    public Item {
      if (bytes.size() > MAXIMUM_BYTES || source.length() > 2000) {
        throw new IllegalArgumentException("an item of collateral is too large");
      }
    }
  }

  /// Where a vendor publishes an item.
  ///
  /// @param url of the vendor's service; whoever mirrors it may answer instead
  /// @param chainHeader the response's header that holds the issuer's certificates, as URL-encoded
  ///   PEM
  public record Source(Kind kind, String url, Optional<String> chainHeader) {
    static Source of(Kind kind, String url) {
      return new Source(kind, url, Optional.empty());
    }
  }

  /// What an item is about and when it holds, by its own words, which nobody has verified yet.
  public record Dates(String about, Optional<Instant> from, Optional<Instant> until) {}

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

  /// Both, each item once. Nothing is replaced: of several lists or levels the newest that is
  /// authentic counts, so that an older one, offered later, takes nothing back.
  ///
  /// @throws EvidenceException if there are too many
  public Collateral and(Collateral other) throws EvidenceException {
    var all = new LinkedHashMap<List<String>, Item>();
    for (Item item : items) {
      all.putIfAbsent(identity(item), item);
    }
    for (Item item : other.items) {
      all.putIfAbsent(identity(item), item);
    }
    return of(List.copyOf(all.values()));
  }

  /// Without the key sets, which lead to no pinned key: what is left proves itself, whoever sent
  /// it.
  public Collateral provingItself() {
    return new Collateral(
        items.stream().filter(item -> item.kind() != Kind.KEY_SET).toList(),
        certificates,
        revocationLists);
  }

  /// By its kind too, and for a key set by whose it is said to be: an item under a false name takes
  /// no other's place.
  private static List<String> identity(Item item) {
    return List.of(
        item.kind().label(),
        item.kind() == Kind.KEY_SET ? item.source() : "",
        Digest.of(item.bytes()).toString());
  }

  /// What was fetched from these places, and what came in files that name none.
  public Collateral from(List<Source> sources) throws EvidenceException {
    Set<String> urls = sources.stream().map(Source::url).collect(Collectors.toSet());
    return of(
        items.stream()
            .filter(item -> urls.contains(item.source()) || item.source().startsWith(FILE))
            .toList());
  }

  /// Without what ended before that instant.
  public Collateral endingAfter(Instant instant) throws EvidenceException {
    var current = new ArrayList<Item>();
    for (Item item : items) {
      if (dates(item).until().filter(until -> until.isBefore(instant)).isEmpty()) {
        current.add(item);
      }
    }
    return of(current);
  }

  /// @throws EvidenceException if the item is malformed
  public static Dates dates(Item item) throws EvidenceException {
    return switch (item.kind()) {
      case CERTIFICATES -> {
        List<X509Certificate> chain = Certificates.read(item.source(), item.bytes(), 100);
        yield new Dates(
            chain.stream().map(Chain::of).collect(Collectors.joining(", ")),
            chain.stream().map(one -> one.getNotBefore().toInstant()).max(naturalOrder()),
            chain.stream().map(one -> one.getNotAfter().toInstant()).min(naturalOrder()));
      }
      case REVOCATION_LIST -> {
        X509CRL list = Certificates.revocationList(item.source(), item.bytes());
        yield new Dates(
            list.getIssuerX500Principal().getName().replaceAll(".*CN=([^,]*).*", "$1"),
            Optional.of(list.getThisUpdate().toInstant()),
            Optional.ofNullable(list.getNextUpdate()).map(Date::toInstant));
      }
      case TCB_INFO -> {
        Fields info = Json.parse(item.source(), item.bytes(), MAX_JSON_BYTES).object("tcbInfo");
        yield new Dates(
            "TCB levels of " + info.string("fmspc"),
            Optional.of(info.instant("issueDate")),
            Optional.of(info.instant("nextUpdate")));
      }
      case ENCLAVE_IDENTITY -> {
        Fields identity =
            Json.parse(item.source(), item.bytes(), MAX_JSON_BYTES).object("enclaveIdentity");
        yield new Dates(
            "identity of the " + identity.string("id"),
            Optional.of(identity.instant("issueDate")),
            Optional.of(identity.instant("nextUpdate")));
      }
      case REFERENCE_MANIFEST -> {
        NvidiaManifest manifest = NvidiaManifest.parse(item.source(), item.bytes());
        List<X509Certificate> signers = manifest.xml().path();
        yield new Dates(
            "manifest of %s %s".formatted(manifest.product(), manifest.version()),
            signers.stream().map(one -> one.getNotBefore().toInstant()).max(naturalOrder()),
            signers.stream().map(one -> one.getNotAfter().toInstant()).min(naturalOrder()));
      }
      case KEY_SET -> new Dates(item.source(), Optional.empty(), Optional.empty());
    };
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
