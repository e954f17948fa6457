package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.List;

/// A TLS certificate with a quote of the enclave that has its key (interoperable RA-TLS, extension
/// 2.23.133.5.4.9): CBOR tag 60000 over `[quote, claims]`, where the claims are a CBOR map in a
/// byte string that names the key's digest, and the quote's report data is the digest of the
/// claims.
///
/// **Evidence inside a certificate is never enough.** It was made once, before the connection, so
/// that it shows neither that the enclave still runs nor that the other end of *this* connection is
/// it; whoever gets hold of the key has both. It is read to be shown and to be compared. What
/// Cloister releases data to answers a fresh nonce: [Trust#appraise] refuses this evidence, because
/// its report data is no [Binding].
///
/// @param evidence of SGX or TDX, not verified
/// @param claims the exact bytes whose digest the report data is
/// @param keyDigest of the public key, as the claims name it
record RaTlsCertificate(
    X509Certificate certificate, Evidence evidence, Bytes claims, Bytes keyDigest) {
  private static final String EXTENSION = "2.23.133.5.4.9";
  private static final long TAG = 60_000;
  private static final String KEY_DIGEST = "pubkey-hash";

  /// SHA-256 in the IANA registry of Named Information Hash Algorithms.
  private static final Cbor SHA256 = new Cbor.Int(1);

  static RaTlsCertificate parse(X509Certificate certificate) throws EvidenceException {
    Bytes extension =
        Certificates.extension(certificate, EXTENSION)
            .orElseThrow(() -> new EvidenceException("the certificate has no RA-TLS extension"));
    if (!(Cbor.parse("RA-TLS evidence", extension)
            instanceof Cbor.Tagged(long tag, Cbor.Array(List<Cbor> elements)))
        || tag != TAG
        || elements.size() != 2
        || !(elements.getFirst() instanceof Cbor.ByteString(Bytes quote))
        || !(elements.getLast() instanceof Cbor.ByteString(Bytes claims))) {
      throw new EvidenceException("RA-TLS evidence is not tag 60000 over a quote and claims");
    }
    return new RaTlsCertificate(
        certificate, new Evidence(DcapQuote.parse(quote).tee(), quote), claims, keyDigest(claims));
  }

  /// `"pubkey-hash": << [algorithm, digest] >>`
  private static Bytes keyDigest(Bytes claims) throws EvidenceException {
    if (!(Cbor.parse("RA-TLS claims", claims) instanceof Cbor.Dictionary dictionary)
        || !(dictionary.get(KEY_DIGEST).orElse(new Cbor.Null())
            instanceof Cbor.ByteString(Bytes entry))
        || !(Cbor.parse("RA-TLS key digest", entry) instanceof Cbor.Array(List<Cbor> pair))
        || pair.size() != 2
        || !pair.getFirst().equals(SHA256)
        || !(pair.getLast() instanceof Cbor.ByteString(Bytes digest))) {
      throw new EvidenceException("RA-TLS claims name no SHA-256 of the key");
    }
    return digest;
  }

  /// Checks that quote, claims and key belong to each other. That the quote is authentic, of code
  /// that anybody wants, and of now, is not among it.
  List<Check> bindings() throws EvidenceException {
    var checks = new Checks();
    checks.require(
        "ra-tls.key",
        equal(Digest.of(Certificates.key(certificate)), keyDigest),
        "the claims name the certificate's key",
        "the claims name another key than the certificate's");
    checks.require(
        "ra-tls.report-data",
        MessageDigest.isEqual(
            Bytes.concat(Bytes.of(Digest.of(claims).toArray()), Bytes.of(new byte[32])).toArray(),
            DcapQuote.parse(evidence.report()).body().reportData().toArray()),
        "the quote was made for the claims",
        "the quote was made for other claims");
    checks.noted(
        "ra-tls.freshness",
        "the quote was made before the connection: ask for evidence that answers a nonce");
    return checks.list();
  }

  private static boolean equal(Digest digest, Bytes found) {
    return MessageDigest.isEqual(digest.toArray(), found.toArray());
  }
}
