package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import java.io.ByteArrayInputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/// Inputs that announce, nest or repeat more than anybody has use for are refused, and what is
/// allocated until then goes with the bytes that are there and never with what they announce.
class AnnouncedSizeTest {
  private static final int MANY = 1 << 20;

  /// Far above what refusing takes, messages and first use of classes included, and far below what
  /// the smallest of the announced sizes would take.
  private static final long MOST_ALLOCATED_BYTES = 6L << 20;

  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void whatCborAnnouncesIsNotAllocated() {
    for (String type : new String[] {"9b", "bb", "5b", "7b"}) {
      for (String count :
          new String[] {"1000000000000000", "7fffffffffffffff", "ffffffffffffffff"}) {
        announced(() -> Cbor.parse("cbor", Bytes.hex(type + count + "00")));
      }
    }
    announced(() -> Cbor.parse("cbor", Bytes.hex("9a7fffffff00")));
    announced(() -> Cbor.parse("cbor", Bytes.hex("5a7fffffff00")));
    announced(() -> Cose.parse("cose", Bytes.hex("845b100000000000000000")));
  }

  @Test
  void aMillionElementsOfCborAreTooMany() {
    byte[] zeros = new byte[2 * MANY];
    refused(() -> Cbor.parse("array", Bytes.concat(Bytes.hex("9a00200000"), Bytes.of(zeros))));
    refused(() -> Cbor.parse("endless array", Bytes.concat(Bytes.hex("9f"), Bytes.of(zeros))));
    refused(() -> Cbor.parse("map", Bytes.concat(Bytes.hex("ba00100000"), Bytes.of(zeros))));
    ByteBuffer keys = ByteBuffer.allocate(6 * MANY);
    for (int key = 0x1_0000; keys.hasRemaining(); key++) {
      keys.put((byte) 0x1a).putInt(key).put((byte) 0);
    }
    Bytes entries = Bytes.of(keys.array());
    refused(() -> Cbor.parse("map of keys", Bytes.concat(Bytes.hex("ba00100000"), entries)));
    refused(() -> Cbor.parse("endless map", Bytes.concat(Bytes.hex("bf"), entries)));
  }

  @Test
  void cborIsNotNestedDeeply() {
    for (int opening : new int[] {0x81, 0xc1, 0x9f, 0xd8}) {
      byte[] nested = filled(opening, MANY);
      refused(() -> Cbor.parse("cbor", Bytes.of(nested)));
    }
    refused(() -> Cbor.parse("maps", repeated("a100", MANY / 2)));
  }

  @Test
  void jsonIsNotNestedDeeply() {
    byte[] lists = filled('[', MANY);
    refused(() -> Json.parseArray("lists", Bytes.of(lists), 2 * MANY));
    refused(() -> Json.parse("objects", repeated("7b2261223a", MANY / 5), 2 * MANY));
    refused(() -> Policy.parse(repeated("7b2261223a", 1000)));
    refused(() -> KeySet.parse("a test", repeated("7b2261223a", 1000)));
  }

  @Test
  void aMillionValuesOfJsonAreTooMany() {
    Bytes list = Bytes.concat(Bytes.utf8("["), repeated("302c", MANY), Bytes.utf8("0]"));
    refused(() -> Json.parseArray("list", list, 4 * MANY));
    refused(() -> Json.parseArray("list", list, MANY));
    refused(() ->
        Json.parse("number", Bytes.concat(Bytes.utf8("{\"a\":"), repeated("31", MANY)), 2 * MANY));
  }

  @Test
  void whatDerAnnouncesIsNotAllocated() {
    for (String length :
        new String[] {"83ffffff", "847fffffff", "84ffffffff", "887fffffffffffffff", "80", "ff"}) {
      announced(() -> Der.of("der", Bytes.hex("30" + length + "0101ff")).sequence());
      announced(() -> Der.of("der", Bytes.hex("04" + length + "0101ff")).octetString());
      announced(
          () -> Certificates.certificate("one", Bytes.hex("30" + length + "30820100").toArray()));
      announced(() -> Certificates.revocationList("one", Bytes.hex("30" + length + "30820100")));
    }
    announced(() -> Certificates.read("several", Bytes.hex("3082ffff3082ffff"), 8));
  }

