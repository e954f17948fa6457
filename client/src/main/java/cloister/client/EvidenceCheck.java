package cloister.client;

import cloister.attestation.Anchors;
import cloister.attestation.Binding;
import cloister.attestation.Check;
import cloister.attestation.Claim;
import cloister.attestation.Collateral;
import cloister.attestation.Evidence;
import cloister.attestation.Evidence.Part;
import cloister.attestation.EvidenceException;
import cloister.attestation.EvidenceParts;
import cloister.attestation.Policy;
import cloister.attestation.Report;
import cloister.attestation.Tee;
import cloister.attestation.Trust;
import cloister.attestation.VerifiedReport;
import cloister.crypto.Bytes;
import cloister.crypto.SigningKey;
import cloister.protocol.AttestationResult;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.EvidenceFormat;
import cloister.protocol.Handshake;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// Evidence in a file, verified by itself: for looking at it, for keeping a policy in order, and
/// for audits. A session does more: it holds the evidence against a nonce of its own.
///
/// @param measurement absent when the evidence did not verify
public record EvidenceCheck(
    Evidence evidence, List<Check> checks, List<Claim> claims, Optional<String> measurement) {
  public AttestationResult.Verdict verdict() {
    if (measurement.isEmpty()) {
      return AttestationResult.Verdict.NOT_BELIEVED;
    }
    return checks.stream().anyMatch(Check::failed)
        ? AttestationResult.Verdict.REFUSED
        : AttestationResult.Verdict.ACCEPTED;
  }

  /// Evidence as this program or a vendor's tools write it.
  public static Evidence read(Path file) {
    return read(file, Map.of());
  }

  /// The same, with the parts of it that are in files of their own.
  public static Evidence read(Path file, Map<Part, Path> others) {
    byte[] bytes = InputFile.read(file, 2L * Evidence.MAXIMUM_BYTES);
    var parts = new EnumMap<Part, Bytes>(Part.class);
    others.forEach((part, path) ->
        parts.put(part, Bytes.of(InputFile.read(path, 2L * Evidence.MAXIMUM_BYTES))));
    try {
      return EvidenceParts.with(EvidenceFormat.file(bytes), parts);
    } catch (CloisterException e) {
      throw e.code() == ErrorCode.MESSAGE_MALFORMED
          ? new CloisterException(
              ErrorCode.FILE_UNREADABLE, file + " is no evidence: " + e.getMessage(), e)
          : e;
    } catch (EvidenceException e) {
      throw new CloisterException(ErrorCode.FILE_UNREADABLE, file + ": " + e.getMessage(), e);
    }
  }

  /// What the enclave there shows to anybody who asks, for nobody in particular. It believes
  /// nothing of it, and sends nothing but a nonce.
  public static List<Evidence> fetch(URI enclave) throws InterruptedException {
    try (var host = new Host(enclave)) {
      var hello =
          Handshake.Hello.of(
              Session.random(Handshake.NONCE_BYTES), SigningKey.generate().verifyingKey());
      Bytes welcome = Attempts.of(() -> host.open(hello.encode()));
      return Handshake.Welcome.decode(welcome).evidence();
    }
  }

  /// Parses what was read from a file, without believing anything.
  ///
  /// @throws CloisterException FILE_UNREADABLE, naming the file and the parts that are missing
  public static Report parse(Path file, Evidence evidence) {
    try {
      return Report.parse(evidence);
    } catch (EvidenceException e) {
      throw new CloisterException(
          ErrorCode.FILE_UNREADABLE, file + ": " + e.getMessage() + missing(evidence), e);
    }
  }

  private static String missing(Evidence evidence) {
    try {
      List<Part> missing = EvidenceParts.missing(evidence);
      return missing.isEmpty()
          ? ""
          : ": name each part with --part NAME=FILE, of which are missing "
              + missing.stream().map(Part::label).collect(Collectors.joining(", "));
    } catch (EvidenceException _) {
      return "";
    }
  }

  /// Parses without believing anything.
  public static Report parse(Evidence evidence) {
    try {
      return Report.parse(evidence);
    } catch (EvidenceException e) {
      throw new CloisterException(ErrorCode.EVIDENCE_REFUSED, String.valueOf(e.getMessage()), e);
    }
  }

  /// @param reportData the 64 bytes that the evidence has to be bound to, if they are known; it is
  ///   said when they are not
  public static EvidenceCheck verify(
      Evidence evidence,
      Policy policy,
      Collateral collateral,
      Optional<Bytes> reportData,
      Instant at) {
    Report report = parse(evidence);
    VerifiedReport verified;
    try {
      verified = report.verify(collateral, Anchors.pinned(), at);
    } catch (EvidenceException e) {
      List<Check> checks =
          e.checks().isEmpty()
              ? List.of(new Check("evidence", Check.Outcome.FAILS, String.valueOf(e.getMessage())))
              : e.checks();
      return new EvidenceCheck(evidence, checks, report.claims(), Optional.empty());
    }
    var checks = new ArrayList<Check>(verified.checks());
    checks.add(Trust.debug(verified));
    if (verified.tee() == Tee.SIMULATED) {
      checks.add(
          new Check(
              "simulated", Check.Outcome.NOTED, "the evidence is simulated and proves nothing"));
    }
    checks.addAll(policy.compare(verified, at));
    checks.add(bound(verified, reportData));
    return new EvidenceCheck(
        evidence,
        checks,
        verified.claims().claims(),
        Optional.of(verified.claims().measurement().toString()));
  }

  private static Check bound(VerifiedReport report, Optional<Bytes> expected) {
    if (expected.isEmpty()) {
      return new Check(
          "binding",
          Check.Outcome.NOTED,
          "not compared: the evidence may have been made for any session of any time");
    }
    return report.claims().boundTo(Binding.ofReportData(expected.get()))
        ? new Check("binding", Check.Outcome.HOLDS, "the evidence is bound to what was expected")
        : new Check(
            "binding",
            Check.Outcome.FAILS,
            "the evidence is bound to something else than expected");
  }
}
