package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The checks of a DCAP quote, in the order of Intel's Quote Verification Library: PCK chain, TCB
/// info and enclave identity, quoting enclave, quote, levels. One object verifies one quote.
final class DcapVerification {
  private static final Bytes INTEL = Bytes.hex("939a7233f79c4ca9940a0db3957f0607");
  private static final String SIGNER = "Intel SGX TCB Signing";
  private static final String PCK = "Intel SGX PCK Certificate";
  private static final Set<String> PCK_AUTHORITIES =
      Set.of("Intel SGX PCK Platform CA", "Intel SGX PCK Processor CA");

  private final Checks checks;
  private final String prefix;
  private final Collateral collateral;
  private final X509Certificate root;
  private final Instant at;

  /// Signers whose way to the root was checked already: TCB info and identity mostly share one.
  private final Set<X509Certificate> checked = new HashSet<>();

  private @Nullable List<X509Certificate> signers;

  /// What is wrong with the last item that was passed over; empty if none was.
  private String malformed = "";

  DcapVerification(
      Checks checks, String prefix, Collateral collateral, Anchors anchors, Instant at) {
    this.checks = checks;
    this.prefix = prefix;
    this.collateral = collateral;
    this.root = anchors.root(Anchors.Root.INTEL);
    this.at = at;
  }

  /// @throws EvidenceException where nothing further can be checked
  DcapPlatform verify(DcapQuote quote) throws EvidenceException {
    // 1. Who made the quoting enclave.
    checks.require(
        prefix + ".vendor",
        quote.vendor().equals(INTEL),
        "the quoting enclave is Intel's",
        "the quoting enclave is not Intel's: vendor " + quote.vendor().hex());
    // 2. The platform's key.
    PckCertificate pck = platformKey(quote);
    // 3. The quoting enclave, by the platform's key; the attestation key, by the enclave's report.
    quotingEnclave(quote, pck);
    // 4. The quote, by the attestation key.
    attestationKey(quote);
    // 5. What Intel says of such platforms and of such enclaves.
    TcbInfo info = tcbInfo(quote, pck);
    EnclaveIdentity identity = identity(quote);
    IsvLevel enclave = matched(identity, quote.quotingEnclave());
    // 6. Where this one stands.
    return new DcapLevels(checks, prefix, pck, info, identity).platform(quote.body(), enclave);
  }

  /// The one that signs no others.
  static X509Certificate leaf(List<X509Certificate> certificates) throws EvidenceException {
    return certificates.stream()
        .filter(one -> one.getBasicConstraints() < 0)
        .findFirst()
        .orElseThrow(() -> new EvidenceException("the quote has no PCK certificate"));
  }

  private PckCertificate platformKey(DcapQuote quote) throws EvidenceException {
    X509Certificate leaf = leaf(quote.certificates());
    List<X509Certificate> path = Chain.path(leaf, quote.certificates());
    if (!Chain.require(checks, prefix + ".pck-chain", path, root, at)) {
      throw new EvidenceException(checks.list());
    }
    // Leaf, Platform CA or Processor CA, root: whose list applies is decided by who issued.
    if (path.size() < 2
        || !Chain.of(leaf).equals(PCK)
        || !PCK_AUTHORITIES.contains(Chain.of(path.get(1)))
        || !path.get(1).getIssuerX500Principal().equals(root.getSubjectX500Principal())) {
      throw checks.refused(
          prefix + ".pck-chain", "the chain is not that of a PCK of Intel: " + names(path));
    }
    PckCertificate pck = pck(leaf);
    X509Certificate authority = path.get(1);
    Chain.requireNotRevoked(
        checks, prefix + ".pck-revocation", pck.certificate(), authority, collateral, at);
    Chain.requireNotRevoked(
        checks, prefix + ".pck-authority-revocation", authority, root, collateral, at);
    return pck;
  }

  private static String names(List<X509Certificate> path) {
    return path.stream().map(Chain::of).collect(Collectors.joining(", "));
  }

  private PckCertificate pck(X509Certificate leaf) throws EvidenceException {
    try {
      return PckCertificate.of(leaf);
    } catch (EvidenceException e) {
      throw checks.refused(prefix + ".pck-certificate", String.valueOf(e.getMessage()));
    }
  }

