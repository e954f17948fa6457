package cloister.simulated;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Measurement;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.crypto.Secret;
import cloister.crypto.SigningKey;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/// Produces evidence without any TEE, for development and tests, in the format that
/// [cloister.attestation.SimulatedReport] describes. Anybody can produce the same for any
/// measurement; it is accepted only where [cloister.attestation.SimulatedEvidence#ACCEPT] is said
/// and the requirements name [Tee#SIMULATED].
public final class InsecureSimulatedTee {
  private static final byte[] MAGIC = "CLSIMTEE".getBytes(StandardCharsets.US_ASCII);
  private static final short VERSION = 1;
  private static final int SIGNED_BYTES = 135;
  private static final Bytes SIGNATURE_LABEL = Bytes.utf8("cloister/simulated-tee/v1\0");

  /// Published on purpose: SHA-256 of a sentence.
  private static final SigningKey DEVELOPMENT_KEY =
      SigningKey.ofSeed(
          Secret.of(Digest.ofUtf8("Cloister's simulated TEE proves nothing to anyone.").toArray()));

  private final Measurement measurement;
  private final byte debug;

  private InsecureSimulatedTee(Measurement measurement, byte debug) {
    if (!measurement.algorithm().equals("sha384")) {
      throw new IllegalArgumentException("the simulated TEE measures with sha384");
    }
    this.measurement = measurement;
    this.debug = debug;
  }

  /// @param measurement what the caller says it measured of its own code, with SHA-384
  public static InsecureSimulatedTee running(Measurement measurement) {
    return new InsecureSimulatedTee(measurement, (byte) 0);
  }

  /// A TEE in debug mode, whose evidence every appraisal refuses.
  public static InsecureSimulatedTee debugging(Measurement measurement) {
    return new InsecureSimulatedTee(measurement, (byte) 1);
  }

  public Evidence evidence(Binding binding, Instant issuedAt) {
    Bytes signed =
        Bytes.of(
            ByteBuffer.allocate(SIGNED_BYTES)
                .put(MAGIC)
                .putShort(VERSION)
                .put(measurement.digest().toArray())
                .put(binding.reportData().toArray())
                .put(debug)
                .putLong(issuedAt.getEpochSecond())
                .putInt(0)
                .array());
    Bytes signature = DEVELOPMENT_KEY.sign(Bytes.concat(SIGNATURE_LABEL, signed));
    return new Evidence(Tee.SIMULATED, Bytes.concat(signed, signature));
  }
}
