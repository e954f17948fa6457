package cloister.cli;

import cloister.attestation.Binding;
import cloister.attestation.Check;
import cloister.attestation.Collateral;
import cloister.attestation.Evidence;
import cloister.attestation.Policy;
import cloister.attestation.Report;
import cloister.client.CollateralInput;
import cloister.client.EvidenceCheck;
import cloister.client.Policies;
import cloister.crypto.Bytes;
import cloister.protocol.AttestationResult;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.PolicyDocument;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cloister evidence verify`
@Command(
    name = "verify",
    description = "Verify evidence offline, and hold it against a policy.",
    footer = {
      "Examples:",
      "  cloister evidence verify report.bin --policy snp.yaml --collateral bundle.json",
      "  cloister evidence verify quote.bin --policy tdx.yaml --at 2025-06-20T00:00:00Z --json",
      "  cloister evidence verify hcl.bin --part tpm-quote=quote --part tpm-registers=pcrs --policy vm.yaml",
      "",
      "Without --collateral, what your home has fetched is used. The last line is the verdict:",
      "accepted; refused, when genuine evidence does not meet the policy or your --report-data; or not",
      "believed, when nothing shows that it is genuine. Each names the checks; the last two exit with",
      "3. With --json the result is an EAR-like object (RFC 9711 vocabulary) with `cloister.verdict`."
    })
final class EvidenceVerify extends Verb {
  @Parameters(paramLabel = "FILE", description = "The evidence.")
  private Path file;

  @Option(
      names = "--policy",
      required = true,
      paramLabel = "FILE",
      description = "What is demanded of it.")
  private Path policy;

  @Option(
      names = "--collateral",
      paramLabel = "FILE",
      description = "A bundle to verify it with; then no home is needed.")
  private Optional<Path> collateral = Optional.empty();

  @Option(
      names = "--at",
      paramLabel = "TIME",
      description = "The instant for which it is verified, as 2026-11-28T12:00:00Z; else now.")
  private Optional<String> at = Optional.empty();

  @Option(
      names = "--report-data",
      paramLabel = "HEX",
      description = "The 64 bytes that the evidence has to be bound to; else that is not compared.")
  private Optional<String> reportData = Optional.empty();

  @Option(
      names = "--part",
      paramLabel = "NAME=FILE",
      description = "A part that is in a file of its own, as policy=policy.base64; repeatable.")
  private Map<String, Path> parts = new TreeMap<>();

  private boolean accepted;

  EvidenceVerify(Options options) {
    super(options);
  }

  @Override
  void run() {
    PolicyDocument demanded = Policies.read(policy);
    Evidence evidence = EvidenceCheck.read(file, EvidenceShow.named(parts));
    Report report = EvidenceCheck.parse(file, evidence);
    options.requireAccepted(evidence, file.toString());
    Collateral with =
        collateral
            .map(given -> CollateralInput.read(given, Optional.empty()))
            .orElseGet(() -> options.collateral().read());
    Instant instant = at.map(EvidenceVerify::instant).orElseGet(Instant::now);
    EvidenceCheck check =
        EvidenceCheck.verify(
            evidence, demanded.policy(), with, reportData.map(EvidenceVerify::hex), instant);
    options.print(
        AttestationResult.write(
            check.evidence().tee(),
            check.verdict(),
            check.checks(),
            check.claims(),
            check.measurement(),
            demanded.digest(),
            instant),
        lines(check, demanded.policy()));
    accepted = check.verdict() == AttestationResult.Verdict.ACCEPTED;
    if (check.verdict() == AttestationResult.Verdict.NOT_BELIEVED) {
      hint(check, report, with);
    }
  }

  @Override
  public Integer call() throws Exception {
    super.call();
    return accepted ? ExitCode.OK : ErrorCode.Kind.REFUSED.exitCode();
  }

  /// What a person most likely forgot.
  private void hint(EvidenceCheck check, Report report, Collateral with) {
    if (with.items().isEmpty() && !report.sources().isEmpty()) {
      terminal()
          .say(
              "There was no collateral to verify it with: `cloister collateral fetch FILE` gets it, or"
                  + " --collateral FILE names a bundle.");
    }
    boolean expired =
        check.checks().stream()
            .filter(Check::failed)
            .anyMatch(one -> one.detail().contains(" expired at "));
    if (at.isEmpty() && expired) {
      terminal().say("It was verified for now; --at TIME verifies it for the time that it is of.");
    }
  }

  private List<String> lines(EvidenceCheck check, Policy demanded) {
    Terminal.Ink ink = terminal().resultInk();
    var lines = new ArrayList<String>();
    lines.add("TEE          " + check.evidence().tee());
    check.measurement().ifPresent(is -> lines.add("measurement  " + is));
    for (Check one : check.checks()) {
      String mark =
          switch (one.outcome()) {
            case HOLDS -> ink.good("✓");
            case FAILS -> ink.bad("✗");
            case NOTED -> ink.warning("!");
          };
      lines.add(mark + " " + one.name() + "  " + Text.cell(one.detail()));
    }
    lines.add(
        switch (check.verdict()) {
          case ACCEPTED -> ink.good("✓ accepted: " + reason(check, demanded));
          case REFUSED, NOT_BELIEVED ->
              ink.bad("✗ %s: %s".formatted(check.verdict(), names(check, Check.Outcome.FAILS)));
        });
    return lines;
  }

  private static String reason(EvidenceCheck check, Policy demanded) {
    String noted = names(check, Check.Outcome.NOTED);
    return "it meets %s%s"
        .formatted(
            Text.cell(demanded.name()),
            noted.isEmpty() ? "" : "; nobody demanded anything of " + noted);
  }

  private static String names(EvidenceCheck check, Check.Outcome outcome) {
    return check.checks().stream()
        .filter(one -> one.outcome() == outcome)
        .map(Check::name)
        .distinct()
        .collect(Collectors.joining(", "));
  }

  static Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID, "--at is a time as in 2026-11-28T12:00:00Z", e);
    }
  }

  private static Bytes hex(String text) {
    try {
      return Binding.ofReportData(Bytes.hex(text)).reportData();
    } catch (IllegalArgumentException e) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID, "--report-data is 128 hexadecimal digits", e);
    }
  }
}
