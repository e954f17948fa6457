package cloister.cli;

import cloister.attestation.EifMeasurement;
import cloister.attestation.EvidenceException;
import cloister.attestation.Measurement;
import cloister.attestation.Tee;
import cloister.client.InputFile;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `cloister enclave measurement`
@Command(
    name = "measurement",
    description = "Compute what an enclave measures, for a collaboration or a policy to demand.",
    footer = {
      "Examples:",
      "  cloister enclave measurement                     # the simulated TEE's, of this build",
      "  cloister enclave measurement --eif enclave.eif   # of an image for AWS Nitro Enclaves",
      "",
      "Take it from your own build of the release that was agreed on, not from the server that is to",
      "be measured. docs/evidence.md says how the other TEEs' are computed."
    })
final class EnclaveMeasurement extends Verb {
  @Option(
      names = "--eif",
      paramLabel = "FILE",
      description = "An image for AWS Nitro Enclaves, whose registers are computed.")
  private Optional<Path> image = Optional.empty();

  EnclaveMeasurement(Options options) {
    super(options);
  }

  static Measurement ofThisBuild() {
    return Simulation.measurement();
  }

  @Override
  void run() {
    if (image.isPresent()) {
      printNitro(measured(image.get()));
      return;
    }
    Measurement measurement = ofThisBuild();
    options.print(
        Json.object()
            .put("tee", Tee.SIMULATED.label())
            .put("measurement", measurement.toString())
            .put("simulated", true)
            .build(),
        List.of(measurement.toString()));
    // Beside the result, which scripts put into a collaboration's file.
    terminal()
        .say("This is what the simulated TEE measures, which protects nothing: no hardware does.");
  }

  private void printNitro(EifMeasurement image) {
    var registers = Json.object();
    image
        .registers()
        .forEach((index, value) -> registers.put(Integer.toString(index), value.toString()));
    var lines = new ArrayList<String>();
    lines.add("TEE          " + Tee.NITRO);
    lines.add("measurement  " + image.measurement());
    image.registers().forEach((index, value) -> lines.add("pcr %-8d %s".formatted(index, value)));
    options.print(
        Json.object()
            .put("tee", Tee.NITRO.label())
            .put("measurement", image.measurement().toString())
            .put("pcr", registers.build())
            .build(),
        lines);
  }

  private static EifMeasurement measured(Path file) {
    try (var stream = new BufferedInputStream(Files.newInputStream(file))) {
      return EifMeasurement.of(stream);
    } catch (EvidenceException e) {
      throw new CloisterException(ErrorCode.FILE_UNREADABLE, file + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw InputFile.unreadable(file, e);
    }
  }
}
