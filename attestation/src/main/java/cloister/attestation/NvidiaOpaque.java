package cloister.attestation;

import cloister.crypto.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What an NVIDIA device adds to its signed measurements (NVIDIA attestation-sdk,
/// `OpaqueDataType`). Elements that are not read here are informational, and shown.
///
/// @param driver absent in a switch
/// @param vbios version of the firmware
/// @param firmware digest of the firmware that holds the signing key; absent in early firmware
/// @param nvdec whether the first video decoder is there, and its measurement (index 35) with it
/// @param id parts of the VBIOS manifest's name: project, project SKU and chip SKU
/// @param elements all of them, by type
record NvidiaOpaque(
    Optional<NvidiaVersion> driver,
    NvidiaVersion vbios,
    Optional<Bytes> firmware,
    Nvdec nvdec,
    NvidiaMode mode,
    Optional<String> id,
    Optional<String> chip,
    Map<Integer, Bytes> elements) {
  private static final int DRIVER_VERSION = 3;
  private static final int VBIOS_VERSION = 6;
  private static final int NVDEC0_STATUS = 11;
  private static final int CHIP_SKU = 15;
  private static final int PROJECT = 17;
  private static final int PROJECT_SKU = 18;
  private static final int FWID = 20;
  private static final int PROTECTED_PCIE_STATUS = 21;
  private static final int OPAQUE_DATA_VERSION = 34;
  private static final int CHIP_INFO = 35;
  private static final int FEATURE_FLAG = 36;

  private static final byte ENABLED = (byte) 0xaa;
  private static final byte DISABLED = 0x55;
  private static final Map<Integer, String> NAMES = names();

  /// NVIDIA's verifiers leave the decoder's measurement out only if it is reported as disabled.
  enum Nvdec {
    DISABLED,
    MEASURED
  }

  NvidiaOpaque {
    elements = Map.copyOf(elements);
  }

  static NvidiaOpaque parse(Map<Integer, Bytes> elements) throws EvidenceException {
    var reader = new Elements(elements);
    Optional<String> driver = reader.text(DRIVER_VERSION);
    return new NvidiaOpaque(
        driver.isPresent()
            ? Optional.of(version(driver.get(), NvidiaVersion.Scheme.DRIVER))
            : Optional.empty(),
        vbios(reader),
        reader.ofSize(FWID, SpdmMeasurements.DIGEST_BYTES),
        nvdec(reader),
        mode(reader),
        id(reader),
        reader.text(CHIP_INFO),
        elements);
  }

  /// A switch writes text. A GPU writes two little-endian words: `00 5E 00 96, 01 00 00 00` is
  /// 96.00.5E.00.01.
  private static NvidiaVersion vbios(Elements reader) throws EvidenceException {
    Bytes element =
        reader
            .get(VBIOS_VERSION)
            .orElseThrow(() -> new EvidenceException("the NVIDIA report names no VBIOS version"));
    if (element.size() != 8) {
      return version(reader.text(VBIOS_VERSION).orElse(""), NvidiaVersion.Scheme.VBIOS);
    }
    ByteBuffer words = ByteBuffer.wrap(element.toArray()).order(ByteOrder.LITTLE_ENDIAN);
    String high = "%08X".formatted(words.getInt());
    int low = words.getInt();
    if (low < 0 || low > 0xff) {
      throw new EvidenceException("the NVIDIA report's VBIOS version is out of range");
    }
    var numbers = new ArrayList<String>();
    for (int i = 0; i < 8; i += 2) {
      numbers.add(high.substring(i, i + 2));
    }
    numbers.add("%02X".formatted(low));
    return NvidiaVersion.vbios(String.join(".", numbers));
  }

  private static Nvdec nvdec(Elements reader) throws EvidenceException {
    return reader
        .ofSize(NVDEC0_STATUS, 1)
        .filter(status -> status.toArray()[0] == DISABLED)
        .map(_ -> Nvdec.DISABLED)
        .orElse(Nvdec.MEASURED);
  }

  private static NvidiaMode mode(Elements reader) throws EvidenceException {
    if (reader.number(OPAQUE_DATA_VERSION).orElse(0) >= 1) {
      Optional<Integer> flag = reader.number(FEATURE_FLAG);
      if (flag.isPresent()) {
        return switch (flag.get()) {
          case 0 -> NvidiaMode.MULTI_PASS_THROUGH;
          case 1 -> NvidiaMode.SINGLE_PASS_THROUGH;
          case 2 -> NvidiaMode.PROTECTED_PCIE;
          default ->
              throw new EvidenceException(
                  "the NVIDIA report's mode is %d, which this version does not know"
                      .formatted(flag.get()));
        };
      }
    }
    return reader
        .ofSize(PROTECTED_PCIE_STATUS, 1)
        .filter(status -> status.toArray()[0] == ENABLED)
        .map(_ -> NvidiaMode.PROTECTED_PCIE)
        .orElse(NvidiaMode.UNSAID);
  }

  private static Optional<String> id(Elements reader) throws EvidenceException {
    var parts = new ArrayList<String>();
    for (int type : List.of(PROJECT, PROJECT_SKU, CHIP_SKU)) {
      reader.text(type).ifPresent(parts::add);
    }
    return parts.size() == 3 ? Optional.of(String.join("_", parts)) : Optional.empty();
  }

  private static NvidiaVersion version(String text, NvidiaVersion.Scheme scheme)
      throws EvidenceException {
    try {
      return new NvidiaVersion(scheme, text);
    } catch (IllegalArgumentException e) {
      throw new EvidenceException("the NVIDIA report's version is " + e.getMessage(), e);
    }
  }

  /// All elements, by name where it is known, in hexadecimal.
  List<Claim> claims() {
    return new TreeMap<>(elements)
        .entrySet().stream()
            .map(element ->
                new Claim(
                    "opaque-" + NAMES.getOrDefault(element.getKey(), element.getKey().toString()),
                    element.getValue().hex()))
            .toList();
  }

  private static Map<Integer, String> names() {
    return Map.ofEntries(
        Map.entry(DRIVER_VERSION, "driver-version"),
        Map.entry(4, "gpu-info"),
        Map.entry(VBIOS_VERSION, "vbios-version"),
        Map.entry(NVDEC0_STATUS, "nvdec0-status"),
        Map.entry(12, "measurement-counts"),
        Map.entry(13, "cpr-info"),
        Map.entry(14, "board-id"),
        Map.entry(CHIP_SKU, "chip-sku"),
        Map.entry(16, "chip-sku-mod"),
        Map.entry(PROJECT, "project"),
        Map.entry(PROJECT_SKU, "project-sku"),
        Map.entry(19, "project-sku-mod"),
        Map.entry(FWID, "fwid"),
        Map.entry(PROTECTED_PCIE_STATUS, "protected-pcie-status"),
        Map.entry(22, "switch-identifiers"),
        Map.entry(23, "disabled-ports"),
        Map.entry(24, "position"),
        Map.entry(25, "lock-status"),
        Map.entry(26, "gpu-identifiers"),
        Map.entry(27, "ports"),
        Map.entry(32, "gpu-links"),
        Map.entry(33, "system-status"),
        Map.entry(OPAQUE_DATA_VERSION, "version"),
        Map.entry(CHIP_INFO, "chip-info"),
        Map.entry(FEATURE_FLAG, "feature-flag"));
  }

  /// The elements, read by type of content.
  private record Elements(Map<Integer, Bytes> byType) {
    Optional<Bytes> get(int type) {
      return Optional.ofNullable(byType.get(type));
    }

    Optional<Bytes> ofSize(int type, int size) throws EvidenceException {
      Optional<Bytes> element = get(type);
      if (element.isPresent() && element.get().size() != size) {
        throw bad(type);
      }
      return element;
    }

    /// Letters, digits and dots with zero bytes after them: what a manifest's name is made of.
    Optional<String> text(int type) throws EvidenceException {
      Optional<Bytes> element = get(type);
      if (element.isEmpty()) {
        return Optional.empty();
      }
      String text =
          new String(element.get().toArray(), StandardCharsets.ISO_8859_1).replaceAll("\0+$", "");
      if (!text.matches("[A-Za-z0-9.]{1,64}")) {
        throw bad(type);
      }
      return Optional.of(text);
    }

    /// Little-endian, of one to four bytes.
    Optional<Integer> number(int type) throws EvidenceException {
      Optional<Bytes> element = get(type);
      if (element.isEmpty()) {
        return Optional.empty();
      }
      byte[] bytes = element.get().toArray();
      if (bytes.length == 0 || bytes.length > 4) {
        throw bad(type);
      }
      int number = 0;
      for (int i = bytes.length - 1; i >= 0; i--) {
        number = number << 8 | Byte.toUnsignedInt(bytes[i]);
      }
      return Optional.of(number);
    }

    private static EvidenceException bad(int type) {
      return new EvidenceException(
          "the NVIDIA report's element " + NAMES.getOrDefault(type, "" + type) + " is malformed");
    }
  }
}