  @Test
  void derIsNotNestedDeeply() {
    Bytes nested = nestedSequences(60_000);
    refused(() -> Certificates.certificate("one", nested.toArray()));
    refused(() -> Certificates.revocationList("one", nested));
    refused(() -> Certificates.read("several", nested, 8));
    // A reader of an extension goes down one level for each call, and nothing here calls itself.
    refused(() -> Der.of("der", nested).sequence().sequence().octetString());
  }

  @Test
  void whatBinaryStructuresAnnounceIsNotAllocated() {
    Bytes quote = Repository.read("tdx/quote.bin");
    announced(() -> DcapQuote.parse(changed(quote, 48 + 584, "ffffffff")));
    announced(() -> DcapQuote.parse(changed(quote, 48 + 584 + 4 + 128 + 2, "ffffffff")));
    announced(() ->
        SnpCertificates.read(
            Bytes.hex("63da758de6644564adc5f4b93be8accd" + "18000000" + "ffffff7f")));
    announced(() ->
        EventLog.parse(
            Bytes.hex("0000000003000000" + "00".repeat(20) + "ffffffff"),
            EventLog.Algorithm.SHA384));
    announced(() -> TpmQuote.parse(Bytes.hex("ffff00")));
    announced(
        () -> EifMeasurement.of(new ByteArrayInputStream(image("7fffffffffffff00").toArray())));
    announced(() ->
        HclReport.parse(
            changed(
                Bytes.concat(Bytes.hex("48434c41"), Bytes.of(new byte[2596])), 1232, "ffffffff")));
  }

  /// An enclave image whose one section, a kernel, has that size.
  private static Bytes image(String size) {
    return Bytes.concat(
        Bytes.hex("2e656966" + "0004" + "00".repeat(20) + "0001"),
        Bytes.hex("0000000000000224" + "00".repeat(8 * 31)),
        Bytes.hex(size + "00".repeat(8 * 31) + "00".repeat(8)),
        Bytes.hex("00010000" + size + "00"));
  }

  /// Each length in its shortest form, as DER demands.
  private static Bytes nestedSequences(int bytes) {
    byte[] nested = new byte[bytes];
    int from = bytes;
    while (from >= 4) {
      int length = bytes - from;
      if (length < 0x80) {
        nested[--from] = (byte) length;
      } else {
        nested[--from] = (byte) length;
        nested[--from] = (byte) (length >>> 8);
        nested[--from] = (byte) (length < 0x100 ? 0x81 : 0x82);
        if (length < 0x100) {
          nested[++from] = (byte) 0x81;
        }
      }
      nested[--from] = Der.SEQUENCE;
    }
    return Bytes.of(Arrays.copyOfRange(nested, from, bytes));
  }

  private static Bytes changed(Bytes bytes, int at, String hex) {
    byte[] changed = bytes.toArray();
    byte[] other = Bytes.hex(hex).toArray();
    System.arraycopy(other, 0, changed, at, other.length);
    return Bytes.of(changed);
  }

  private static byte[] filled(int octet, int count) {
    byte[] filled = new byte[count];
    Arrays.fill(filled, (byte) octet);
    return filled;
  }

  private static Bytes repeated(String hex, int count) {
    return Bytes.hex(hex.repeat(count));
  }

  private static void refused(ThrowingCallable parsing) {
    assertThatThrownBy(parsing).isInstanceOf(EvidenceException.class);
  }

  /// Refused, and nothing like the announced size was allocated.
  private static void announced(ThrowingCallable parsing) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    refused(parsing);
    assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isLessThan(MOST_ALLOCATED_BYTES);
  }
}
