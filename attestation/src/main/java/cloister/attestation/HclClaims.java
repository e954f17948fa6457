package cloister.attestation;

import cloister.crypto.Bytes;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What Microsoft's paravisor says about the virtual machine above it: JSON whose SHA-256 is in the
/// hardware's report, and which is worth what the paravisor's measurement is worth. Members that
/// are not read here inform and allow nothing.
///
/// @param attestationKey of the virtual TPM, `HCLAkPub`
/// @param userData the 64 bytes that the guest wrote to NV index 0x01400002 before it asked for the
///   report; empty if it wrote none, which older paravisors leave out and newer write as zeros
/// @param on of [Setting], those that are on
/// @param stated those that are said to be on or off
/// @param rootCertificate base64url of the SHA-256 of a certificate that the paravisor was started
///   with; empty on older ones
record HclClaims(
    PublicKey attestationKey,
    Optional<Bytes> userData,
    Set<Setting> on,
    Set<Setting> stated,
    String rootCertificate,
    String vmId) {
  static final int USER_DATA_BYTES = 64;

  private static final int MAX_BYTES = 8 * 1024;
  private static final int MAX_KEYS = 8;
  private static final int MAX_TEXT = 100;
  private static final String ATTESTATION_KEY = "HCLAkPub";

  /// How the machine was started.
  enum Setting {
    SECURE_BOOT("secure-boot"),
    /// Whether its operator has a serial console to it.
    CONSOLE("console-enabled"),
    TPM("tpm-enabled"),
    /// Whether the TPM's state outlives a restart.
    TPM_PERSISTED("tpm-persisted");

    private final String label;

    Setting(String label) {
      this.label = label;
    }

    @Override
    public String toString() {
      return label;
    }
  }

  HclClaims {
    on = Set.copyOf(on);
    stated = Set.copyOf(stated);
    if (!stated.containsAll(on)) {
      throw new IllegalArgumentException("what is on is stated");
    }
  }

  static HclClaims parse(Bytes json) throws EvidenceException {
    Fields fields = Json.parse("HCL runtime claims", json, MAX_BYTES);
    Fields configuration = fields.object("vm-configuration");
    var on = EnumSet.noneOf(Setting.class);
    var stated = EnumSet.noneOf(Setting.class);
    for (Setting setting : Setting.values()) {
      if (configuration.has(setting.label)) {
        stated.add(setting);
        if (configuration.flag(setting.label)) {
          on.add(setting);
        }
      }
    }
    return new HclClaims(
        attestationKey(fields),
        userData(fields),
        on,
        stated,
        text(configuration, "root-cert-thumbprint"),
        text(configuration, "vmUniqueId"));
  }

  boolean isOn(Setting setting) {
    return on.contains(setting);
  }

  List<Claim> claims() {
    var claims = new ArrayList<Claim>();
    claims.add(new Claim("user-data", userData.map(Bytes::hex).orElse("none")));
    for (Setting setting : Setting.values()) {
      claims.add(
          stated.contains(setting)
              ? Claim.flag(setting.label, isOn(setting))
              : new Claim(setting.label, "not said"));
    }
    claims.add(
        new Claim("root-cert-thumbprint", rootCertificate.isEmpty() ? "none" : rootCertificate));
    claims.add(new Claim("vm-unique-id", vmId));
    return List.copyOf(claims);
  }

  /// Exactly one: of two, somebody could mean the other.
  private static PublicKey attestationKey(Fields fields) throws EvidenceException {
    Optional<PublicKey> found = Optional.empty();
    for (Fields key : fields.objects("keys", MAX_KEYS)) {
      if (key.string("kid").equals(ATTESTATION_KEY)) {
        if (found.isPresent()) {
          throw fields.bad("keys", "has two keys " + ATTESTATION_KEY);
        }
        if (!key.string("kty").equals("RSA")) {
          throw key.bad("kty", "is not RSA");
        }
        found =
            Optional.of(
                Signatures.rsa(
                    Base64Url.decode("n of " + ATTESTATION_KEY, key.string("n")),
                    Base64Url.decode("e of " + ATTESTATION_KEY, key.string("e"))));
      }
    }
    return found.orElseThrow(() -> fields.bad("keys", "has no key " + ATTESTATION_KEY));
  }

  private static Optional<Bytes> userData(Fields fields) throws EvidenceException {
    if (!fields.has("user-data")) {
      return Optional.empty();
    }
    Bytes written = fields.hex("user-data", USER_DATA_BYTES);
    return SnpReport.isZero(written) ? Optional.empty() : Optional.of(written);
  }

  private static String text(Fields fields, String name) throws EvidenceException {
    String text = fields.optionalString(name).orElse("");
    if (text.length() > MAX_TEXT) {
      throw fields.bad(name, "has more than " + MAX_TEXT + " characters");
    }
    return text;
  }
}
