package cloister.attestation;

import cloister.crypto.Bytes;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// A quote of Intel's DCAP, of version 3 (SGX), 4 or 5 (SGX or TDX), little-endian (Intel TDX DCAP
/// Quoting Library API, A.3; Intel SGX ECDSA QuoteLibReference, A.4).
///
/// @param vendor who made the quoting enclave
/// @param signed header and body, the exact bytes that the attestation key signed
/// @param signature ECDSA P-256, r ‖ s
/// @param key the attestation key's coordinates, x ‖ y
/// @param quotingEnclave the quoting enclave's own report, which holds the digest of that key
/// @param quotingEnclaveSignature by the platform's PCK
/// @param authentication bytes that the digest covers too
/// @param certificates of the PCK, with those above it, in whatever order they came
/// @param eventLog what was extended into the TD's registers, where it came along
record DcapQuote(
    int version,
    Bytes vendor,
    QuoteBody body,
    Bytes signed,
    Bytes signature,
    Bytes key,
    SgxReport quotingEnclave,
    Bytes quotingEnclaveSignature,
    Bytes authentication,
    List<X509Certificate> certificates,
    Optional<Bytes> eventLog)
    implements Report {
  private static final int MAX_BYTES = 64 * 1024;
  private static final int HEADER_BYTES = 48;
  private static final int ECDSA_P256 = 2;
  private static final long TEE_SGX = 0;
  private static final long TEE_TDX = 0x81;
  private static final int CERTIFICATION_QE_REPORT = 6;
  private static final int CERTIFICATION_PCK_CHAIN = 5;

  DcapQuote {
    certificates = List.copyOf(certificates);
  }

  static DcapQuote parse(Evidence evidence) throws EvidenceException {
    if (evidence.tee() == Tee.TDX) {
      evidence.onlyWith(Evidence.Part.EVENT_LOG);
    } else {
      evidence.onlyWith();
    }
    DcapQuote quote =
        parse(withoutEnvelope(evidence.report()), evidence.part(Evidence.Part.EVENT_LOG));
    if (quote.tee() != evidence.tee()) {
      throw new EvidenceException(
          "%s evidence is a quote of %s".formatted(evidence.tee(), quote.tee()));
    }
    return quote;
  }

  /// A bare quote, as other evidence holds it.
  static DcapQuote parse(Bytes quote) throws EvidenceException {
    return parse(quote, Optional.empty());
  }

  private static DcapQuote parse(Bytes quote, Optional<Bytes> eventLog) throws EvidenceException {
    if (quote.size() > MAX_BYTES) {
      throw new EvidenceException("a quote has at most %d bytes".formatted(MAX_BYTES));
    }
    Cursor at = Cursor.littleEndian("quote", quote);
    int version = at.u16("version");
    if (version < 3 || version > 5) {
      throw at.bad("version", "is %d; this version of ours reads 3 to 5".formatted(version));
    }
    if (at.u16("attestation key type") != ECDSA_P256) {
      throw at.bad("attestation key type", "is not ECDSA P-256");
    }
    long tee = at.u32("tee type");
    at.bytes("qe svn and pce svn", 4);
    Bytes vendor = at.bytes("qe vendor id", 16);
    at.bytes("user data", 20);
    QuoteBody body = body(at, version, tee);
    Bytes signed = quote.slice(0, at.position());
    Cursor signature = at.structure("signature data", at.u32("signature data length"));
    // Quoting services pad with zero bytes, up to a buffer's size; anything else is not a quote's.
    for (byte b : at.rest().toArray()) {
      if (b != 0) {
        throw at.bad("what follows the signature data", "is no padding");
      }
    }
    return signed(version, vendor, body, signed, signature, eventLog);
  }

  private static QuoteBody body(Cursor at, int version, long tee) throws EvidenceException {
    int type;
    if (version == 5) {
      type = at.u16("body type");
      long size = at.u32("body size");
      if (size != size(type)) {
        throw at.bad("body size", "is %d, which is not that of body type %d".formatted(size, type));
      }
    } else {
      type = tee == TEE_TDX ? 2 : 1;
    }
    boolean matches = tee == TEE_SGX ? type == 1 : tee == TEE_TDX && (type == 2 || type == 3);
    if (!matches || (version == 3 && tee != TEE_SGX)) {
      throw at.bad("tee type", "is 0x%x, which does not go with the body".formatted(tee));
    }
    Bytes body = at.bytes("body", size(type));
    return type == 1 ? SgxReport.parse("SGX report", body) : TdReport.parse(body);
  }

  private static int size(int type) throws EvidenceException {
    return switch (type) {
      case 1 -> SgxReport.BYTES;
      case 2 -> TdReport.BYTES_1_0;
      case 3 -> TdReport.BYTES_1_5;
      default -> throw new EvidenceException("quote: body type " + type + " is unknown");
    };
  }

  private static DcapQuote signed(
      int version, Bytes vendor, QuoteBody body, Bytes signed, Cursor at, Optional<Bytes> eventLog)
      throws EvidenceException {
    Bytes signature = at.bytes("quote signature", 64);
    Bytes key = at.bytes("attestation key", 64);
    Cursor in = at;
    if (version > 3) {
      if (at.u16("certification data type") != CERTIFICATION_QE_REPORT) {
        throw at.bad("certification data type", "is not the quoting enclave's report");
      }
      in = at.structure("certification data", at.u32("certification data size"));
      at.end();
    }
    SgxReport enclave =
        SgxReport.parse("quoting enclave's report", in.bytes("qe report", SgxReport.BYTES));
    Bytes enclaveSignature = in.bytes("qe report signature", 64);
    Bytes authentication = in.bytes("qe authentication data", in.u16("qe authentication size"));
    int type = in.u16("certification data type");
    if (type != CERTIFICATION_PCK_CHAIN) {
      throw in.bad(
          "certification data type",
          "is %d: only a PCK certificate chain (5) can be verified offline".formatted(type));
    }
    Bytes chain = in.bytes("PCK certificate chain", in.u32("certification data size"));
    in.end();
    return new DcapQuote(
        version,
        vendor,
        body,
        signed,
        signature,
        key,
        enclave,
        enclaveSignature,
        authentication,
        Certificates.read("PCK certificate chain", chain, 5),
        eventLog);
  }

  /// Open Enclave puts 16 bytes before a quote: u32 version 1, u32 type 2, u64 size.
  private static Bytes withoutEnvelope(Bytes evidence) throws EvidenceException {
    if (evidence.size() < HEADER_BYTES) {
      return evidence;
    }
    Cursor at = Cursor.littleEndian("Open Enclave evidence", evidence);
    if (at.u32("version") != 1 || at.u32("type") != 2) {
      return evidence;
    }
    long size = at.u64("size");
    Bytes quote = at.bytes("quote", size);
    at.end();
    return quote;
  }

  @Override
  public Tee tee() {
    return switch (body) {
      case SgxReport _ -> Tee.SGX;
      case TdReport _ -> Tee.TDX;
    };
  }

  @Override
  public VerifiedReport verify(Collateral collateral, Anchors anchors, Instant at)
      throws EvidenceException {
    var checks = new Checks();
    String prefix = tee().label();
    DcapPlatform platform =
        new DcapVerification(checks, prefix, collateral, anchors, at).verify(this);
    return checks.verified(
        switch (body) {
          case SgxReport enclave -> new SgxClaims(enclave, platform);
          case TdReport domain -> {
            eventLog.ifPresent(
                log -> EventLog.requireRegisters(checks, "tdx.event-log", log, domain));
            yield new TdxClaims(domain, platform);
          }
        });
  }

  @Override
  public List<Collateral.Source> sources() {
    try {
      PckCertificate pck = PckCertificate.of(DcapVerification.leaf(certificates));
      return sources(pck);
    } catch (EvidenceException _) {
      return List.of();
    }
  }

  private List<Collateral.Source> sources(PckCertificate pck) {
    String service = "https://api.trustedservices.intel.com";
    String kind = tee() == Tee.TDX ? "tdx" : "sgx";
    String issuer = pck.certificate().getIssuerX500Principal().getName();
    String authority = issuer.contains("Processor") ? "processor" : "platform";
    return List.of(
        new Collateral.Source(
            Collateral.Kind.TCB_INFO,
            service
                + "/"
                + kind
                + "/certification/v4/tcb?fmspc="
                + pck.family().hex().toUpperCase(Locale.ROOT),
            Optional.of("TCB-Info-Issuer-Chain")),
        new Collateral.Source(
            Collateral.Kind.ENCLAVE_IDENTITY,
            service + "/" + kind + "/certification/v4/qe/identity",
            Optional.of("SGX-Enclave-Identity-Issuer-Chain")),
        new Collateral.Source(
            Collateral.Kind.REVOCATION_LIST,
            service + "/sgx/certification/v4/pckcrl?ca=" + authority + "&encoding=der",
            Optional.of("SGX-PCK-CRL-Issuer-Chain")),
        Collateral.Source.of(
            Collateral.Kind.REVOCATION_LIST,
            "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"));
  }

  @Override
  public Measurement measured() {
    return switch (body) {
      case SgxReport enclave -> new Measurement("sha256", enclave.mrEnclave());
      case TdReport domain -> TdxClaims.measurement(domain);
    };
  }

  @Override
  public List<Claim> claims() {
    var claims = new ArrayList<Claim>();
    claims.add(new Claim("quote-version", Integer.toString(version)));
    claims.add(new Claim("qe-vendor-id", vendor.hex()));
    claims.addAll(
        switch (body) {
          case SgxReport enclave -> SgxClaims.of(enclave);
          case TdReport domain -> TdxClaims.of(domain);
        });
    certificates.forEach(one -> claims.add(new Claim("certificate", Chain.of(one))));
    return claims;
  }
}
