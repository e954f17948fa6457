package cloister.attestation;

import cloister.crypto.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;

/// Finds out from a file's bytes alone what evidence it is, for people who look at one. It decides
/// nothing: whatever it guesses is parsed and verified as that.
public final class Recognition {
  private static final int SNP_REPORT_BYTES = 1184;

  private static final Pattern HEXADECIMAL = Pattern.compile("(?:[0-9a-fA-F]{2})++");

  private static final Pattern JSON = Pattern.compile("[{\\[]");

  /// NVIDIA's service answers with a list of lists.
  private static final Pattern DETACHED_EAT = Pattern.compile("\\[\\s*+\\[\\s*+\"JWT\"");

  private Recognition() {}

  /// @param file as a vendor's tools write it: binary, the same as hexadecimal or base64 text, or
  ///   the JSON of a tool that [OtherTools] knows
  /// @throws EvidenceException if it is like nothing known, or a part of evidence without the rest
  public static Evidence recognise(Bytes file) throws EvidenceException {
    if (file.size() > Evidence.MAXIMUM_BYTES) {
      throw new EvidenceException("evidence has at most " + Evidence.MAXIMUM_BYTES + " bytes");
    }
    Optional<Tee> tee = kind(file);
    if (tee.isPresent()) {
      return new Evidence(tee.get(), file);
    }
    if (JSON.matcher(text(file)).lookingAt()) {
      Optional<Evidence> evidence = OtherTools.read(Bytes.utf8(text(file)));
      if (evidence.isPresent()) {
        return evidence.get();
      }
    }
    Optional<Bytes> decoded = decoded(file);
    if (decoded.isPresent()) {
      Optional<Tee> inside = kind(decoded.get());
      if (inside.isPresent()) {
        return new Evidence(inside.get(), decoded.get());
      }
    }
    if (isEndorsement(file)) {
      throw new EvidenceException(
          "an endorsement of a utility VM by Microsoft, and not evidence by itself: it is the part"
              + " endorsement of azure-aci evidence");
    }
    if (text(file).startsWith("-----BEGIN CERTIFICATE-----")) {
      throw new EvidenceException(
          "certificates, and not evidence by themselves: they are the part certificates of the"
              + " evidence that they came with");
    }
    throw new EvidenceException(
        "not evidence of a known kind: neither an SNP report, a TDX or SGX quote, a Nitro document,"
            + " an HCL report, an SPDM report nor a token of Google, Microsoft or NVIDIA");
  }

  static Optional<Tee> kind(Bytes file) {
    if (startsWith(file, "CLSIMTEE")) {
      return Optional.of(Tee.SIMULATED);
    }
    if (startsWith(file, "HCLA")) {
      return Optional.of(Tee.AZURE_CVM);
    }
    if (startsWith(file, "eyJ")) {
      return token(file);
    }
    if (DETACHED_EAT.matcher(text(file)).lookingAt()) {
      return Optional.of(Tee.NVIDIA);
    }
    if (file.size() < 64) {
      return Optional.empty();
    }
    byte[] head = file.slice(0, 8).toArray();
    int version = head[0] | head[1] << 8;
    // One that is cut off or has more at its end is one all the same, and its parser says so.
    if (version >= 2
        && version <= 5
        && head[2] == 0
        && (file.size() == SNP_REPORT_BYTES || isEcdsa(file))) {
      return Optional.of(Tee.SEV_SNP);
    }
    // A quote of Intel: u16 version, u16 key type 2, u32 TEE type.
    if (version >= 3 && version <= 5 && head[2] == 2 && head[3] == 0) {
      return Optional.of(head[4] == (byte) 0x81 ? Tee.TDX : Tee.SGX);
    }
    // Open Enclave puts u32 version 1 and u32 type 2 before it.
    if (version == 1 && head[4] == 2 && head[2] == 0 && head[3] == 0) {
      return Optional.of(Tee.SGX);
    }
    // COSE_Sign1: an array of four, tagged 18 or not, whose first is a byte string.
    if (head[0] == (byte) 0x84 || (head[0] == (byte) 0xd2 && head[1] == (byte) 0x84)) {
      return isOfNitro(file) ? Optional.of(Tee.NITRO) : Optional.empty();
    }
    // SPDM 1.1 GET_MEASUREMENTS.
    if (head[0] == 0x11 && head[1] == (byte) 0xe0) {
      return Optional.of(Tee.NVIDIA);
    }
    return Optional.empty();
  }

  /// An SNP report's signature algorithm, u32 at 0x34: ECDSA P-384 is 1.
  private static boolean isEcdsa(Bytes file) {
    return file.slice(0x34, 0x38).equals(Bytes.hex("01000000"));
  }

  /// AWS protects the algorithm and nothing else. What cannot be read is left to its parser, which
  /// says what is wrong.
  private static boolean isOfNitro(Bytes file) {
    try {
      return Cose.parse("COSE", file).protectedHeader().entries().size() <= 1;
    } catch (EvidenceException _) {
      return true;
    }
  }

  private static boolean isEndorsement(Bytes file) {
    try {
      return !UvmEndorsement.parse(file).feed().isEmpty();
    } catch (EvidenceException _) {
      return false;
    }
  }

  /// By the issuer that the token claims.
  private static Optional<Tee> token(Bytes file) {
    String[] parts = text(file).split("\\.", -1);
    if (parts.length != 3) {
      return Optional.empty();
    }
    try {
      String payload =
          new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.ISO_8859_1);
      if (payload.contains("confidentialcomputing.googleapis.com")) {
        return Optional.of(Tee.CONFIDENTIAL_SPACE);
      }
      return payload.contains("attest.azure.net") ? Optional.of(Tee.AZURE_MAA) : Optional.empty();
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  /// Hexadecimal, or base64 of either alphabet.
  static Optional<Bytes> decoded(Bytes file) {
    String text = text(file).replaceAll("\\s", "");
    try {
      return HEXADECIMAL.matcher(text).matches()
          ? Optional.of(Bytes.hex(text))
          : Optional.of(
              Bytes.of(Base64.getDecoder().decode(text.replace('-', '+').replace('_', '/'))));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  private static String text(Bytes file) {
    return new String(file.toArray(), StandardCharsets.ISO_8859_1).strip();
  }

  private static boolean startsWith(Bytes file, String magic) {
    return file.size() >= magic.length() && file.slice(0, magic.length()).equals(Bytes.utf8(magic));
  }
}
