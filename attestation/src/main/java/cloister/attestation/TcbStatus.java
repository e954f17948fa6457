package cloister.attestation;

import java.util.Arrays;
import java.util.Optional;

/// How a platform's patch level stands, by Intel's word (Intel PCS API v4, `tcbStatus`).
enum TcbStatus {
  UP_TO_DATE("UpToDate"),
  SW_HARDENING_NEEDED("SWHardeningNeeded"),
  CONFIGURATION_NEEDED("ConfigurationNeeded"),
  CONFIGURATION_AND_SW_HARDENING_NEEDED("ConfigurationAndSWHardeningNeeded"),
  /// The host has patched its TDX module, and this TD still runs from before: start it anew.
  TD_RELAUNCH_ADVISED("TDRelaunchAdvised"),
  TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED("TDRelaunchAdvisedConfigurationNeeded"),
  OUT_OF_DATE("OutOfDate"),
  OUT_OF_DATE_CONFIGURATION_NEEDED("OutOfDateConfigurationNeeded"),
  REVOKED("Revoked");

  private final String label;

  TcbStatus(String label) {
    this.label = label;
  }

  static Optional<TcbStatus> byLabel(String label) {
    return Arrays.stream(values()).filter(status -> status.label.equals(label)).findFirst();
  }

  /// Of the platform, once a part of it (quoting enclave, TDX module) is known to stand like this:
  /// what Intel's Quote Verification Library does in `TcbLevelCheck.cpp` and `TdxModuleCheck.cpp`.
  /// Other statuses of the part change nothing.
  TcbStatus convergedWith(TcbStatus part) {
    return switch (part) {
      case REVOKED -> REVOKED;
      case OUT_OF_DATE, OUT_OF_DATE_CONFIGURATION_NEEDED ->
          switch (this) {
            case UP_TO_DATE, SW_HARDENING_NEEDED -> OUT_OF_DATE;
            case CONFIGURATION_NEEDED, CONFIGURATION_AND_SW_HARDENING_NEEDED ->
                OUT_OF_DATE_CONFIGURATION_NEEDED;
            case TD_RELAUNCH_ADVISED,
                TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
                OUT_OF_DATE,
                OUT_OF_DATE_CONFIGURATION_NEEDED,
                REVOKED ->
                this;
          };
      case UP_TO_DATE,
          SW_HARDENING_NEEDED,
          CONFIGURATION_NEEDED,
          CONFIGURATION_AND_SW_HARDENING_NEEDED,
          TD_RELAUNCH_ADVISED,
          TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED ->
          this;
    };
  }

  boolean isOutOfDate() {
    return this == OUT_OF_DATE || this == OUT_OF_DATE_CONFIGURATION_NEEDED;
  }

  boolean isConfigurationNeeded() {
    return switch (this) {
      case CONFIGURATION_NEEDED,
          CONFIGURATION_AND_SW_HARDENING_NEEDED,
          OUT_OF_DATE_CONFIGURATION_NEEDED,
          TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED ->
          true;
      case UP_TO_DATE, SW_HARDENING_NEEDED, TD_RELAUNCH_ADVISED, OUT_OF_DATE, REVOKED -> false;
    };
  }

  @Override
  public String toString() {
    return label;
  }
}
