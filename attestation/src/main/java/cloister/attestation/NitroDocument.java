package cloister.attestation;

import cloister.crypto.Bytes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/// What the Nitro hypervisor signed: the payload of an attestation document, as in AWS's
/// `attestation_process.md` §3.1 (enclaves) and the EC2 guide's "Validate a NitroTPM Attestation
/// Document". Its text forbids null for what is absent; real documents have null there, and nowhere
/// else is it read.
///
/// @param kind by the name of its registers, which is signed
/// @param timestamp of the hypervisor's clock, in milliseconds
/// @param registers SHA-384 each, by index 0–31
/// @param certificate of the key that signed this document
/// @param bundle its issuers, the root first
/// @param unknown the names of fields that this version does not know
record NitroDocument(
    Kind kind,
    String moduleId,
    Instant timestamp,
    SortedMap<Integer, Bytes> registers,
    X509Certificate certificate,
    List<X509Certificate> bundle,
    Optional<Bytes> publicKey,
    Optional<Bytes> userData,
    Optional<Bytes> nonce,
    Set<String> unknown) {
  private static final int REGISTERS = 32;
  private static final int REGISTER_BYTES = 48;
  private static final int MOST_CERTIFICATE_BYTES = 1024;
  private static final int MOST_ISSUERS = 8;
  private static final int MOST_MODULE_ID = 200;

  /// The table says 1024 for the key and 512 for the others, the schema beside it 1024 for all.
  private static final int MOST_OPTIONAL_BYTES = 1024;

  /// The year 9999.
  private static final long LAST_MILLISECOND = 253_402_300_799_999L;

  private static final Set<String> KNOWN =
      Set.of(
          "module_id",
          "digest",
          "timestamp",
          "pcrs",
          "nitrotpm_pcrs",
          "certificate",
          "cabundle",
          "public_key",
          "user_data",
          "nonce");

  NitroDocument {
    registers = Collections.unmodifiableSortedMap(new TreeMap<>(registers));
    bundle = List.copyOf(bundle);
    unknown = Set.copyOf(unknown);
  }

  /// What the registers are about.
  enum Kind {
    /// A Nitro Enclave: registers 0–2 measure its image, and are zero if it runs in debug mode.
    ENCLAVE("enclave", "pcrs"),
    /// An EC2 instance with a NitroTPM: 4 measures the boot manager, 7 secure boot, 12 a command
    /// line that overrides the kernel's own (zero where there is none).
    NITRO_TPM("nitro-tpm", "nitrotpm_pcrs");

    private final String label;
    private final String field;

    Kind(String label, String field) {
      this.label = label;
      this.field = field;
    }

    /// The registers that decide which code runs: every document and every policy has them.
    List<Integer> decisive() {
      return switch (this) {
        case ENCLAVE -> List.of(0, 1, 2);
        case NITRO_TPM -> List.of(4, 7, 12);
      };
    }

    /// Those that hold zeros only if nothing was measured.
    private List<Integer> neverZero() {
      return switch (this) {
        case ENCLAVE -> List.of(0, 1, 2);
        case NITRO_TPM -> List.of(4, 7);
      };
    }

    static Kind byLabel(String label) {
      return Arrays.stream(values())
          .filter(kind -> kind.label.equals(label))
          .findFirst()
          .orElseThrow(() -> new IllegalArgumentException("neither enclave nor nitro-tpm"));
    }

    @Override
    public String toString() {
      return label;
    }
  }

  static NitroDocument parse(Bytes payload) throws EvidenceException {
    if (!(Cbor.parse("Nitro document", payload) instanceof Cbor.Dictionary fields)) {
      throw new EvidenceException("Nitro document: no map");
    }
    String moduleId = text(fields, "module_id");
    if (moduleId.isEmpty() || moduleId.length() > MOST_MODULE_ID) {
      throw bad("module_id", "has " + moduleId.length() + " characters");
    }
    if (!text(fields, "digest").equals("SHA384")) {
      throw bad("digest", "is not SHA384");
    }
    if (!(required(fields, "timestamp") instanceof Cbor.Int(long milliseconds))
        || milliseconds <= 0
        || milliseconds > LAST_MILLISECOND) {
      throw bad("timestamp", "is no time in milliseconds");
    }
    Kind kind = kind(fields);
    var unknown = new ArrayList<String>();
    for (Cbor key : fields.entries().keySet()) {
      if (!(key instanceof Cbor.Text(String name))) {
        throw new EvidenceException("Nitro document: a key that is no text");
      }
      if (!KNOWN.contains(name)) {
        unknown.add(name);
      }
    }
    return new NitroDocument(
        kind,
        moduleId,
        Instant.ofEpochMilli(milliseconds),
        registers(fields, kind),
        certificate("certificate", required(fields, "certificate")),
        bundle(fields),
        optional(fields, "public_key"),
        optional(fields, "user_data"),
        optional(fields, "nonce"),
        Set.copyOf(unknown));
  }

  private static Kind kind(Cbor.Dictionary fields) throws EvidenceException {
    List<Kind> kinds =
        Arrays.stream(Kind.values()).filter(kind -> fields.get(kind.field).isPresent()).toList();
    if (kinds.size() != 1) {
      throw bad("pcrs", "or nitrotpm_pcrs: exactly one of them is needed");
    }
    return kinds.getFirst();
  }

  private static SortedMap<Integer, Bytes> registers(Cbor.Dictionary fields, Kind kind)
      throws EvidenceException {
    if (!(required(fields, kind.field) instanceof Cbor.Dictionary(Map<Cbor, Cbor> entries))
        || entries.isEmpty()
        || entries.size() > REGISTERS) {
      throw bad(kind.field, "is no map of 1 to " + REGISTERS + " registers");
    }
    var registers = new TreeMap<Integer, Bytes>();
    for (var entry : entries.entrySet()) {
      if (!(entry.getKey() instanceof Cbor.Int(long index)) || index < 0 || index >= REGISTERS) {
        throw bad(kind.field, "has an index that is not 0 to " + (REGISTERS - 1));
      }
      if (!(entry.getValue() instanceof Cbor.ByteString(Bytes value))
          || value.size() != REGISTER_BYTES) {
        throw bad(kind.field, "has a register that is not " + REGISTER_BYTES + " bytes");
      }
      registers.put((int) index, value);
    }
    if (!registers.keySet().containsAll(kind.decisive())) {
      throw bad(kind.field, "lacks one of the registers " + kind.decisive());
    }
    return registers;
  }

  private static List<X509Certificate> bundle(Cbor.Dictionary fields) throws EvidenceException {
    if (!(required(fields, "cabundle") instanceof Cbor.Array(var elements))
        || elements.isEmpty()
        || elements.size() > MOST_ISSUERS) {
      throw bad("cabundle", "is no list of 1 to " + MOST_ISSUERS + " certificates");
    }
    var bundle = new ArrayList<X509Certificate>();
    for (Cbor element : elements) {
      bundle.add(certificate("cabundle", element));
    }
    return bundle;
  }

  private static X509Certificate certificate(String name, Cbor value) throws EvidenceException {
    if (!(value instanceof Cbor.ByteString(Bytes der))
        || der.size() == 0
        || der.size() > MOST_CERTIFICATE_BYTES) {
      throw bad(name, "has a certificate that is not 1 to " + MOST_CERTIFICATE_BYTES + " bytes");
    }
    return Certificates.certificate("Nitro document, " + name, der.toArray());
  }

  private static Optional<Bytes> optional(Cbor.Dictionary fields, String name)
      throws EvidenceException {
    Optional<Cbor> found = fields.get(name);
    if (found.isEmpty() || found.get() instanceof Cbor.Null) {
      return Optional.empty();
    }
    if (!(found.get() instanceof Cbor.ByteString(Bytes value))
        || value.size() > MOST_OPTIONAL_BYTES) {
      throw bad(name, "is neither null nor at most " + MOST_OPTIONAL_BYTES + " bytes");
    }
    return Optional.of(value);
  }

  private static String text(Cbor.Dictionary fields, String name) throws EvidenceException {
    if (required(fields, name) instanceof Cbor.Text(String text)) {
      return text;
    }
    throw bad(name, "is no text");
  }

  private static Cbor required(Cbor.Dictionary fields, String name) throws EvidenceException {
    return fields.get(name).orElseThrow(() -> bad(name, "is missing"));
  }

  private static EvidenceException bad(String field, String problem) {
    return new EvidenceException("Nitro document: " + field + " " + problem);
  }

  /// Whether a register that measures code holds zeros: of an enclave in debug mode all do, though
  /// everything is signed as ever; of an instance it means that nothing was measured.
  Claims.Debug debug() {
    var zeros = Optional.of(new Measurement("sha384", Bytes.of(new byte[REGISTER_BYTES])));
    return kind.neverZero().stream().anyMatch(index -> register(index).equals(zeros))
        ? Claims.Debug.ON
        : Claims.Debug.OFF;
  }

  /// Of an enclave PCR0, the whole image; of a NitroTPM SHA-384 over PCR4, PCR7 and PCR12: boot
  /// manager, Secure Boot and what the operator added to the command line.
  Measurement measurement() {
    return switch (kind) {
      case ENCLAVE -> present(0);
      case NITRO_TPM ->
          new Measurement(
              "sha384",
              sha384(Bytes.concat(present(4).digest(), present(7).digest(), present(12).digest())));
    };
  }

  /// One that every document of its kind has.
  private Measurement present(int index) {
    return register(index)
        .orElseThrow(() -> new IllegalStateException("parsed without register " + index));
  }

  private static Bytes sha384(Bytes content) {
    try {
      return Bytes.of(MessageDigest.getInstance("SHA-384").digest(content.toArray()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-384", e);
    }
  }

  Optional<Measurement> register(int index) {
    return Optional.ofNullable(registers.get(index)).map(value -> new Measurement("sha384", value));
  }

  List<Claim> claims() {
    var claims = new ArrayList<Claim>();
    claims.add(new Claim("document", kind.toString()));
    claims.add(new Claim("measurement", measurement().toString()));
    claims.add(new Claim("module-id", moduleId));
    claims.add(new Claim("timestamp", timestamp.toString()));
    registers.forEach((index, value) -> claims.add(new Claim("pcr" + index, value.hex())));
    claims.add(new Claim("certificate", Chain.of(certificate)));
    publicKey.ifPresent(value -> claims.add(new Claim("public-key", value.hex())));
    userData.ifPresent(value -> claims.add(new Claim("user-data", value.hex())));
    nonce.ifPresent(value -> claims.add(new Claim("nonce", value.hex())));
    return claims;
  }
}
