package cloister.benchmarks;

import cloister.attestation.Anchors;
import cloister.attestation.Collateral;
import cloister.attestation.Evidence;
import cloister.attestation.EvidenceException;
import cloister.attestation.Report;
import cloister.attestation.Tee;
import cloister.attestation.VerifiedReport;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.runner.RunnerException;

/// Evidence from its bytes, and those of the collateral, to what was verified; and the JDK's
/// verification of as many signatures of the same kinds.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EvidenceVerification {
  private static final double NANOSECONDS_PER_SECOND = 1e9;

  static List<Result> measure(Sizes sizes) throws RunnerException {
    Map<String, Double> times =
        JmhRun.nanoseconds(EvidenceVerification.class, sizes.with(sizes.jmh().warmedUpForLong()));
    double p256 = JmhRun.of(times, "p256");
    double p384 = JmhRun.of(times, "p384");
    double rsa2048 = JmhRun.of(times, "rsa2048");
    double rsa4096 = JmhRun.of(times, "rsa4096");
    return List.of(
        // The report; the chip's key and its authority; the list.
        result(Claim.EVIDENCE_SNP, times, "snp", p384 + 3 * rsa4096),
        // Quote, quoting enclave, TCB info, identity; two certificates and the signer's; two lists.
        result(Claim.EVIDENCE_TDX, times, "tdx", 9 * p256),
        result(Claim.EVIDENCE_SGX, times, "sgx", 9 * p256),
        // The document and four certificates.
        result(Claim.EVIDENCE_NITRO, times, "nitro", 5 * p384),
        // The token and two certificates.
        result(Claim.EVIDENCE_SPACE, times, "space", rsa2048 + 2 * rsa4096),
        result(Claim.EVIDENCE_MAA, times, "maa", rsa2048),
        // SNP's, and the TPM's quote.
        result(Claim.EVIDENCE_AZURE, times, "azure", p384 + 3 * rsa4096 + rsa2048));
  }

  private static Result result(
      Claim claim, Map<String, Double> times, String ours, double peerNanoseconds) {
    return new Result(
        claim,
        "from its bytes",
        NANOSECONDS_PER_SECOND / JmhRun.of(times, ours),
        NANOSECONDS_PER_SECOND / peerNanoseconds);
  }

  /// One kind of evidence, with everything that the JDK knows of it forgotten before each
  /// verification.
  @State(Scope.Thread)
  public abstract static class Sample {
    private final Tee tee;
    private final RecordedEvidence recorded;
    private final List<JdkMemory> memories;

    Sample(Tee tee) {
      try {
        this.tee = tee;
        this.recorded = RecordedEvidence.of(tee);
        this.memories = recorded.memories();
        verified();
      } catch (IOException | GeneralSecurityException e) {
        throw new IllegalStateException("recorded evidence of " + tee + " does not verify", e);
      }
    }

    /// Not timed.
    @Setup(Level.Invocation)
    public void forget() {
      memories.forEach(JdkMemory::forget);
    }

    VerifiedReport verified() throws EvidenceException {
      return Report.parse(new Evidence(tee, recorded.parts()))
          .verify(Collateral.of(recorded.collateral()), Anchors.pinned(), recorded.at());
    }
  }

  /// See [Sample].
  public static class Snp extends Sample {
    public Snp() {
      super(Tee.SEV_SNP);
    }
  }

  /// See [Sample].
  public static class Tdx extends Sample {
    public Tdx() {
      super(Tee.TDX);
    }
  }

  /// See [Sample].
  public static class Sgx extends Sample {
    public Sgx() {
      super(Tee.SGX);
    }
  }

  /// See [Sample].
  public static class Nitro extends Sample {
    public Nitro() {
      super(Tee.NITRO);
    }
  }

  /// See [Sample].
  public static class Space extends Sample {
    public Space() {
      super(Tee.CONFIDENTIAL_SPACE);
    }
  }

  /// See [Sample].
  public static class Maa extends Sample {
    public Maa() {
      super(Tee.AZURE_MAA);
    }
  }

  /// See [Sample].
  public static class Azure extends Sample {
    public Azure() {
      super(Tee.AZURE_CVM);
    }
  }

  @Benchmark
  public VerifiedReport snp(Snp sample) throws EvidenceException {
    return sample.verified();
  }

  @Benchmark
  public VerifiedReport tdx(Tdx sample) throws EvidenceException {
    return sample.verified();
  }

  @Benchmark
  public VerifiedReport sgx(Sgx sample) throws EvidenceException {
    return sample.verified();
  }

  @Benchmark
  public VerifiedReport nitro(Nitro sample) throws EvidenceException {
    return sample.verified();
  }

  @Benchmark
  public VerifiedReport space(Space sample) throws EvidenceException {
    return sample.verified();
  }

  @Benchmark
  public VerifiedReport maa(Maa sample) throws EvidenceException {
    return sample.verified();
  }

  @Benchmark
  public VerifiedReport azure(Azure sample) throws EvidenceException {
    return sample.verified();
  }

  @Benchmark
  public boolean p256(BareSignature.P256 signature) throws GeneralSecurityException {
    return signature.verified();
  }

  @Benchmark
  public boolean p384(BareSignature.P384 signature) throws GeneralSecurityException {
    return signature.verified();
  }

  @Benchmark
  public boolean rsa2048(BareSignature.Rsa2048 signature) throws GeneralSecurityException {
    return signature.verified();
  }

  @Benchmark
  public boolean rsa4096(BareSignature.Rsa4096 signature) throws GeneralSecurityException {
    return signature.verified();
  }
}
