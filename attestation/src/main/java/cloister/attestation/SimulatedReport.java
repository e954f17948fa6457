package cloister.attestation;

import cloister.crypto.Bytes;
import cloister.crypto.CryptoException;
import cloister.crypto.VerifyingKey;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/// What the simulated TEE writes: 199 bytes, big-endian.
///
/// ```
///   0   8  magic "CLSIMTEE"
///   8   2  version, 1
///  10  48  measurement, SHA-384
///  58  64  report data
/// 122   1  debug: 0 or 1
/// 123   8  issued at, seconds since 1970
/// 131   4  reserved, 0
/// 135  64  Ed25519 signature of "cloister/simulated-tee/v1", a zero byte, and bytes 0–134
/// ```
///
/// The signing key is published, for everybody (`InsecureSimulatedTee`): the signature keeps the
/// shape of real evidence and catches damage, and **it proves nothing** about who made it.
public record SimulatedReport(
    Measurement measurement,
    Bytes reportData,
    Claims.Debug debug,
    Instant issuedAt,
    Bytes signature)
    implements Report {
  private static final byte[] MAGIC = "CLSIMTEE".getBytes(StandardCharsets.US_ASCII);
  private static final short VERSION = 1;
  private static final int MEASUREMENT_BYTES = 48;
  private static final int SIGNATURE_BYTES = 64;
  private static final int SIGNED_BYTES = 135;
  private static final int BYTES = SIGNED_BYTES + SIGNATURE_BYTES;
  private static final Bytes SIGNATURE_LABEL = Bytes.utf8("cloister/simulated-tee/v1\0");

  /// The year 9999: what an [Instant] and every other program can show.
  private static final long LAST_SECOND = 253_402_300_799L;

  /// How far the issuer's clock may be ahead of the verifier's.
  private static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

  /// Its private half is SHA-256 of a published sentence, and not in this module: whoever verifies
  /// cannot sign.
  private static final VerifyingKey DEVELOPMENT_KEY = developmentKey();

  public SimulatedReport {
    if (!measurement.algorithm().equals("sha384")) {
      throw new IllegalArgumentException("the simulated TEE measures with sha384");
    }
    if (reportData.size() != Binding.BYTES || signature.size() != SIGNATURE_BYTES) {
      throw new IllegalArgumentException("report data and signature have 64 bytes each");
    }
    long seconds = issuedAt.getEpochSecond();
    if (issuedAt.getNano() != 0 || seconds < 0 || seconds > LAST_SECOND) {
      throw new IllegalArgumentException("issued at a whole second between 1970 and 9999");
    }
  }

  static SimulatedReport parse(Evidence evidence) throws EvidenceException {
    evidence.onlyWith();
    Bytes document = evidence.report();
    if (document.size() != BYTES) {
      throw new EvidenceException(
          "simulated evidence has " + BYTES + " bytes, not " + document.size());
    }
    ByteBuffer fields = ByteBuffer.wrap(document.toArray());
    if (!Arrays.equals(next(fields, MAGIC.length).toArray(), MAGIC)) {
      throw new EvidenceException("not simulated evidence");
    }
    if (fields.getShort() != VERSION) {
      throw new EvidenceException("simulated evidence of an unknown version");
    }
    var measurement = new Measurement("sha384", next(fields, MEASUREMENT_BYTES));
    Bytes reportData = next(fields, Binding.BYTES);
    Claims.Debug debug =
        switch (fields.get()) {
          case 0 -> Claims.Debug.OFF;
          case 1 -> Claims.Debug.ON;
          default -> throw new EvidenceException("the debug flag is neither 0 nor 1");
        };
    long seconds = fields.getLong();
    if (seconds < 0 || seconds > LAST_SECOND) {
      throw new EvidenceException("the time of issue is out of range");
    }
    if (fields.getInt() != 0) {
      throw new EvidenceException("reserved bytes are not zero");
    }
    return new SimulatedReport(
        measurement,
        reportData,
        debug,
        Instant.ofEpochSecond(seconds),
        next(fields, SIGNATURE_BYTES));
  }

  Bytes encoded() {
    return Bytes.concat(signedPart(), signature);
  }

  @Override
  public Tee tee() {
    return Tee.SIMULATED;
  }

  @Override
  public Measurement measured() {
    return measurement;
  }

  @Override
  public List<Claim> claims() {
    return List.of(
        new Claim("measurement", measurement.toString()),
        new Claim("report-data", reportData.hex()),
        new Claim("debug", debug == Claims.Debug.ON ? "on" : "off"),
        new Claim("issued-at", issuedAt.toString()));
  }

  @Override
  public List<Collateral.Source> sources() {
    return List.of();
  }

  @Override
  public VerifiedReport verify(Collateral collateral, Anchors anchors, Instant at)
      throws EvidenceException {
    var checks = new Checks();
    checks.require(
        "simulated.signature",
        isSigned(),
        "the published development key signed it, which proves nothing",
        "the evidence is not signed by the simulated TEE's key");
    checks.require(
        "simulated.issued-at",
        !issuedAt.isAfter(at.plus(CLOCK_SKEW)),
        "issued at " + issuedAt,
        "the evidence was issued in the future, at " + issuedAt);
    return checks.verified(new SimulatedClaims(this));
  }

  private boolean isSigned() {
    try {
      DEVELOPMENT_KEY.verify(signedContent(), signature);
      return true;
    } catch (CryptoException _) {
      return false;
    }
  }

  private static VerifyingKey developmentKey() {
    try {
      return VerifyingKey.of(
          Bytes.hex(
              "302a300506032b65700321002d54338e9041c65ab4b8959a2f41c49532f8389352e7e71b9f79c33dde945cc3"));
    } catch (CryptoException e) {
      throw new IllegalStateException("the constant is a key", e);
    }
  }

  /// What the signature is over.
  Bytes signedContent() {
    return Bytes.concat(SIGNATURE_LABEL, signedPart());
  }

  /// The exact bytes received: every field has one encoding, and reserved bytes are zero.
  private Bytes signedPart() {
    return Bytes.of(
        ByteBuffer.allocate(SIGNED_BYTES)
            .put(MAGIC)
            .putShort(VERSION)
            .put(measurement.digest().toArray())
            .put(reportData.toArray())
            .put((byte) (debug == Claims.Debug.ON ? 1 : 0))
            .putLong(issuedAt.getEpochSecond())
            .putInt(0)
            .array());
  }

  private static Bytes next(ByteBuffer fields, int length) {
    byte[] field = new byte[length];
    fields.get(field);
    return Bytes.of(field);
  }
}
