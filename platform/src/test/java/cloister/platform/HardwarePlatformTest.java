package cloister.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.EvidenceException;
import cloister.attestation.Measurement;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import cloister.crypto.Secret;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HardwarePlatformTest {
  private static final Binding BINDING = Binding.of("cloister/test/v1", Bytes.utf8("nonce"));
  private static final Measurement CODE = new Measurement("sha256", Bytes.of(new byte[32]));
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir Path folder;

  private HardwarePlatform platform(EvidenceSource source, Duration patience)
      throws PlatformException {
    return new HardwarePlatform(
        Tee.SEV_SNP, source, () -> Secret.of(new byte[32]), _ -> CODE, patience);
  }

  private static Evidence evidence(Binding binding) {
    return new Evidence(Tee.SEV_SNP, binding.reportData());
  }

  @Test
  void theMeasurementIsReadFromEvidenceThatItMakesAtTheStart() throws Exception {
    Set<Bytes> asked = new HashSet<>();
    EvidenceSource source =
        binding -> {
          asked.add(binding.reportData());
          return evidence(binding);
        };
    assertThat(platform(source, LONG).measurement()).isEqualTo(CODE);
    assertThat(platform(source, LONG).tee()).isEqualTo(Tee.SEV_SNP);
    assertThat(asked).hasSize(2);
    assertThatThrownBy(() ->
            new HardwarePlatform(
                Tee.TDX,
                source,
                () -> Secret.of(new byte[32]),
                _ -> {
                  throw new EvidenceException("an unknown version");
                },
                LONG))
        .isInstanceOf(PlatformException.class)
        .hasMessage(
            "this version cannot read the evidence that this machine gives as tdx: an unknown"
                + " version");
  }

  @Test
  void theHardwareIsAskedByOneAtATime() throws Exception {
    var inside = new AtomicInteger();
    var most = new AtomicInteger();
    var platform =
        platform(
            binding -> {
              most.accumulateAndGet(inside.incrementAndGet(), Math::max);
              Thread.onSpinWait();
              inside.decrementAndGet();
              return evidence(binding);
            },
            LONG);
    var done = new CountDownLatch(50);
    for (int i = 0; i < 50; i++) {
      Bytes nonce = Bytes.of(new byte[i]);
      Thread.ofVirtual()
          .start(() -> {
            Binding binding = Binding.of("cloister/test/v1", nonce);
            try {
              if (platform.evidence(binding).report().equals(binding.reportData())) {
                done.countDown();
              }
            } catch (PlatformException e) {
              throw new AssertionError(e);
            }
          });
    }
    done.await();
    assertThat(most.get()).isEqualTo(1);
  }

  /// A device that hangs holds its turn, and nobody waits for it for ever.
  @Test
  void whoeverWaitsTooLongIsToldSoAndTheTurnIsNotLost() throws Exception {
    var hangs = new CountDownLatch(1);
    var calls = new AtomicInteger();
    var ended = new CountDownLatch(1);
    var platform =
        platform(
            binding -> {
              if (calls.incrementAndGet() == 2) {
                try {
                  hangs.await();
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
                ended.countDown();
              }
              return evidence(binding);
            },
            Duration.ofMillis(200));
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> platform.evidence(BINDING))
          .isInstanceOf(PlatformException.class)
          .hasMessageContaining("did not answer within");
    }
    assertThatThrownBy(platform::sealingRoot).isInstanceOf(PlatformException.class);
    hangs.countDown();
    ended.await();
    assertThat(platform.evidence(BINDING)).isEqualTo(evidence(BINDING));
  }

  @Test
  void whatTheSourceSaysIsWhatTheCallerIsTold() throws Exception {
    var calls = new AtomicInteger();
    var platform =
        platform(
            binding -> {
              if (calls.incrementAndGet() > 1) {
                throw new PlatformException("the device is gone");
              }
              return evidence(binding);
            },
            LONG);
    assertThatThrownBy(() -> platform.evidence(BINDING))
        .isInstanceOf(PlatformException.class)
        .hasMessage("the device is gone");
  }

  private HardwarePlatform.Settings settings(Tee tee, HardwarePlatform.State state) {
    return new HardwarePlatform.Settings(tee, folder.resolve("state"), state, Optional.empty());
  }

  /// A machine that has nothing at all.
  private Machine nothing() {
    return new Machine(KernelFiles.ofMachine(), folder.resolve("machine"), Map.of());
  }

  @Test
  void aTeeThatIsNotThereIsOneLineThatSaysWhatIsMissingAndWhatToDo() {
    Map<Tee, String[]> said =
        Map.of(
            Tee.SEV_SNP,
            new String[] {"/sys/kernel/config/tsm/report", "/dev/sev-guest", "CONFIG_SEV_GUEST"},
            Tee.TDX,
            new String[] {"/sys/kernel/config/tsm/report", "CONFIG_TDX_GUEST_DRIVER"},
            Tee.SGX,
            new String[] {"/dev/attestation", "Gramine"},
            Tee.NITRO,
            new String[] {"/dev/nsm", "CONFIG_NSM"},
            Tee.CONFIDENTIAL_SPACE,
            new String[] {"/run/container_launcher/teeserver.sock", "Confidential Space"},
            Tee.AZURE_CVM,
            new String[] {"/dev/tpmrm0", "CONFIG_TCG_TPM"},
            Tee.AZURE_ACI,
            new String[] {"UVM_SECURITY_CONTEXT_DIR", "container group"},
            Tee.SIMULATED,
            new String[] {"no hardware"},
            Tee.AZURE_MAA,
            new String[] {"no hardware"},
            Tee.NVIDIA,
            new String[] {"no hardware"});
    assertThat(said.keySet()).containsExactlyInAnyOrder(Tee.values());
    said.forEach((tee, parts) ->
        assertThatThrownBy(
                () -> nothing().evidence(settings(tee, HardwarePlatform.State.EPHEMERAL)))
            .isInstanceOf(PlatformException.class)
            .hasMessageContainingAll(parts)
            .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n")));
  }

  /// None of these keys is bound to the code, or there is none: nothing is made up in its place.
  @Test
  void aTeeWithoutASealingKeyOfItsOwnNeedsAStateThatEndsWithTheProcess() throws Exception {
    for (Tee tee : new Tee[] {Tee.TDX, Tee.NITRO, Tee.CONFIDENTIAL_SPACE, Tee.AZURE_ACI}) {
      assertThatThrownBy(() -> nothing().sealing(settings(tee, HardwarePlatform.State.SEALED)))
          .isInstanceOf(PlatformException.class)
          .hasMessageContaining(tee + ": state cannot be sealed to this code")
          .hasMessageContaining("--ephemeral-state");
      var one = nothing().sealing(settings(tee, HardwarePlatform.State.EPHEMERAL));
      var other = nothing().sealing(settings(tee, HardwarePlatform.State.EPHEMERAL));
      assertThat(one.root()).isEqualTo(one.root()).isNotEqualTo(other.root());
    }
    for (Tee tee : new Tee[] {Tee.SEV_SNP, Tee.AZURE_CVM}) {
      assertThatThrownBy(() -> nothing().sealing(settings(tee, HardwarePlatform.State.SEALED)))
          .isInstanceOf(PlatformException.class)
          .hasMessageContaining("/dev/");
    }
  }

  @Test
  void anEphemeralStateBeginsEmpty() throws Exception {
    Path state = Files.createDirectory(folder.resolve("state"));
    Files.createFile(state.resolve("lock"));
    new EphemeralRoot(state);
    Files.createDirectory(state.resolve("rooms"));
    assertThatThrownBy(() -> new EphemeralRoot(state))
        .isInstanceOf(PlatformException.class)
        .hasMessageContaining("holds state of an earlier start");
  }

  @Test
  void theInterfaceThatIsThereIsTaken() throws Exception {
    Path machine = folder.resolve("machine");
    Files.createDirectories(machine.resolve("dev"));
    Files.createFile(machine.resolve("dev/sev-guest"));
    assertThat(source(Tee.SEV_SNP)).isEqualTo(SevGuest.class);
    Files.createDirectories(machine.resolve("sys/kernel/config/tsm/report"));
    assertThat(source(Tee.SEV_SNP)).isEqualTo(TsmReports.class);
    assertThat(source(Tee.TDX)).isEqualTo(TsmReports.class);
    assertThat(nothing().sealing(settings(Tee.SEV_SNP, HardwarePlatform.State.SEALED)).getClass())
        .isEqualTo(SevGuest.class);
    Files.createDirectories(machine.resolve("run/container_launcher"));
    Files.createFile(machine.resolve("run/container_launcher/teeserver.sock"));
    assertThatThrownBy(() -> source(Tee.CONFIDENTIAL_SPACE))
        .isInstanceOf(PlatformException.class)
        .hasMessageContaining("--audience");
    assertThat(Arrays.asList(Tee.values())).hasSize(10);
  }

  private Class<?> source(Tee tee) throws PlatformException {
    return nothing().evidence(settings(tee, HardwarePlatform.State.SEALED)).getClass();
  }
}
