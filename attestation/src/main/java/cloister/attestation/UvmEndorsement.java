package cloister.attestation;

import cloister.attestation.Anchors.Root;
import cloister.crypto.Bytes;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Microsoft's signed word that a launch measurement is one of its utility VMs, in which it runs
/// containers under a customer's policy: COSE_Sign1 with PS384, as Azure gives it to containers in
/// `reference-info-base64`. Microsoft writes two forms:
///
/// - `application/json` with measurement and `svn` in JSON, and issuer (`iss`), `feed` and
///   `signingtime` as text-labelled parameters of the protected header;
/// - since 2026 a hash envelope (parameters 258 and 259): the payload is the measurement, and
///   issuer, feed, `svn` and the time of issue are CWT claims (RFC 9597) in the protected header.
///   Its receipt of a transparency log, in the unprotected header, is not looked at.
///
/// *When its signer has to be valid:* the signer's certificate lives one year, and machines run
/// endorsements that are older. So the signer's chain has to hold at the signing time, which the
/// signer itself states; the authorities above it have to hold, and nothing may be revoked, at the
/// instant of verification. Someone with a stolen key of an expired certificate could sign with an
/// old date until it is revoked; whoever will not accept that demands `signer: valid-now` in the
/// policy. What retires an old VM is not the calendar but the policy's `minimum-svn`.
///
/// @param certificates leaf first, hints
/// @param feed which of Microsoft's VMs
/// @param svn rises when an older VM should not be trusted any more
record UvmEndorsement(
    Cose message,
    List<X509Certificate> certificates,
    DidX509 issuer,
    String feed,
    Instant signedAt,
    Bytes measurement,
    long svn) {
  private static final int MAX_CERTIFICATES = 6;
  private static final int MAX_PAYLOAD_BYTES = 16 * 1024;

  // Header parameters: RFC 9052 §3.1, RFC 9597 §2, draft-ietf-cose-hash-envelope.
  private static final int CONTENT_TYPE = 3;
  private static final int CWT_CLAIMS = 15;
  private static final int PAYLOAD_DIGEST = 258;
  private static final int PREIMAGE_TYPE = 259;

  /// In the registry "COSE Algorithms", RFC 9054.
  private static final int SHA384 = -43;

  // Claims, RFC 8392 §3.1.
  private static final int CWT_ISSUER = 1;
  private static final int CWT_SUBJECT = 2;
  private static final int CWT_ISSUED_AT = 6;

  private static final String LISTS = "http://www.microsoft.com/pkiops/crl/";
  private static final Cbor NONE = new Cbor.Null();
  private static final int EPOCH_TIME = 1;
  private static final int MEASUREMENT_BYTES = 48;
  private static final long LAST_SECOND = 253_402_300_799L;
  private static final int MAX_TEXT = 200;
  private static final Pattern NUMBER = Pattern.compile("0|[1-9][0-9]{0,8}");

  UvmEndorsement {
    certificates = List.copyOf(certificates);
  }

  static UvmEndorsement parse(Bytes part) throws EvidenceException {
    Cose message = Cose.parse("UVM endorsement", part);
    List<X509Certificate> certificates = message.certificates(MAX_CERTIFICATES);
    Cbor.Dictionary header = message.protectedHeader();
    if (header.get(CONTENT_TYPE).equals(Optional.of(new Cbor.Text("application/json")))) {
      return ofJson(message, certificates);
    }
    if (header.get(PREIMAGE_TYPE).equals(Optional.of(new Cbor.Text("application/octet-stream")))
        && header.get(PAYLOAD_DIGEST).equals(Optional.of(new Cbor.Int(SHA384)))) {
      return ofDigest(message, certificates);
    }
    throw new EvidenceException("UVM endorsement: neither JSON nor a SHA-384 digest");
  }

  private static UvmEndorsement ofJson(Cose message, List<X509Certificate> certificates)
      throws EvidenceException {
    Cbor.Dictionary header = message.protectedHeader();
    Fields payload = Json.parse("UVM endorsement", message.payload(), MAX_PAYLOAD_BYTES);
    return new UvmEndorsement(
        message,
        certificates,
        DidX509.parse(text("iss", header.get("iss"))),
        text("feed", header.get("feed")),
        time(header.get("signingtime")),
        payload.hex("x-ms-sevsnpvm-launchmeasurement", MEASUREMENT_BYTES),
        svn(payload));
  }

  private static UvmEndorsement ofDigest(Cose message, List<X509Certificate> certificates)
      throws EvidenceException {
    if (!(message.protectedHeader().get(CWT_CLAIMS).orElse(NONE)
        instanceof Cbor.Dictionary claims)) {
      throw new EvidenceException("UVM endorsement: no CWT claims in its protected header");
    }
    if (message.payload().size() != MEASUREMENT_BYTES) {
      throw new EvidenceException("UVM endorsement: its payload is no measurement");
    }
    if (!(claims.get("svn").orElse(NONE) instanceof Cbor.Int(long svn))
        || svn < 0
        || svn > Integer.MAX_VALUE) {
      throw new EvidenceException("UVM endorsement: no svn among its CWT claims");
    }
    return new UvmEndorsement(
        message,
        certificates,
        DidX509.parse(text("issuer", claims.get(CWT_ISSUER))),
        text("subject", claims.get(CWT_SUBJECT)),
        time(claims.get(CWT_ISSUED_AT)),
        message.payload(),
        svn);
  }

  /// Checks signature, certificates and revocation.
  ///
  /// @param prefix the checks are its `.signature`, `.chain`, `.authority`, `.issuer`,
  ///   `.signing-time` and `.revocation`
  void require(Checks checks, String prefix, Collateral collateral, Anchors anchors, Instant at) {
    X509Certificate signer = certificates.getFirst();
    X509Certificate root = anchors.root(Root.MICROSOFT_SUPPLY_CHAIN);
    message.requireSigned(
        checks, prefix + ".signature", Signatures.Algorithm.PS384, signer.getPublicKey());
    checks.require(
        prefix + ".signing-time",
        !signedAt.isAfter(at),
        "signed at " + signedAt,
        "the endorsement says that it was signed at %s, and it is %s: set the clock"
            .formatted(signedAt, at));
    List<X509Certificate> path = path(signer, root);
    Chain.require(checks, prefix + ".chain", path, root, signedAt);
    Chain.require(checks, prefix + ".authority", path.subList(1, path.size()), root, at);
    checks.require(
        prefix + ".issuer",
        issuer.names(path),
        "the certificates are of " + issuer,
        "the certificates are not of %s, whom the endorsement names".formatted(issuer));
    for (int i = 0; i + 1 < path.size(); i++) {
      Chain.requireNotRevoked(
          checks, prefix + ".revocation", path.get(i), path.get(i + 1), collateral, at);
    }
  }

  /// Where Microsoft publishes the certificates that its authorities revoked. The addresses are
  /// those in their certificates, and fixed here: nothing is fetched from where evidence says.
  static List<Collateral.Source> sources() {
    return List.of(
        Collateral.Source.of(
            Collateral.Kind.REVOCATION_LIST,
            LISTS + "Microsoft%20Supply%20Chain%20RSA%20Root%20CA%202022.crl"),
        Collateral.Source.of(
            Collateral.Kind.REVOCATION_LIST, LISTS + "Microsoft%20SCD%20Products%20RSA%20CA.crl"));
  }

  /// Whether the signer's certificate has not expired at that instant.
  boolean isSignerValid(Instant at) {
    X509Certificate signer = certificates.getFirst();
    return !at.isBefore(signer.getNotBefore().toInstant())
        && !at.isAfter(signer.getNotAfter().toInstant());
  }

  List<Claim> claims() {
    return List.of(
        new Claim("uvm-issuer", issuer.toString()),
        new Claim("uvm-feed", feed),
        new Claim("uvm-svn", Long.toString(svn)),
        new Claim("uvm-measurement", measurement.hex()),
        new Claim("uvm-signed-at", signedAt.toString()),
        new Claim(
            "uvm-signer-valid-until",
            certificates.getFirst().getNotAfter().toInstant().toString()));
  }

  /// From the signer up to the pinned root, which is at its end even where the path is broken: then
  /// the chain fails, and so does revocation, because the root did not issue what is before it.
  private List<X509Certificate> path(X509Certificate signer, X509Certificate root) {
    var path = new ArrayList<>(Chain.path(signer, certificates));
    path.remove(root);
    path.add(root);
    return List.copyOf(path);
  }

  private static String text(String name, Optional<Cbor> found) throws EvidenceException {
    if (found.orElse(NONE) instanceof Cbor.Text(String text)
        && !text.isEmpty()
        && text.length() <= MAX_TEXT) {
      return text;
    }
    throw new EvidenceException("UVM endorsement: no %s in its protected header".formatted(name));
  }

  private static Instant time(Optional<Cbor> found) throws EvidenceException {
    if (found.orElse(NONE) instanceof Cbor.Tagged(long tag, Cbor.Int(long seconds))
        && tag == EPOCH_TIME
        && seconds >= 0
        && seconds <= LAST_SECOND) {
      return Instant.ofEpochSecond(seconds);
    }
    throw new EvidenceException("UVM endorsement: no time of signing in its protected header");
  }

  /// A number in a string; newer endorsements have it as a number too.
  private static long svn(Fields payload) throws EvidenceException {
    String name = "x-ms-sevsnpvm-guestsvn";
    String text = payload.string(name);
    if (!NUMBER.matcher(text).matches()) {
      throw payload.bad(name, "is not a number");
    }
    long svn = Long.parseLong(text);
    String same = name + "-int";
    if (payload.has(same) && payload.integer(same, 0, Integer.MAX_VALUE) != svn) {
      throw payload.bad(same, "is not " + svn);
    }
    return svn;
  }
}
