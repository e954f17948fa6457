package cloister.platform;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.UUID;

/// Reports of SEV-SNP and quotes of TDX through Linux's configfs
/// (Documentation/ABI/testing/configfs-tsm-report): a folder of one's own is a request, writing its
/// `inblob` sets the report data, reading its `outblob` has the report made.
final class TsmReports implements EvidenceSource {
  static final Path FOLDER = Path.of("/sys/kernel/config/tsm/report");

  /// TSM_OUTBLOB_MAX of the kernel is 32 KiB; newer ones may have more.
  private static final int MOST_BLOB_BYTES = 128 * 1024;

  private static final int MOST_TEXT_BYTES = 64;

  private final KernelFiles files;
  private final Path folder;
  private final Tee tee;
  private final Attempts attempts;

  TsmReports(KernelFiles files, Path folder, Tee tee, Attempts attempts) {
    this.files = files;
    this.folder = folder;
    this.tee = tee;
    this.attempts = attempts;
    provider();
  }

  /// The driver that makes this kind of evidence, as it names itself.
  private String provider() {
    return switch (tee) {
      case SEV_SNP -> "sev_guest";
      case TDX -> "tdx_guest";
      case SIMULATED, SGX, NITRO, CONFIDENTIAL_SPACE, AZURE_CVM, AZURE_ACI, AZURE_MAA, NVIDIA ->
          throw new IllegalArgumentException("configfs gives no evidence of " + tee);
    };
  }

  @Override
  public Evidence evidence(Binding binding) throws PlatformException {
    return attempts.until("a report from " + folder, () -> report(binding));
  }

  /// A folder is the request of whoever made it, and anybody with its name could write to it: the
  /// name is fresh, and a report that is not of our own writes is thrown away.
  private Evidence report(Binding binding) throws IOException, PlatformException {
    Path request = folder.resolve("cloister-" + UUID.randomUUID());
    files.createFolder(request);
    try {
      return report(request, binding);
    } finally {
      files.deleteFolder(request);
    }
  }

  private Evidence report(Path request, Binding binding) throws IOException, PlatformException {
    // 1. The driver that is loaded is the one of this TEE.
    String found = text(request.resolve("provider"));
    if (!found.equals(provider())) {
      throw new PlatformException(
          "%s is served by another driver than %s: this machine is no %s guest, so name the TEE that it is with --tee"
              .formatted(folder, provider(), tee));
    }
    // 2. Where another privilege level than 0 is the lowest that this guest may ask for, that one:
    // level 0 would be refused. Which level is good enough is for the verifier.
    int writes = 0;
    Path floor = request.resolve("privlevel_floor");
    if (files.exists(floor)) {
      int level = number(text(floor));
      if (level > 0) {
        files.write(request.resolve("privlevel"), Bytes.utf8(Integer.toString(level)));
        writes++;
      }
    }
    // 3. All 64 bytes in one write; a second would be a second request.
    files.write(request.resolve("inblob"), binding.reportData());
    writes++;
    Map<Evidence.Part, Bytes> parts = new EnumMap<>(Evidence.Part.class);
    Bytes report = files.read(request.resolve("outblob"), MOST_BLOB_BYTES);
    if (report.size() == 0) {
      throw new IOException("an empty report");
    }
    parts.put(Evidence.Part.REPORT, report);
    Path certificates = request.resolve("auxblob");
    if (files.exists(certificates)) {
      Bytes table = files.read(certificates, MOST_BLOB_BYTES);
      if (table.size() > 0) {
        parts.put(Evidence.Part.CERTIFICATES, table);
      }
    }
    // 4. As many writes as we made. A driver's refusal of one is told here only.
    int generation = number(text(request.resolve("generation")));
    if (generation != writes) {
      throw new IOException(
          "generation %d after %d writes: another writer, or a write was refused"
              .formatted(generation, writes));
    }
    return new Evidence(tee, parts);
  }

  private String text(Path file) throws IOException {
    return new String(files.read(file, MOST_TEXT_BYTES).toArray(), StandardCharsets.US_ASCII)
        .strip();
  }

  private static int number(String text) throws IOException {
    if (!text.matches("\\d{1,9}")) {
      throw new IOException("no number where the kernel writes one");
    }
    return Integer.parseInt(text);
  }
}
