package cloister.cli;

import cloister.attestation.SimulatedEvidence;
import cloister.attestation.Tee;
import cloister.crypto.Secret;
import cloister.enclave.EnclaveServer;
import cloister.platform.HardwarePlatform;
import cloister.platform.Platform;
import cloister.platform.PlatformException;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `cloister enclave serve`
@Command(
    name = "serve",
    description = "Run an enclave server until Ctrl-C.",
    footer = {
      "Examples:",
      "  cloister enclave serve --accept-simulated",
      "  cloister enclave serve --accept-simulated --listen 0.0.0.0:8443 --state /var/lib/cloister",
      "  cloister enclave serve --accept-simulated --hsm /usr/lib/softhsm/libsofthsm2.so \\",
      "      --hsm-slot 1 --hsm-pin-file pin",
      "",
      "  cloister enclave serve --tee sev-snp --state /var/lib/cloister",
      "  cloister enclave serve --tee nitro --ephemeral-state",
      "",
      "The first line on standard output is its address, as soon as it accepts connections. The TEE",
      "is the one that is named, and nothing takes its place: where it is missing, no server starts.",
      "The simulated one protects nothing, and is asked for with --accept-simulated."
    })
final class EnclaveServe extends Verb {
  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      description = "Where to listen; port 0 takes a free one (default: ${DEFAULT-VALUE}).")
  private String listen = "127.0.0.1:8780";

  @Option(
      names = "--state",
      paramLabel = "DIR",
      description = "Where sealed state is kept (default: ${DEFAULT-VALUE}).")
  private Path state = Path.of("cloister-enclave");

  @Option(
      names = "--runs",
      paramLabel = "N",
      description = "How many runs may compute at once (default: ${DEFAULT-VALUE}).")
  private int runs = 2;

  @Option(
      names = "--run-memory",
      paramLabel = "MB",
      description = "What one run may use (default: ${DEFAULT-VALUE}).")
  private int runMemoryMegabytes = 2048;

  @Option(
      names = "--run-time",
      paramLabel = "SECONDS",
      description = "After which a run is stopped (default: ${DEFAULT-VALUE}).")
  private int runSeconds = 300;

  @Option(
      names = "--tee",
      paramLabel = "TEE",
      description = {
        "The hardware that it runs on: sev-snp, tdx, sgx, nitro, confidential-space, azure-cvm or",
        "azure-aci; or simulated, which needs --accept-simulated as well."
      })
  private Optional<String> tee = Optional.empty();

  @Option(
      names = "--ephemeral-state",
      description = {
        "Seal the state under a key that ends with the process: all that was published, run and",
        "spent is gone then. The only way on tdx, nitro, confidential-space and azure-aci, which",
        "have no key to seal with."
      })
  private boolean ephemeralState;

  @Option(
      names = "--audience",
      paramLabel = "NAME",
      description = "With confidential-space: for whom its tokens are, as your policies name it.")
  private Optional<String> audience = Optional.empty();

  @Option(
      names = "--hsm",
      paramLabel = "LIBRARY",
      description = "Keep the collaborations' CA keys in the HSM of this PKCS#11 library.")
  private Optional<Path> hsmLibrary = Optional.empty();

  @Option(names = "--hsm-slot", paramLabel = "N", description = "The HSM's slot.")
  private long hsmSlot;

  @Option(
      names = "--hsm-pin-file",
      paramLabel = "FILE",
      description = "A file with the slot's PIN and nothing else.")
  private Optional<Path> hsmPinFile = Optional.empty();

  @Option(
      names = "--plaintext-on-disk",
      paramLabel = "DIR",
      description = {
        "Where there is no memory-backed storage (/dev/shm): keep data in the clear in DIR, on a",
        "disk that the operator can read. Without it no server starts there."
      })
  private Optional<Path> plaintextOnDisk = Optional.empty();

  /// For whoever starts a server and may be killed: the server goes when its input ends.
  @Option(names = "--until-input-ends", hidden = true)
  private boolean untilInputEnds;

  EnclaveServe(Options options) {
    super(options);
  }

  @Override
  void run() throws Exception {
    // What is logged is a line like any other.
    System.setProperty("java.util.logging.SimpleFormatter.format", "%5$s%n");
    int colon = listen.lastIndexOf(':');
    var clock = InstantSource.system();
    var server = EnclaveServer.start(settings(colon), clock, platform(clock));
    boolean simulated = kind() == Tee.SIMULATED;
    String url = "http://" + listen.substring(0, Math.max(0, colon)) + ":" + server.port();
    var stop = new CountDownLatch(1);
    var stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  stop.countDown();
                  try {
                    stopped.await();
                  } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                  }
                },
                "stop the enclave"));
    if (options.json()) {
      terminal()
          .result(
              Json.object()
                  .put("url", url)
                  .put("measurement", server.measurement().toString())
                  .put("tee", kind().label())
                  .put("simulated", simulated)
                  .build()
                  .pretty());
    } else {
      terminal().result(url);
    }
    if (simulated) {
      options.warnSimulated();
    }
    terminal()
        .say(
            "Serving; Ctrl-C stops it. State is in "
                + state
                + (ephemeralState ? ", and ends with it." : "."));
    Thread.ofPlatform().daemon().start(() -> sayConfinement(server));
    if (untilInputEnds) {
      Thread.ofPlatform().daemon().start(() -> waitForEndOfInput(stop));
    }
    try {
      stop.await();
    } finally {
      server.close();
      stopped.countDown();
    }
  }

  /// What was named, and no other.
  private Tee kind() {
    boolean accepted = options.acceptance() == SimulatedEvidence.ACCEPT;
    if (tee.isEmpty()) {
      if (!accepted) {
        throw new CloisterException(
            ErrorCode.EVIDENCE_SIMULATED,
            "no TEE is named with --tee, and the simulated one, which protects nothing, has to be"
                + " asked for");
      }
      return Tee.SIMULATED;
    }
    Tee named =
        Tee.byLabel(tee.get())
            .orElseThrow(() ->
                new CloisterException(
                    ErrorCode.PARAMETER_INVALID, "“" + tee.get() + "” is no TEE: see --help"));
    if (named == Tee.SIMULATED && !accepted) {
      throw new CloisterException(
          ErrorCode.EVIDENCE_SIMULATED, "the simulated TEE protects nothing");
    }
    if (named != Tee.SIMULATED && accepted) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID,
          "--accept-simulated asks for no protection and --tee "
              + named
              + " for hardware: say one");
    }
    return named;
  }

  private Platform platform(InstantSource clock) {
    Tee kind = kind();
    if (kind == Tee.SIMULATED) {
      if (ephemeralState || audience.isPresent()) {
        throw new CloisterException(
            ErrorCode.PARAMETER_INVALID, "--ephemeral-state and --audience are for hardware");
      }
      return Simulation.platform(state, clock);
    }
    try {
      return HardwarePlatform.open(
          new HardwarePlatform.Settings(
              kind,
              state,
              ephemeralState ? HardwarePlatform.State.EPHEMERAL : HardwarePlatform.State.SEALED,
              audience));
    } catch (PlatformException e) {
      throw new CloisterException(ErrorCode.TEE_UNAVAILABLE, String.valueOf(e.getMessage()), e);
    }
  }

  private void sayConfinement(EnclaveServer server) {
    try {
      server
          .confinement()
          .map(layers ->
              layers.stream()
                  .map(layer -> layer.name().toLowerCase(Locale.ROOT))
                  .collect(Collectors.joining(", ", "Workers are confined by: ", ".")))
          .ifPresent(terminal()::say);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private EnclaveServer.Settings settings(int colon) {
    try {
      return new EnclaveServer.Settings(
          state,
          listen.substring(0, Math.max(0, colon)),
          Integer.parseInt(listen.substring(colon + 1)),
          runs,
          (long) runMemoryMegabytes << 20,
          Duration.ofSeconds(runSeconds),
          hsmLibrary.map(this::hsm),
          plaintextOnDisk);
    } catch (IllegalArgumentException e) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID,
          e instanceof NumberFormatException
              ? "--listen is HOST:PORT, as in 127.0.0.1:8780"
              : String.valueOf(e.getMessage()),
          e);
    }
  }

  private EnclaveServer.Hsm hsm(Path library) {
    Path pin =
        hsmPinFile.orElseThrow(
            () -> new CloisterException(ErrorCode.PARAMETER_INVALID, "--hsm needs --hsm-pin-file"));
    try {
      return new EnclaveServer.Hsm(library, hsmSlot, Secret.utf8(Files.readString(pin).strip()));
    } catch (IOException e) {
      throw new CloisterException(ErrorCode.FILE_UNREADABLE, pin + " cannot be read", e);
    }
  }

  private static void waitForEndOfInput(CountDownLatch stop) {
    try {
      while (System.in.read() >= 0) {}
    } catch (IOException _) {
      // An input that broke has ended too.
    }
    stop.countDown();
  }
}
