package cloister.cli;

import cloister.attestation.Evidence;
import cloister.client.EvidenceCheck;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.EvidenceFormat;
import cloister.protocol.Json;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `cloister evidence fetch`
@Command(
    name = "fetch",
    description = "Ask an enclave for evidence, and write it to a file. Nothing of it is believed.",
    footer = {
      "Examples:",
      "  cloister evidence fetch --enclave https://enclave.example -o evidence.json",
      "  cloister evidence show evidence.json",
      "  cloister collateral fetch evidence.json    # what you will need to verify such evidence",
      "",
      "Anybody may ask. It is for getting ready before you sign: `cloister attest` and every verb",
      "after it ask anew, with a nonce of their own, and hold the evidence to what you signed."
    })
final class EvidenceFetch extends Verb {
  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      required = true,
      description = "A new file; of several pieces of evidence, each has its own: FILE, FILE.2, …")
  private Path output;

  EvidenceFetch(Options options) {
    super(options);
  }

  @Override
  void run() throws InterruptedException {
    URI enclave = options.enclave();
    List<Evidence> evidence = EvidenceCheck.fetch(enclave);
    for (Evidence one : evidence) {
      options.requireAccepted(one, "what " + enclave + " shows");
    }
    List<String> files = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    for (Evidence one : evidence) {
      Path file = files.isEmpty() ? output : Path.of(output + "." + (files.size() + 1));
      write(file, one);
      files.add(file.toString());
      lines.add(file + "  " + one.tee());
    }
    lines.add(terminal().resultInk().faint("Nothing of this is verified."));
    options.print(Json.object().put("files", files).put("verified", false).build(), lines);
  }

  private static void write(Path file, Evidence evidence) {
    writeNew(file, EvidenceFormat.write(evidence).canonical());
  }

  static void writeNew(Path file, byte[] content) {
    try {
      Files.write(file, content, StandardOpenOption.CREATE_NEW);
    } catch (FileAlreadyExistsException e) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID, file + " is there already; name a new file", e);
    } catch (IOException e) {
      throw new CloisterException(ErrorCode.FILE_UNREADABLE, file + " cannot be written", e);
    }
  }
}
