package cloister.attestation;

import cloister.crypto.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// The registers that a Nitro Enclave started from an image will have, computed from the image: so
/// a participant need not believe whoever built it. Register 0 is the enclave's measurement.
///
/// An image (EIF) is a header of 548 bytes and sections with headers of 12, big-endian; versions 3
/// and 4 are read (`aws-nitro-enclaves-image-format`, `src/defs/mod.rs`). With X(data) = SHA-384(48
/// zero bytes ‖ SHA-384(data)), and sections in the file's order:
///
/// - 0 = X(kernel ‖ command line ‖ all ramdisks);
/// - 1 = X(kernel ‖ command line ‖ first ramdisk);
/// - 2 = X(other ramdisks);
/// - 8 = X(certificate of whoever signed the image, DER), only if it is signed.
///
/// The section of metadata is measured by nothing, and the checksum protects nothing: neither is
/// read. That the signature in the image is valid is checked by AWS before it sets register 8.
///
/// @param registers by index: 0, 1, 2, and 8 of a signed image
public record EifMeasurement(SortedMap<Integer, Measurement> registers) {
  private static final byte[] MAGIC = {'.', 'e', 'i', 'f'};
  private static final int HEADER_BYTES = 548;
  private static final int SECTIONS_AT = 26;
  private static final int OFFSETS_AT = 28;
  private static final int MOST_SECTIONS = 32;
  private static final int SIZES_AT = OFFSETS_AT + 8 * MOST_SECTIONS;
  private static final int SECTION_HEADER_BYTES = 12;
  private static final int MOST_SIGNATURE_BYTES = 32 * 1024;
  private static final int HASH_BYTES = 48;

  public EifMeasurement {
    registers = Collections.unmodifiableSortedMap(new TreeMap<>(registers));
    if (!registers.keySet().containsAll(List.of(0, 1, 2))) {
      throw new IllegalArgumentException("every image has the registers 0, 1 and 2");
    }
  }

  /// What `Claims` of such an enclave have as their measurement.
  public Measurement measurement() {
    Measurement image = registers.get(0);
    if (image == null) {
      throw new IllegalStateException("every image has register 0");
    }
    return image;
  }

  /// Reads the image to its end and closes nothing. Sections of gigabytes pass through a buffer.
  ///
  /// @throws EvidenceException if it is no image, or ambiguous: its header and its sections
  ///   disagree about where they are, so that a loader might run what was not measured
  public static EifMeasurement of(InputStream image) throws IOException, EvidenceException {
    return new Reader(image).read();
  }

  private static final class Reader {
    private final InputStream image;
    private final MessageDigest all = sha384();
    private final MessageDigest boot = sha384();
    private final MessageDigest application = sha384();
    private final SortedMap<Integer, Measurement> registers = new TreeMap<>();
    private int kernels;
    private int commandLines;
    private int ramdisks;

    private Reader(InputStream image) {
      this.image = image;
    }

    private EifMeasurement read() throws IOException, EvidenceException {
      ByteBuffer header = exactly(HEADER_BYTES, "header");
      for (byte expected : MAGIC) {
        if (header.get() != expected) {
          throw new EvidenceException("no enclave image: it does not begin with .eif");
        }
      }
      int version = Short.toUnsignedInt(header.getShort());
      if (version < 3 || version > 4) {
        throw new EvidenceException("an enclave image of version " + version + ", not 3 or 4");
      }
      int sections = Short.toUnsignedInt(header.getShort(SECTIONS_AT));
      if (sections > MOST_SECTIONS) {
        throw new EvidenceException(
            "an enclave image of " + sections + " sections, not at most 32");
      }
      long at = HEADER_BYTES;
      for (int i = 0; i < sections; i++) {
        long size = section(i, at, header);
        at += SECTION_HEADER_BYTES + size;
      }
      if (image.read() >= 0) {
        throw new EvidenceException("bytes follow the enclave image's last section");
      }
      if (kernels != 1 || commandLines != 1 || ramdisks == 0) {
        throw new EvidenceException(
            "an enclave image has one kernel, one command line and ramdisks, not %d, %d and %d"
                .formatted(kernels, commandLines, ramdisks));
      }
      registers.put(0, extended(all));
      registers.put(1, extended(boot));
      registers.put(2, extended(application));
      return new EifMeasurement(registers);
    }

