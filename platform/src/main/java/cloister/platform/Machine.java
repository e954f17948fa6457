package cloister.platform;

import cloister.attestation.Tee;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/// Which interfaces a machine has for which TEE, and what to do where one is missing.
///
/// @param files of the machine
/// @param root below which the paths of the interfaces are
/// @param environment of the process
record Machine(KernelFiles files, Path root, Map<String, String> environment) {
  private static final Attempts PARAVISOR = new Attempts(20, Duration.ofMillis(500));

  static Machine real() {
    return new Machine(KernelFiles.ofMachine(), Path.of("/"), System.getenv());
  }

  EvidenceSource evidence(HardwarePlatform.Settings settings) throws PlatformException {
    return switch (settings.tee()) {
      case SEV_SNP -> snpReports();
      case TDX -> {
        require(
            Tee.TDX,
            TsmReports.FOLDER,
            "use Linux 6.7 or newer with CONFIG_TSM_REPORTS and CONFIG_TDX_GUEST_DRIVER, and mount"
                + " configfs on /sys/kernel/config");
        yield tsmReports(Tee.TDX);
      }
      case SGX -> {
        require(
            Tee.SGX,
            Gramine.FOLDER,
            "start the enclave in Gramine with sgx.remote_attestation = \"dcap\"");
        yield gramine();
      }
      case NITRO -> {
        require(
            Tee.NITRO,
            NitroModule.DEVICE,
            "start it inside a Nitro enclave, whose kernel has CONFIG_NSM");
        yield new NitroModule(Ioctl.of(at(NitroModule.DEVICE)), Attempts.USUAL);
      }
      case CONFIDENTIAL_SPACE -> {
        require(
            Tee.CONFIDENTIAL_SPACE,
            SpaceLauncher.SOCKET,
            "start it as the workload of a Confidential Space image");
        String audience =
            settings
                .audience()
                .orElseThrow(() ->
                    new PlatformException(
                        "a token of Confidential Space is for somebody: name with --audience what"
                            + " the participants' policies name"));
        yield space(audience);
      }
      case AZURE_CVM -> {
        requireTpm();
        yield new AzureCvm(this::tpm, PARAVISOR);
      }
      case AZURE_ACI -> {
        String folder = environment.get(AzureAci.VARIABLE);
        if (folder == null || folder.isEmpty()) {
          throw missing(
              Tee.AZURE_ACI,
              "the variable " + AzureAci.VARIABLE,
              "start it in a confidential container group");
        }
        yield new AzureAci(snpReports(), files, Path.of(folder), Attempts.USUAL);
      }
      case SIMULATED, AZURE_MAA, NVIDIA ->
          throw new PlatformException(
              settings.tee() + " is no hardware that an enclave runs on: name another --tee");
    };
  }

  SealingSource sealing(HardwarePlatform.Settings settings) throws PlatformException {
    if (settings.state() == HardwarePlatform.State.EPHEMERAL) {
      return new EphemeralRoot(settings.folder());
    }
    return switch (settings.tee()) {
      case SEV_SNP -> {
        require(
            Tee.SEV_SNP,
            SevGuest.DEVICE,
            "its key seals the state: use a kernel with CONFIG_SEV_GUEST, or --ephemeral-state,"
                + " whose state ends with the process");
        yield sevGuest();
      }
      case SGX -> gramine();
      case AZURE_CVM -> {
        requireTpm();
        yield new TpmSealing(this::tpm, settings.folder(), Attempts.USUAL);
      }
      case TDX, NITRO, CONFIDENTIAL_SPACE ->
          throw noRoot(settings.tee(), "this TEE has no key of its own for that");
      // The chip would derive one: the same for every container group on it, since host data, which
      // hold the digest of what the group may run, do not go into it.
      case AZURE_ACI ->
          throw noRoot(Tee.AZURE_ACI, "the chip's key is the same for every container group on it");
      case SIMULATED, AZURE_MAA, NVIDIA ->
          throw new PlatformException(settings.tee() + " seals nothing");
    };
  }

  private EvidenceSource snpReports() throws PlatformException {
    if (files.exists(at(TsmReports.FOLDER))) {
      return tsmReports(Tee.SEV_SNP);
    }
    if (files.exists(at(SevGuest.DEVICE))) {
      return sevGuest();
    }
    throw missing(
        Tee.SEV_SNP,
        TsmReports.FOLDER + " or " + SevGuest.DEVICE,
        "use Linux 6.7 or newer with CONFIG_TSM_REPORTS and CONFIG_SEV_GUEST, and mount configfs on"
            + " /sys/kernel/config");
  }

  private TsmReports tsmReports(Tee tee) {
    return new TsmReports(files, at(TsmReports.FOLDER), tee, Attempts.USUAL);
  }

  private SevGuest sevGuest() {
    return new SevGuest(Ioctl.of(at(SevGuest.DEVICE)), Attempts.USUAL);
  }

  private Gramine gramine() {
    return new Gramine(files, at(Gramine.FOLDER), Attempts.USUAL);
  }

  private SpaceLauncher space(String audience) throws PlatformException {
    try {
      return new SpaceLauncher(
          at(SpaceLauncher.SOCKET),
          audience,
          new Attempts(2, Duration.ofSeconds(1)),
          SpaceLauncher.TIMEOUT);
    } catch (IllegalArgumentException e) {
      throw new PlatformException("--audience: " + e.getMessage(), e);
    }
  }

  private Tpm tpm() throws IOException {
    return Tpm.open(at(Tpm.DEVICE));
  }

  private void requireTpm() throws PlatformException {
    require(
        Tee.AZURE_CVM,
        Tpm.DEVICE,
        "start it in a confidential VM of Azure, whose kernel has CONFIG_TCG_TPM, as a user who may"
            + " open it");
  }

  private void require(Tee tee, Path path, String remedy) throws PlatformException {
    if (!files.exists(at(path))) {
      throw missing(tee, path.toString(), remedy);
    }
  }

  private static PlatformException missing(Tee tee, String what, String remedy) {
    return new PlatformException("%s needs %s, which is missing: %s".formatted(tee, what, remedy));
  }

  private static PlatformException noRoot(Tee tee, String why) {
    return new PlatformException(
        ("%s: state cannot be sealed to this code, since %s. This version has no key service that"
                + " would release one on evidence; --ephemeral-state starts with state that ends"
                + " with the process")
            .formatted(tee, why));
  }

  private Path at(Path path) {
    return root.resolve(path.toString().substring(1));
  }
}
