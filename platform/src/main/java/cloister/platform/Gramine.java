package cloister.platform;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import cloister.crypto.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/// Quotes and the sealing key of an SGX enclave under Gramine, which gives both as files (Gramine,
/// "Attestation and Secret Provisioning").
final class Gramine implements EvidenceSource, SealingSource {
  static final Path FOLDER = Path.of("/dev/attestation");

  private static final int MOST_QUOTE_BYTES = 64 * 1024;
  private static final int MOST_TEXT_BYTES = 64;

  /// EGETKEY's keys have 128 bits.
  private static final int KEY_BYTES = 16;

  /// REPORTDATA in a quote of version 3 (Intel, ECDSA quote library API, appendix A.4): behind the
  /// header of 48 bytes, at 320 of the enclave's report.
  static final int REPORT_DATA_OFFSET = 48 + 320;

  private static final int REPORT_DATA_BYTES = 64;

  private final KernelFiles files;
  private final Path folder;
  private final Attempts attempts;

  Gramine(KernelFiles files, Path folder, Attempts attempts) {
    this.files = files;
    this.folder = folder;
    this.attempts = attempts;
  }

  @Override
  public Evidence evidence(Binding binding) throws PlatformException {
    return attempts.until(
        "a quote from " + folder,
        () -> {
          requireDcap();
          files.write(folder.resolve("user_report_data"), binding.reportData());
          Bytes quote = files.read(folder.resolve("quote"), MOST_QUOTE_BYTES);
          // The report data are one for the whole process.
          int end = REPORT_DATA_OFFSET + REPORT_DATA_BYTES;
          if (quote.size() < end
              || !quote.slice(REPORT_DATA_OFFSET, end).equals(binding.reportData())) {
            throw new IOException("a quote for other report data than were written");
          }
          return new Evidence(Tee.SGX, quote);
        });
  }

  private void requireDcap() throws IOException, PlatformException {
    String type =
        new String(
                files.read(folder.resolve("attestation_type"), MOST_TEXT_BYTES).toArray(),
                StandardCharsets.US_ASCII)
            .strip();
    if (!type.equals("dcap")) {
      throw new PlatformException(
          "Gramine was started without DCAP: set sgx.remote_attestation = \"dcap\" in the manifest");
    }
  }

  /// EGETKEY under MRENCLAVE, which covers the manifest and all files that it trusts.
  @Override
  public Secret root() throws PlatformException {
    return attempts.until(
        "a sealing key from " + folder,
        () -> {
          byte[] key = files.read(folder.resolve("keys/_sgx_mrenclave"), KEY_BYTES).toArray();
          if (key.length != KEY_BYTES || Arrays.equals(key, new byte[KEY_BYTES])) {
            throw new IOException("no key of 16 bytes");
          }
          try (Secret sealing = Secret.of(key)) {
            return sealing.derive("cloister/sealing/sgx/v1", Bytes.utf8(""), ROOT_BYTES);
          } finally {
            Arrays.fill(key, (byte) 0);
          }
        });
  }
}
