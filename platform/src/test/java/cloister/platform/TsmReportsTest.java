package cloister.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class TsmReportsTest {
  private static final Binding BINDING = Binding.of("cloister/test/v1", Bytes.utf8("nonce"));
  private static final Bytes OTHER = Bytes.of(new byte[64]);

  private final FakeTsm kernel = new FakeTsm();

  private Evidence evidence(Tee tee) throws PlatformException {
    return new TsmReports(kernel, FakeTsm.FOLDER, tee, new Attempts(4, Duration.ZERO))
        .evidence(BINDING);
  }

  /// A request holds kernel memory until somebody removes it.
  @AfterEach
  void nothingIsLeftBehind() {
    assertThat(kernel.requests).isEmpty();
  }

  @Test
  void aReportIsForTheBindingAndCertificatesComeWithIt() throws Exception {
    Evidence bare = evidence(Tee.SEV_SNP);
    assertThat(bare.tee()).isEqualTo(Tee.SEV_SNP);
    assertThat(bare.report()).isEqualTo(FakeTsm.report(BINDING.reportData(), "0"));
    assertThat(bare.part(Evidence.Part.CERTIFICATES)).isEmpty();
    kernel.certificates = Bytes.utf8("a table");
    assertThat(evidence(Tee.SEV_SNP).part(Evidence.Part.CERTIFICATES))
        .contains(Bytes.utf8("a table"));
    kernel.provider = "tdx_guest\n";
    assertThat(evidence(Tee.TDX).part(Evidence.Part.CERTIFICATES)).isEmpty();
    assertThat(kernel.made).isEqualTo(3);
  }

  @Test
  void theLowestLevelThatTheGuestMayAskForIsAskedFor() throws Exception {
    kernel.floor = 2;
    assertThat(evidence(Tee.SEV_SNP).report()).isEqualTo(FakeTsm.report(BINDING.reportData(), "2"));
  }

  @Test
  void anotherProviderThanTheTeesIsRefusedAtOnce() {
    kernel.provider = "tdx_guest\n";
    assertThatThrownBy(() -> evidence(Tee.SEV_SNP))
        .isInstanceOf(PlatformException.class)
        .hasMessageContaining("this machine is no sev-snp guest")
        .hasMessageContaining("--tee");
    kernel.provider = "sev_guest\n";
    assertThatThrownBy(() -> evidence(Tee.TDX)).isInstanceOf(PlatformException.class);
    assertThat(kernel.made).isEqualTo(2);
  }

  /// Whoever writes between our write and our read gets its report data into our report.
  @Test
  void aReportThatAnotherWriterRacedForIsThrownAway() throws Exception {
    for (String between : new String[] {"outblob", "auxblob", "generation"}) {
      var races = new AtomicInteger(2);
      kernel.meanwhile =
          (attribute, request) -> {
            if (attribute.equals(between) && races.getAndDecrement() > 0) {
              kernel.write(request.resolve("inblob"), OTHER);
            }
          };
      assertThat(evidence(Tee.SEV_SNP).report())
          .isEqualTo(FakeTsm.report(BINDING.reportData(), "0"));
      assertThat(races.get()).isNegative();
    }
  }

  @Test
  void aWriterThatNeverRestsIsGivenUpOn() {
    kernel.meanwhile =
        (attribute, request) -> {
          if (attribute.equals("outblob")) {
            kernel.write(request.resolve("inblob"), OTHER);
          }
        };
    assertThatThrownBy(() -> evidence(Tee.SEV_SNP))
        .isInstanceOf(PlatformException.class)
        .hasMessageContaining("failed 4 times")
        .hasRootCauseMessage("generation 2 after 1 writes: another writer, or a write was refused");
    assertThat(kernel.made).isEqualTo(4);
  }

  @Test
  void whatIsBusyForAMomentIsAskedAgainAndWhatStaysSoIsNot() throws Exception {
    var busy = new AtomicInteger(3);
    kernel.meanwhile =
        (attribute, _) -> {
          if (attribute.equals("outblob") && busy.getAndDecrement() > 0) {
            throw new IOException("Resource temporarily unavailable");
          }
        };
    assertThat(evidence(Tee.SEV_SNP).report().size()).isPositive();
    busy.set(Integer.MAX_VALUE);
    assertThatThrownBy(() -> evidence(Tee.SEV_SNP))
        .isInstanceOf(PlatformException.class)
        .hasRootCauseMessage("Resource temporarily unavailable");
  }

  /// configfs tells nobody that a write failed at close.
  @Test
  void aWriteThatTheDriverRefusedIsNoticed() {
    kernel.refusesInblob = true;
    assertThatThrownBy(() -> evidence(Tee.SEV_SNP)).isInstanceOf(PlatformException.class);
  }

  @Test
  void aFolderThatThisUserMayNotUseIsNamedAtOnce() {
    kernel.mayCreate = false;
    assertThatThrownBy(() -> evidence(Tee.SEV_SNP))
        .isInstanceOf(PlatformException.class)
        .hasMessageContaining("/config/tsm/report")
        .hasMessageContaining("may not use it");
  }

  @Test
  void anEmptyAndAnOversizeReportAreRefused() {
    kernel.provider = "x".repeat(65);
    assertThatThrownBy(() -> evidence(Tee.SEV_SNP)).isInstanceOf(PlatformException.class);
    kernel.provider = "sev_guest\n";
    kernel.certificates = Bytes.of(new byte[128 * 1024 + 1]);
    assertThatThrownBy(() -> evidence(Tee.SEV_SNP)).isInstanceOf(PlatformException.class);
  }
}