  private void quotingEnclave(DcapQuote quote, PckCertificate pck) {
    SgxReport enclave = quote.quotingEnclave();
    checks.require(
        prefix + ".qe-signature",
        Signatures.verify(
            Signatures.Algorithm.ES256,
            pck.certificate().getPublicKey(),
            enclave.encoded(),
            quote.quotingEnclaveSignature()),
        "the platform's key signed the quoting enclave's report",
        "the quoting enclave's report is not signed by the platform's key");
    Bytes digest =
        Bytes.of(Digest.of(quote.key().toArray(), quote.authentication().toArray()).toArray());
    checks.require(
        prefix + ".qe-report-data",
        enclave.reportData().equals(Bytes.concat(digest, Bytes.of(new byte[32]))),
        "the quoting enclave vouches for the attestation key",
        "the quoting enclave's report does not hold the attestation key's digest");
  }

  private void attestationKey(DcapQuote quote) {
    checks.require(
        prefix + ".signature",
        signed(quote),
        "the attestation key signed the quote",
        "the quote is not signed by its attestation key");
  }

  private static boolean signed(DcapQuote quote) {
    try {
      PublicKey key = Signatures.p256(quote.key().slice(0, 32), quote.key().slice(32, 64));
      return Signatures.verify(Signatures.Algorithm.ES256, key, quote.signed(), quote.signature());
    } catch (EvidenceException _) {
      return false;
    }
  }

  private TcbInfo tcbInfo(DcapQuote quote, PckCertificate pck) throws EvidenceException {
    malformed = "";
    boolean tdx = quote.tee() == Tee.TDX;
    List<TcbInfo> candidates = new ArrayList<>();
    for (Collateral.Item item : collateral.items(Collateral.Kind.TCB_INFO)) {
      // Collateral of a fleet holds many families: of the others nothing is parsed.
      if (mentions(item.bytes(), pck.family())) {
        read(item, TcbInfo::parse)
            .filter(info ->
                info.isTdx() == tdx
                    && info.family().equals(pck.family())
                    && info.pceId().equals(pck.pceId()))
            .ifPresent(candidates::add);
      }
    }
    return authentic(
        prefix + ".tcb-info",
        candidates,
        "TCB info of %s for the platform family %s and PCE %s"
            .formatted(tdx ? "TDX" : "SGX", pck.family().hex(), pck.pceId().hex()));
  }

  private EnclaveIdentity identity(DcapQuote quote) throws EvidenceException {
    malformed = "";
    // Of TDX the quoting enclave is another one than of SGX: the identity of the wrong kind is
    // none.
    String wanted = quote.tee() == Tee.TDX ? "TD_QE" : "QE";
    List<EnclaveIdentity> candidates = new ArrayList<>();
    for (Collateral.Item item : collateral.items(Collateral.Kind.ENCLAVE_IDENTITY)) {
      read(item, EnclaveIdentity::parse)
          .filter(identity -> identity.id().equals(wanted))
          .ifPresent(candidates::add);
    }
    return authentic(prefix + ".qe-identity", candidates, "identity of the enclave " + wanted);
  }

  private interface Parser<T> {
    T parse(Bytes json) throws EvidenceException;
  }

  /// Empty if it is malformed: nobody vouches for it, and another may be well.
  private <T> Optional<T> read(Collateral.Item item, Parser<T> parser) {
    try {
      return Optional.of(parser.parse(item.bytes()));
    } catch (EvidenceException e) {
      malformed = " (that of %s is malformed: %s)".formatted(item.source(), e.getMessage());
      return Optional.empty();
    }
  }

  /// Whether the text has the identifier in it, in upper or lower case.
  private static boolean mentions(Bytes json, Bytes identifier) {
    return new String(json.toArray(), StandardCharsets.ISO_8859_1)
        .toLowerCase(Locale.ROOT)
        .contains(identifier.hex());
  }

