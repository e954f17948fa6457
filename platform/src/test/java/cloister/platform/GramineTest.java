package cloister.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Binding;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class GramineTest {
  private static final Binding BINDING = Binding.of("cloister/test/v1", Bytes.utf8("nonce"));
  private static final Path FOLDER = Path.of("/dev/attestation");

  /// Gramine's pseudo-files: report data of the process, a quote for them, and keys.
  private static final class FakeGramine implements KernelFiles {
    Bytes reportData = Bytes.of(new byte[64]);
    String type = "dcap";
    Bytes key = Bytes.hex("000102030405060708090a0b0c0d0e0f");
    int races;
    int quoteBytes = 4600;

    @Override
    public boolean exists(Path path) {
      return true;
    }

    @Override
    public void createFolder(Path folder) throws IOException {
      throw new IOException("no");
    }

    @Override
    public void deleteFolder(Path folder) throws IOException {
      throw new IOException("no");
    }

    @Override
    public void write(Path file, Bytes content) throws IOException {
      if (!file.endsWith("user_report_data") || content.size() > 64) {
        throw new IOException("Invalid argument");
      }
      reportData = content;
      if (races-- > 0) {
        reportData = Bytes.of(new byte[64]);
      }
    }

    @Override
    public Bytes read(Path file, int mostBytes) throws IOException {
      Bytes content =
          switch (FOLDER.relativize(file).toString()) {
            case "attestation_type" -> Bytes.utf8(type);
            case "quote" -> {
              if (!type.equals("dcap")) {
                throw new NoSuchFileException(file.toString());
              }
              yield Bytes.concat(
                  Bytes.of(new byte[368]), reportData, Bytes.of(new byte[quoteBytes - 432]));
            }
            case "keys/_sgx_mrenclave" -> key;
            default -> throw new NoSuchFileException(file.toString());
          };
      if (content.size() > mostBytes) {
        throw new IOException("more than " + mostBytes);
      }
      return content;
    }
  }

  private final FakeGramine files = new FakeGramine();
  private final Gramine gramine = new Gramine(files, FOLDER, new Attempts(3, Duration.ZERO));

  @Test
  void aQuoteIsForTheBinding() throws Exception {
    var evidence = gramine.evidence(BINDING);
    assertThat(evidence.tee()).isEqualTo(Tee.SGX);
    assertThat(evidence.report().slice(368, 432)).isEqualTo(BINDING.reportData());
  }

  @Test
  void aQuoteForTheReportDataOfAnotherThreadIsAskedForAgain() throws Exception {
    files.races = 2;
    assertThat(gramine.evidence(BINDING).report().slice(368, 432)).isEqualTo(BINDING.reportData());
    files.races = 3;
    assertThatThrownBy(() -> gramine.evidence(BINDING))
        .isInstanceOf(PlatformException.class)
        .hasRootCauseMessage("a quote for other report data than were written");
  }

  @Test
  void anEnclaveWithoutDcapIsToldWhatToSet() {
    files.type = "none";
    assertThatThrownBy(() -> gramine.evidence(BINDING))
        .isInstanceOf(PlatformException.class)
        .hasMessageContaining("sgx.remote_attestation");
  }

  @Test
  void anOversizeQuoteIsRefused() {
    files.quoteBytes = 64 * 1024 + 1;
    assertThatThrownBy(() -> gramine.evidence(BINDING)).isInstanceOf(PlatformException.class);
  }

  @Test
  void theRootIsDerivedFromTheEnclavesKeyAndAKeyThatIsNoneIsRefused() throws Exception {
    try (var root = gramine.root();
        var again = gramine.root()) {
      assertThat(again).isEqualTo(root);
      assertThat(root.size()).isEqualTo(32);
    }
    for (int size : new int[] {0, 15, 16, 17}) {
      files.key = Bytes.of(new byte[size]);
      assertThatThrownBy(gramine::root).isInstanceOf(PlatformException.class);
    }
  }
}
