package cloister.cli;

import cloister.attestation.Collateral;
import cloister.attestation.SimulatedEvidence;
import cloister.client.CollateralStore;
import cloister.client.DocumentPackage;
import cloister.client.Policies;
import cloister.client.Receipts;
import cloister.client.Receipts.Checked;
import cloister.crypto.Bytes;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.protocol.PolicyDocument;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cloister receipt verify`
@Command(
    name = "verify",
    description = "Check the proof of a run offline: no network, no server, no account.",
    footer = {
      "Examples:",
      "  cloister receipt verify overlap.receipt.json --accept-simulated  # what your home has signed",
      "  cloister receipt verify overlap.receipt.json --terms collaboration.yaml --accept-simulated",
      "",
      "It exits with 3 and names what does not hold, if anything does not."
    })
final class ReceiptVerify extends Verb {
  private static final int MAX_BYTES = 4 << 20;

  @Parameters(paramLabel = "FILE", description = "The receipt.")
  private Path file;

  @Option(
      names = "--terms",
      paramLabel = "FILE",
      description =
          "The collaboration whose demands the evidence must meet; then no home is needed.")
  private Optional<Path> terms = Optional.empty();

  @Option(
      names = "--policy",
      paramLabel = "FILE",
      description = "With --terms: the attestation policy that the collaboration names.")
  private List<Path> policies = List.of();

  @Option(
      names = "--collateral",
      paramLabel = "FILE",
      description =
          "With --terms: a bundle to verify evidence with, beside what the receipt holds.")
  private Optional<Path> collateral = Optional.empty();

  ReceiptVerify(Options options) {
    super(options);
  }

  @Override
  void run() throws Exception {
    // A home has its own policies and collateral: what is given would seem to be used.
    requireTerms("--policy", !policies.isEmpty());
    requireTerms("--collateral", collateral.isPresent());
    Bytes receipt = Bytes.of(stripped(read()));
    Checked checked;
    try {
      checked = verify(receipt, options.acceptance());
    } catch (CloisterException e) {
      throw options.acceptance() == SimulatedEvidence.REFUSE && holdsIfSimulated(receipt)
          ? new CloisterException(
              ErrorCode.EVIDENCE_SIMULATED, "the receipt holds, and is of a simulated enclave", e)
          : e;
    }
    if (checked.simulated()) {
      options.warnSimulated();
    }
    var lines = new ArrayList<String>();
    Terminal.Ink ink = terminal().resultInk();
    lines.addAll(Text.facts(checked.facts()));
    checked.holds().forEach(what -> lines.add(ink.good("✓") + " " + what));
    var facts = Json.object();
    checked.facts().forEach(facts::put);
    options.print(
        Json.object()
            .put("holds", checked.holds())
            .put("facts", facts.build())
            .put("simulated", checked.simulated())
            .build(),
        List.copyOf(lines));
  }

  private void requireTerms(String option, boolean given) {
    if (given && terms.isEmpty()) {
      throw new CloisterException(ErrorCode.PARAMETER_INVALID, option + " goes with --terms");
    }
  }

  private Checked verify(Bytes receipt, SimulatedEvidence simulated) {
    return terms.isPresent()
        ? Receipts.verify(
            receipt,
            DocumentPackage.collaboration(terms.get()),
            policies.stream().map(Policies::read).map(PolicyDocument::policy).toList(),
            collateral.map(CollateralStore::read).orElse(Collateral.none()),
            simulated)
        : Receipts.verify(receipt, options.home(), options.collaboration(), simulated);
  }

  private boolean holdsIfSimulated(Bytes receipt) {
    try {
      return verify(receipt, SimulatedEvidence.ACCEPT).simulated();
    } catch (CloisterException _) {
      return false;
    }
  }

  /// Without the line end that editors and mail add: the form inside is the only one there is.
  private static byte[] stripped(byte[] file) {
    int from = 0;
    int to = file.length;
    while (from < to && isSpace(file[from])) {
      from++;
    }
    while (to > from && isSpace(file[to - 1])) {
      to--;
    }
    return Arrays.copyOfRange(file, from, to);
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\n' || b == '\r' || b == '\t';
  }

  private byte[] read() {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new CloisterException(ErrorCode.TOO_LARGE, file + " is too large for a receipt");
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new CloisterException(ErrorCode.FILE_UNREADABLE, file + " cannot be read", e);
    }
  }
}
