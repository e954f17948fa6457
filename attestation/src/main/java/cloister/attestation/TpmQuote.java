package cloister.attestation;

import cloister.crypto.Bytes;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/// What a TPM 2.0 signs about its registers (TPM 2.0 Library, Part 2, §10.12): `TPM2B_ATTEST` with
/// a `TPMS_ATTEST` of type quote, and `TPMT_SIGNATURE`, big-endian, nothing after them. It is worth
/// what the key is worth that [#require] is given: a quote names no key that could be believed.
///
/// @param nonce `extraData`: what the caller of the quote wanted in it
/// @param resets how often the TPM was reset, which is how often the machine was started
/// @param clockState whether the clock cannot have been at this value before
/// @param selection the registers of the SHA-256 bank that the digest is over
/// @param digest SHA-256 of their values in ascending order
/// @param signed the exact bytes of `TPMS_ATTEST`
record TpmQuote(
    Bytes qualifiedSigner,
    Bytes nonce,
    long clockMillis,
    long resets,
    long restarts,
    ClockState clockState,
    long firmwareVersion,
    SortedSet<Integer> selection,
    Bytes digest,
    Signatures.Algorithm algorithm,
    Bytes signed,
    Bytes signature) {
  private static final int MAX_BYTES = 4096;

  /// TPM_GENERATED_VALUE: the TPM signs no data from outside that begin so.
  private static final long GENERATED = 0xff544347L;

  /// TPM_ST_ATTEST_QUOTE.
  private static final int QUOTE = 0x8018;

  private static final int RSASSA = 0x0014;
  private static final int ECDSA = 0x0018;

  /// TPM2B_NAME and TPM2B_DATA: an algorithm and its longest digest.
  private static final int MAX_NAME_BYTES = 66;

  /// Of a PC client's selection: 24 registers.
  private static final int SELECTION_BYTES = 3;

  private static final int SCALAR_BYTES = 32;

  /// Whether the TPM's clock may go back to a value that it had before.
  enum ClockState {
    SAFE,
    UNSAFE
  }

  TpmQuote {
    selection = Collections.unmodifiableSortedSet(new TreeSet<>(selection));
  }

  static TpmQuote parse(Bytes part) throws EvidenceException {
    if (part.size() > MAX_BYTES) {
      throw new EvidenceException("a TPM quote has at most " + MAX_BYTES + " bytes");
    }
    Cursor at = Cursor.bigEndian("TPM quote", part);
    Bytes signed = at.bytes("TPM2B_ATTEST", at.u16("size"));
    Signature signature = signature(at);
    at.end();
    return attest(signed, signature);
  }

  /// Checks signature, selection and digest.
  ///
  /// @param prefix the checks are its `.signature`, `.selection` and `.registers`
  /// @param key the attestation key, from where the hardware vouches for it
  /// @param registers presented with the quote: exactly those that were selected, no more, no fewer
  void require(Checks checks, String prefix, PublicKey key, TpmRegisters registers) {
    checks.require(
        prefix + ".signature",
        Signatures.verify(algorithm, key, signed, signature),
        algorithm + " by the attestation key over the bytes received",
        "the quote is not signed by the attestation key that the hardware vouches for: it was"
            + " altered, or made by another TPM");
    checks.require(
        prefix + ".selection",
        selection.equals(registers.values().navigableKeySet()),
        "the quote is about the registers " + selection + ", which are those presented",
        "the quote is about the registers %s, and those presented are %s: send exactly the quoted"
            .formatted(selection, registers.values().navigableKeySet()));
    checks.require(
        prefix + ".registers",
        MessageDigest.isEqual(digest.toArray(), registers.digest().toArray()),
        "the registers presented have the quoted digest",
        "the registers presented do not have the quoted digest: they were altered, or have changed"
            + " since; quote and read them again");
  }

  /// Whether it was made for exactly this use. A TPM takes no 64 bytes, so the nonce is the SHA-256
  /// of the binding.
  boolean isBoundTo(Binding expected) {
    return MessageDigest.isEqual(expected.sha256().toArray(), nonce.toArray());
  }

  List<Claim> claims() {
    return List.of(
        new Claim("tpm-qualified-signer", qualifiedSigner.hex()),
        new Claim("tpm-extra-data", nonce.hex()),
        new Claim("tpm-clock-milliseconds", Long.toUnsignedString(clockMillis)),
        new Claim("tpm-reset-count", Long.toString(resets)),
        new Claim("tpm-restart-count", Long.toString(restarts)),
        new Claim("tpm-clock-safe", clockState == ClockState.SAFE ? "yes" : "no"),
        new Claim("tpm-firmware-version", "0x%016x".formatted(firmwareVersion)),
        new Claim("tpm-pcr-selection", selection.toString()),
        new Claim("tpm-pcr-digest", digest.hex()));
  }

  /// TPMT_SIGNATURE, as r ‖ s of full length where it is ECDSA.
  private record Signature(Signatures.Algorithm algorithm, Bytes value) {}

  private static Signature signature(Cursor at) throws EvidenceException {
    int scheme = at.u16("signature scheme");
    if (at.u16("signature hash") != TpmRegisters.SHA256) {
      throw at.bad("signature hash", "is not SHA-256");
    }
    return switch (scheme) {
      case RSASSA ->
          new Signature(
              Signatures.Algorithm.RS256, at.bytes("signature", at.u16("signature size")));
      case ECDSA ->
          new Signature(Signatures.Algorithm.ES256, Bytes.concat(scalar(at, "r"), scalar(at, "s")));
      default ->
          throw at.bad("signature scheme", "is 0x%04x, neither RSASSA nor ECDSA".formatted(scheme));
    };
  }

  /// TPM2B_ECC_PARAMETER: some TPMs leave leading zeros out.
  private static Bytes scalar(Cursor at, String name) throws EvidenceException {
    int size = at.u16("size of signature " + name);
    if (size > SCALAR_BYTES) {
      throw at.bad("signature " + name, "is longer than P-256 has it");
    }
    return Bytes.concat(
        Bytes.of(new byte[SCALAR_BYTES - size]), at.bytes("signature " + name, size));
  }

  // TPMS_ATTEST, §10.12.12
  private static TpmQuote attest(Bytes signed, Signature signature) throws EvidenceException {
    Cursor at = Cursor.bigEndian("TPMS_ATTEST", signed);
    if (at.u32("magic") != GENERATED) {
      throw at.bad("magic", "is not TPM_GENERATED_VALUE: the TPM did not make it");
    }
    if (at.u16("type") != QUOTE) {
      throw at.bad("type", "is not a quote");
    }
    Bytes signer = sized(at, "qualifiedSigner");
    Bytes nonce = sized(at, "extraData");
    long clock = at.u64("clock");
    long resets = at.u32("resetCount");
    long restarts = at.u32("restartCount");
    ClockState state =
        switch (at.u8("safe")) {
          case 0 -> ClockState.UNSAFE;
          case 1 -> ClockState.SAFE;
          default -> throw at.bad("safe", "is neither 0 nor 1");
        };
    long firmware = at.u64("firmwareVersion");
    SortedSet<Integer> selection = selection(at);
    Bytes digest = sized(at, "pcrDigest");
    if (digest.size() != TpmRegisters.DIGEST_BYTES) {
      throw at.bad("pcrDigest", "is no SHA-256");
    }
    at.end();
    return new TpmQuote(
        signer,
        nonce,
        clock,
        resets,
        restarts,
        state,
        firmware,
        selection,
        digest,
        signature.algorithm(),
        signed,
        signature.value());
  }

  private static Bytes sized(Cursor at, String field) throws EvidenceException {
    int size = at.u16("size of " + field);
    if (size > MAX_NAME_BYTES) {
      throw at.bad(field, "is longer than any TPM has it");
    }
    return at.bytes(field, size);
  }

  /// TPML_PCR_SELECTION with the SHA-256 bank and no other: registers of a second bank would be in
  /// the digest, and nobody would compare them.
  private static SortedSet<Integer> selection(Cursor at) throws EvidenceException {
    if (at.u32("pcrSelect count") != 1 || at.u16("pcrSelect bank") != TpmRegisters.SHA256) {
      throw at.bad("pcrSelect", "is not of the SHA-256 bank alone");
    }
    if (at.u8("sizeofSelect") != SELECTION_BYTES) {
      throw at.bad("sizeofSelect", "is not 3");
    }
    var selection = new TreeSet<Integer>();
    byte[] bitmap = at.bytes("pcrSelect", SELECTION_BYTES).toArray();
    for (int index = 0; index < TpmRegisters.COUNT; index++) {
      if ((bitmap[index / 8] >>> (index % 8) & 1) == 1) {
        selection.add(index);
      }
    }
    if (selection.isEmpty()) {
      throw at.bad("pcrSelect", "selects no register");
    }
    return selection;
  }
}
