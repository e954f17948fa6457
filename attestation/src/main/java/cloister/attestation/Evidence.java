package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/// What a TEE says about the code it runs, as it arrived: a kind that the sender claims, and parts
/// of at most 1 MiB together. Nothing in it is believed.
public record Evidence(Tee tee, Map<Part, Bytes> parts) {
  /// The most that all parts have together.
  public static final int MAXIMUM_BYTES = 1 << 20;

  /// What a part is. Which of them a kind of TEE has is said by its report's `parse`.
  public enum Part {
    /// What the hardware or the verifying service signed: a report, quote, document or token.
    REPORT("report"),
    /// Certificates that came with it, PEM or DER: hints, believed only through a pinned key.
    CERTIFICATES("certificates"),
    /// A quote that vouches for the report where the report itself carries no signature: that of
    /// the trust domain in which a confidential VM's TPM runs.
    HARDWARE_QUOTE("hardware-quote"),
    /// What was extended into the registers that the report holds.
    EVENT_LOG("event-log"),
    /// A confidential VM's runtime claims, whose digest the hardware report holds.
    RUNTIME_DATA("runtime-data"),
    /// A TPM's quote: TPM2B_ATTEST and TPMT_SIGNATURE.
    TPM_QUOTE("tpm-quote"),
    /// The registers that the quote is about, as [TpmRegisters] writes them.
    TPM_REGISTERS("tpm-registers"),
    /// The policy whose digest the report's host data hold.
    POLICY("policy"),
    /// What vouches for the measurement of a provider's own firmware.
    ENDORSEMENT("endorsement");

    private final String label;

    Part(String label) {
      this.label = label;
    }

    public String label() {
      return label;
    }

    public static Optional<Part> byLabel(String label) {
      return Arrays.stream(values()).filter(part -> part.label.equals(label)).findFirst();
    }
  }

  public Evidence {
    parts = Collections.unmodifiableMap(new EnumMap<>(parts));
    if (!parts.containsKey(Part.REPORT)) {
      throw new IllegalArgumentException("evidence has a report");
    }
    long bytes = parts.values().stream().mapToLong(Bytes::size).sum();
    if (bytes > MAXIMUM_BYTES) {
      throw new IllegalArgumentException(
          "evidence has at most " + MAXIMUM_BYTES + " bytes, not " + bytes);
    }
  }

  /// Evidence that is a report and nothing else.
  public Evidence(Tee tee, Bytes report) {
    this(tee, Map.of(Part.REPORT, report));
  }

  public Bytes report() {
    return parts.getOrDefault(Part.REPORT, Bytes.of(new byte[0]));
  }

  public Optional<Bytes> part(Part part) {
    return Optional.ofNullable(parts.get(part));
  }

  /// @throws EvidenceException if there are other parts than these; [Part#REPORT] always may be
  void onlyWith(Part... allowed) throws EvidenceException {
    for (Part part : parts.keySet()) {
      if (part != Part.REPORT && !Arrays.asList(allowed).contains(part)) {
        throw new EvidenceException(tee + " evidence has no part " + part.label());
      }
    }
  }

  /// @throws EvidenceException if it is absent
  Bytes required(Part part) throws EvidenceException {
    return part(part)
        .orElseThrow(() -> new EvidenceException(tee + " evidence needs its part " + part.label()));
  }
}
