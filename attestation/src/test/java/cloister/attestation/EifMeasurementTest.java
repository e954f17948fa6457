package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EifMeasurementTest {
  /// @param type 1 kernel, 2 command line, 3 ramdisk, 4 signature, 5 metadata
  private record Section(int type, Bytes content) {}

  private static final Bytes KERNEL = noise(1, 200_000);
  private static final Bytes COMMAND_LINE = Bytes.utf8("reboot=k panic=30");
  private static final Bytes BOOT = noise(2, 70_000);
  private static final Bytes APPLICATION = noise(3, 90_001);
  private static final Bytes MORE = noise(4, 5);

  private final List<Section> sections =
      List.of(
          new Section(1, KERNEL),
          new Section(2, COMMAND_LINE),
          new Section(5, Bytes.utf8("{}")),
          new Section(3, BOOT),
          new Section(3, APPLICATION),
          new Section(3, MORE));

  @Test
  void theRegistersAreThoseOfTheDefinition() throws Exception {
    EifMeasurement measured = measure(image(sections));
    assertThat(measured.registers())
        .containsOnlyKeys(0, 1, 2)
        .containsEntry(0, extended(KERNEL, COMMAND_LINE, BOOT, APPLICATION, MORE))
        .containsEntry(1, extended(KERNEL, COMMAND_LINE, BOOT))
        .containsEntry(2, extended(APPLICATION, MORE));
    assertThat(measured.measurement()).isEqualTo(measured.registers().get(0));
  }

  /// Known from every published enclave that has one ramdisk.
  @Test
  void withoutFurtherRamdisksRegisterTwoIsTheKnownValue() throws Exception {
    EifMeasurement measured = measure(image(sections.subList(0, 4)));
    assertThat(measured.registers().get(2))
        .hasToString(
            "sha384:21b9efbc184807662e966d34f390821309eeac6802309798826296bf3e8bec7c"
                + "10edb30948c90ba67310f7b964fc500a");
    assertThat(measured.registers().get(0)).isEqualTo(measured.registers().get(1));
  }

  @Test
  void whoSignedTheImageIsRegisterEight() throws Exception {
    var signer = TestAuthority.root(Kind.P384, "Signer");
    Bytes pem = TestAuthority.pem(List.of(signer.certificate()));
    var signed = new ArrayList<>(sections);
    signed.add(new Section(4, signature(pem)));
    assertThat(measure(image(signed)).registers())
        .containsEntry(8, extended(signer.der()))
        .containsEntry(0, measure(image(sections)).measurement());
    signed.add(new Section(4, signature(pem)));
    refused(image(signed), "more than one signature");
    for (Bytes malformed :
        List.of(
            Bytes.hex("80"),
            Bytes.hex("a0"),
            Bytes.hex("81a0"),
            signature(Bytes.utf8("no certificate")),
            Bytes.of(new byte[33_000]))) {
      var other = new ArrayList<>(sections);
      other.add(new Section(4, malformed));
      assertThatThrownBy(() -> measure(image(other))).isInstanceOf(EvidenceException.class);
    }
  }

  @Test
  void metadataAreNotMeasuredAndEverythingElseIs() throws Exception {
    Measurement original = measure(image(sections)).measurement();
    for (int i = 0; i < sections.size(); i++) {
      var changed = new ArrayList<>(sections);
      changed.set(i, new Section(sections.get(i).type(), Bytes.utf8("another")));
      assertThat(measure(image(changed)).measurement().equals(original))
          .isEqualTo(sections.get(i).type() == 5);
    }
  }

  @Test
  void whatIsNoImageIsRefused() throws Exception {
    byte[] image = image(sections).toArray();
    for (int length : new int[] {0, 3, 547, 548, 559, 560, 100_000, image.length - 1}) {
      refused(Bytes.of(Arrays.copyOf(image, length)), "ends within");
    }
    refused(Bytes.concat(Bytes.of(image), Bytes.of(new byte[1])), "bytes follow");
    refused(altered(0, 1), "does not begin with .eif");
    refused(altered(5, 1), "version 5, not");
    refused(altered(26, 0x80), "sections, not at most 32");
    refused(altered(28 + 7, 1), "does not place section 0");
    refused(altered(28 + 256 + 7, 1), "does not place section 0");
    refused(altered(548 + 4, 0x80), "does not place section 0");
    refused(altered(549, 7), "unknown type 6");
    refused(image(sections.subList(0, 3)), "not 1, 1 and 0");
    var two = new ArrayList<>(sections);
    two.add(new Section(1, KERNEL));
    refused(image(two), "not 2, 1 and 3");
  }

  private Bytes altered(int at, int bits) {
    byte[] image = image(sections).toArray();
    image[at] ^= (byte) bits;
    return Bytes.of(image);
  }

  private static void refused(Bytes image, String reason) {
    assertThatThrownBy(() -> measure(image))
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining(reason);
  }

  private static EifMeasurement measure(Bytes image) throws IOException, EvidenceException {
    return EifMeasurement.of(new ByteArrayInputStream(image.toArray()));
  }

  /// Straight from the definition, over whole arrays.
  private static Measurement extended(Bytes... content) throws GeneralSecurityException {
    MessageDigest sha = MessageDigest.getInstance("SHA-384");
    byte[] inner = sha.digest(Bytes.concat(content).toArray());
    return new Measurement(
        "sha384",
        Bytes.of(sha.digest(Bytes.concat(Bytes.of(new byte[48]), Bytes.of(inner)).toArray())));
  }

  private static Bytes image(List<Section> sections) {
    ByteBuffer header = ByteBuffer.allocate(548);
    header.put(".eif".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    header.putShort((short) 4).putShort((short) 0).putLong(1 << 30).putLong(2).putShort((short) 0);
    header.putShort((short) sections.size());
    var parts = new ArrayList<Bytes>();
    long at = 548;
    for (int i = 0; i < sections.size(); i++) {
      Section section = sections.get(i);
      header.putLong(28 + 8 * i, at);
      header.putLong(28 + 256 + 8 * i, section.content().size());
      ByteBuffer head = ByteBuffer.allocate(12);
      head.putShort((short) section.type()).putShort((short) 0).putLong(section.content().size());
      parts.add(Bytes.of(head.array()));
      parts.add(section.content());
      at += 12 + section.content().size();
    }
    parts.addFirst(Bytes.of(header.array()));
    return Bytes.concat(parts.toArray(Bytes[]::new));
  }

  /// As serde writes a `Vec<PcrSignature>`: bytes as lists of numbers.
  private static Bytes signature(Bytes pem) {
    byte[] bytes = pem.toArray();
    var numbers = new Bytes[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      numbers[i] = CborWriting.number(Byte.toUnsignedInt(bytes[i]));
    }
    return CborWriting.array(
        CborWriting.map(
            CborWriting.text("signing_certificate"),
            CborWriting.array(numbers),
            CborWriting.text("signature"),
            CborWriting.array()));
  }

  private static Bytes noise(int seed, int size) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return Bytes.of(bytes);
  }
}
