package cloister.attestation;

import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/// Which registers of an Azure confidential VM's TPM matter: to whoever quotes them, seals to them,
/// verifies them or demands something of them.
public final class AzureRegisters {
  /// The registers that say what was started, whose digest is the measurement: 4 the boot loader or
  /// unified kernel image, 8 the boot loader's commands and the kernel's command line, 9 what the
  /// boot loader and the kernel read (kernel, initrd), 11 the unified kernel image's sections and
  /// the phases of boot, so that a machine always quotes in the same one, 12 command lines,
  /// credentials and configuration from outside the image, 13 extensions of the system, 14 the keys
  /// of shim. All follow from the image alone, so that an auditor can compute them.
  ///
  /// Not among them: 0 to 3, firmware, which is the paravisor's and measured by the hardware; 5 and
  /// 6, which name the disk and the machine; 7, Secure Boot's state and lists of keys, which the
  /// cloud updates, and which decide what may start where 4 says what did; 10, which grows with
  /// every file that Linux measures; 15, the machine's identity; 16 to 23, which anybody may reset
  /// or nobody uses.
  ///
  /// *Why 12, 13 and 8 too:* an image whose command line can be replaced without changing its
  /// measurement can be started without its disk's integrity (as in the advisory on register 12 of
  /// nitro-tpm-pcr-compute).
  public static final SortedSet<Integer> MEASURED = registers(4, 8, 9, 11, 12, 13, 14);

  /// What a policy has to say something about: [#MEASURED], and Secure Boot's.
  public static final SortedSet<Integer> NAMED = registers(4, 7, 8, 9, 11, 12, 13, 14);

  private AzureRegisters() {}

  private static SortedSet<Integer> registers(Integer... indices) {
    return Collections.unmodifiableSortedSet(new TreeSet<>(List.of(indices)));
  }
}