  /// The newest that Intel signed. An older one, also if it is current, is not looked at when a
  /// newer one is at hand: what a new judgement does not forgive, nobody gets forgiven by offering
  /// an old.
  private <T extends IntelSigned> T authentic(String name, List<T> candidates, String what)
      throws EvidenceException {
    List<T> newestFirst =
        candidates.stream()
            // Of what was issued later, nobody knew at that instant.
            .filter(candidate -> !candidate.issued().isAfter(at))
            .sorted(
                Comparator.comparingInt(IntelSigned::evaluation)
                    .thenComparing(IntelSigned::issued)
                    .reversed())
            .toList();
    if (newestFirst.isEmpty()) {
      throw checks.refused(
          name, "no %s for %s is at hand%s: fetch collateral".formatted(what, at, malformed));
    }
    for (T candidate : newestFirst) {
      Optional<X509Certificate> signer = signer(candidate);
      if (signer.isPresent()) {
        requireSigner(name, signer.get());
        if (!checks.require(
            name,
            candidate.isCurrent(at),
            "%s, evaluation %d, issued %s"
                .formatted(what, candidate.evaluation(), candidate.issued()),
            "the newest %s is for %s to %s, not for %s: fetch collateral"
                .formatted(what, candidate.issued(), candidate.nextUpdate(), at))) {
          throw new EvidenceException(checks.list());
        }
        return candidate;
      }
    }
    throw checks.refused(
        name, "the %s is not signed by an %s certificate at hand".formatted(what, SIGNER));
  }

  private Optional<X509Certificate> signer(IntelSigned signed) {
    for (X509Certificate one : signers()) {
      if (isSignedBy(signed, one)) {
        return Optional.of(one);
      }
    }
    return Optional.empty();
  }

  static boolean isSigner(X509Certificate certificate) {
    return Chain.of(certificate).equals(SIGNER);
  }

  static boolean isSignedBy(IntelSigned signed, X509Certificate signer) {
    return Signatures.verify(
        Signatures.Algorithm.ES256, signer.getPublicKey(), signed.signed(), signed.signature());
  }

  /// Those that the root signed: Intel made few. Whoever sends collateral can name certificates so
  /// by the thousand, and must neither make each of them be tried with each signature, nor take a
  /// genuine one's turn: each costs one signature, and how many there are is no reason to refuse.
  private List<X509Certificate> signers() {
    List<X509Certificate> known = signers;
    if (known == null) {
      known =
          collateral.certificates().stream()
              .filter(DcapVerification::isSigner)
              .distinct()
              .filter(one -> Chain.isSignedBy(one, root))
              // Intel issued several certificates for one key: of those the one that is valid now.
              .sorted(Comparator.comparing((X509Certificate one) -> isValid(one)).reversed())
              .toList();
      signers = known;
    }
    return known;
  }

  private boolean isValid(X509Certificate certificate) {
    return !certificate.getNotBefore().toInstant().isAfter(at)
        && !certificate.getNotAfter().toInstant().isBefore(at);
  }

  private void requireSigner(String name, X509Certificate signer) throws EvidenceException {
    if (checked.add(signer)) {
      boolean leads = Chain.require(checks, name + "-signer-chain", List.of(signer), root, at);
      boolean stands =
          Chain.requireNotRevoked(
              checks, name + "-signer-revocation", signer, root, collateral, at);
      if (!leads || !stands) {
        throw new EvidenceException(checks.list());
      }
    }
  }

  /// CVE-2026-22696: without this step, whoever has any enclave on the platform makes quotes.
  private IsvLevel matched(EnclaveIdentity identity, SgxReport enclave) throws EvidenceException {
    checks.require(
        prefix + ".qe-signer",
        enclave.mrSigner().equals(identity.mrSigner()),
        "the quoting enclave's signer is Intel's",
        "the quoting enclave is signed by " + enclave.mrSigner().hex() + ", not by Intel");
    checks.require(
        prefix + ".qe-product",
        enclave.isvProductId() == identity.isvProductId(),
        "the quoting enclave is product " + identity.isvProductId(),
        "the quoting enclave is product %d, not %d"
            .formatted(enclave.isvProductId(), identity.isvProductId()));
    checks.require(
        prefix + ".qe-miscselect",
        identity.miscSelectMatches(enclave),
        "the quoting enclave's miscselect is as it should be",
        "the quoting enclave's miscselect is " + enclave.miscSelect().hex());
    checks.require(
        prefix + ".qe-attributes",
        identity.attributesMatch(enclave) && !enclave.isDebug(),
        "the quoting enclave's attributes are as they should be",
        "the quoting enclave's attributes are " + enclave.attributes().hex());
    return IsvLevel.reached(identity.levels(), enclave.isvSvn())
        .orElseThrow(() ->
            checks.refused(
                prefix + ".qe-level",
                "the quoting enclave's version %d is below every level"
                    .formatted(enclave.isvSvn())));
  }
}
