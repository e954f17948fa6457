package cloister.platform;

import cloister.attestation.AzureRegisters;
import cloister.crypto.Bytes;
import cloister.crypto.Secret;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// A root made of chance at the first start, and sealed by the TPM to the registers that say what
/// was started. It lies beside what it seals; [Tpm#unseal] says why a file that the host has
/// written is not believed.
final class TpmSealing implements SealingSource {
  static final String FILE = "sealing-root.tpm";

  private static final int MOST_FILE_BYTES = 4096;

  private final AzureCvm.Connector tpm;
  private final Path file;
  private final Attempts attempts;

  TpmSealing(AzureCvm.Connector tpm, Path state, Attempts attempts) {
    this.tpm = tpm;
    this.file = state.resolve(FILE);
    this.attempts = attempts;
  }

  @Override
  public Secret root() throws PlatformException {
    return attempts.until(
        "the TPM",
        () -> {
          try (Tpm opened = tpm.open()) {
            return Files.exists(file) ? unsealed(opened) : made(opened);
          }
        });
  }

  private Secret unsealed(Tpm opened) throws IOException, PlatformException {
    Bytes sealed = KernelFiles.ofMachine().read(file, MOST_FILE_BYTES);
    try (Secret root = opened.unseal(sealed, AzureRegisters.MEASURED)) {
      return root.derive("cloister/sealing/tpm/v1", Bytes.utf8(""), ROOT_BYTES);
    } catch (SealRefused e) {
      throw new PlatformException(
          "%s does not open: %s. Start the system that made this state, or choose another --state"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  /// A crash before the move leaves no file, and the next start makes another root; after it, this
  /// one is durable before anything is sealed under it.
  private Secret made(Tpm opened) throws IOException, PlatformException {
    try (Secret root = Secret.random(ROOT_BYTES)) {
      Bytes sealed = opened.seal(root, AzureRegisters.MEASURED);
      Path draft = file.resolveSibling(FILE + ".new");
      try (var channel =
          FileChannel.open(
              draft,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        var rest = ByteBuffer.wrap(sealed.toArray());
        while (rest.hasRemaining()) {
          channel.write(rest);
        }
        channel.force(true);
      }
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    }
    return unsealed(opened);
  }
}