    private long section(int index, long at, ByteBuffer header)
        throws IOException, EvidenceException {
      ByteBuffer section = exactly(SECTION_HEADER_BYTES, "section header");
      int type = Short.toUnsignedInt(section.getShort());
      section.getShort();
      long size = section.getLong();
      if (size < 0
          || header.getLong(OFFSETS_AT + 8 * index) != at
          || header.getLong(SIZES_AT + 8 * index) != size) {
        throw new EvidenceException(
            "the enclave image's header does not place section %d where it is".formatted(index));
      }
      switch (type) {
        case 1 -> {
          kernels++;
          measure(size, all, boot);
        }
        case 2 -> {
          commandLines++;
          measure(size, all, boot);
        }
        case 3 -> measure(size, all, ramdisks++ == 0 ? boot : application);
        case 4 -> signature(size);
        case 5 -> measure(size);
        default -> throw new EvidenceException("a section of the unknown type " + type);
      }
      return size;
    }

    private void measure(long size, MessageDigest... digests)
        throws IOException, EvidenceException {
      byte[] buffer = new byte[64 * 1024];
      long left = size;
      while (left > 0) {
        int read = image.read(buffer, 0, (int) Math.min(left, buffer.length));
        if (read < 0) {
          throw new EvidenceException("the enclave image ends within a section");
        }
        for (MessageDigest digest : digests) {
          digest.update(buffer, 0, read);
        }
        left -= read;
      }
    }

    /// CBOR: a list of maps, whose `signing_certificate` is PEM, written as a list of numbers.
    private void signature(long size) throws IOException, EvidenceException {
      if (size > MOST_SIGNATURE_BYTES || registers.containsKey(8)) {
        throw new EvidenceException("an enclave image with more than one signature section");
      }
      Bytes section = Bytes.of(exactly((int) size, "signature").array());
      if (!(Cbor.parse("EIF signature", section) instanceof Cbor.Array(var signatures))
          || signatures.isEmpty()
          || !(signatures.getFirst() instanceof Cbor.Dictionary(Map<Cbor, Cbor> first))
          || !(first.get(new Cbor.Text("signing_certificate"))
              instanceof Cbor.Array(var numbers))) {
        throw new EvidenceException("a signature section without a signing certificate");
      }
      X509Certificate certificate =
          Certificates.read("EIF signature", bytes(numbers), 1).getFirst();
      MessageDigest signer = sha384();
      signer.update(Certificates.encoded(certificate).toArray());
      registers.put(8, extended(signer));
    }

    private static Bytes bytes(List<Cbor> numbers) throws EvidenceException {
      byte[] bytes = new byte[numbers.size()];
      for (int i = 0; i < bytes.length; i++) {
        if (!(numbers.get(i) instanceof Cbor.Int(long value)) || value < 0 || value > 255) {
          throw new EvidenceException("a signing certificate that is no list of bytes");
        }
        bytes[i] = (byte) value;
      }
      return Bytes.of(bytes);
    }

    private ByteBuffer exactly(int size, String what) throws IOException, EvidenceException {
      byte[] bytes = image.readNBytes(size);
      if (bytes.length < size) {
        throw new EvidenceException("the enclave image ends within its " + what);
      }
      return ByteBuffer.wrap(bytes);
    }
  }

  private static Measurement extended(MessageDigest content) {
    MessageDigest register = sha384();
    register.update(new byte[HASH_BYTES]);
    register.update(content.digest());
    return new Measurement("sha384", Bytes.of(register.digest()));
  }

  private static MessageDigest sha384() {
    try {
      return MessageDigest.getInstance("SHA-384");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-384", e);
    }
  }
}
