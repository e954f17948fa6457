package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.CelLog.Bank;
import cloister.attestation.CelLog.Subject;
import cloister.attestation.EventLog.Algorithm;
import cloister.crypto.Bytes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/// Logs of containers that Confidential Space started.
class CelLogTest {
  /// @param measured what the digest is of, mostly the value itself
  record Entry(int number, int register, int type, String value, String measured) {
    static Entry of(int number, Subject subject, String value) {
      return new Entry(number, 4, subject.code(), value, value);
    }

    Bytes encoded() {
      Bytes digest = Algorithm.SHA384.digest(tlv(80, tlv(type, Bytes.utf8(measured))));
      return Bytes.concat(
          tlv(0, Bytes.of(ByteBuffer.allocate(8).putLong(number).array())),
          tlv(108, Bytes.of(new byte[] {(byte) register})),
          tlv(3, tlv(0x0c, digest)),
          tlv(80, tlv(type, Bytes.utf8(value))));
    }
  }

  private static final Entry IMAGE = Entry.of(0, Subject.IMAGE_DIGEST, "sha256:11");
  private static final Entry END = Entry.of(1, Subject.LAUNCH_SEPARATOR, "");

  @Test
  @EnabledIf(value = Vectors.PRESENT, disabledReason = Vectors.ABSENT)
  void theLogOfARealContainerIsRead() throws Exception {
    Bytes log = real();
    CelLog parsed = CelLog.parse(log, Algorithm.SHA384);
    assertThat(parsed.events()).hasSize(18);
    assertThat(parsed.replay(Bank.CCMR, 4).hex()).startsWith("2261f93374ed538b35e7e93c");
    assertThat(parsed.replay(Bank.PCR, 4)).isEqualTo(Bytes.of(new byte[48]));
    assertThat(parsed.values(Subject.IMAGE_DIGEST))
        .singleElement()
        .asString()
        .startsWith("sha256:777049f969d790c7");
    assertThat(parsed.values(Subject.GPU_MODE)).containsExactly("ON");
    assertThat(parsed.events().getLast().subject()).isEqualTo(Subject.LAUNCH_SEPARATOR);
    for (int at = 0; at < log.size(); at++) {
      byte[] changed = log.toArray();
      changed[at] ^= (byte) (1 << (at % 8));
      Bytes other = Bytes.of(changed);
      // The register is what the quote is compared with.
      if (!replaysAlike(other, parsed)) {
        continue;
      }
      assertThat(false).as("byte %d", at).isTrue();
    }
  }

  private static boolean replaysAlike(Bytes log, CelLog genuine) {
    try {
      return CelLog.parse(log, Algorithm.SHA384)
          .replay(Bank.CCMR, 4)
          .equals(genuine.replay(Bank.CCMR, 4));
    } catch (EvidenceException _) {
      return false;
    }
  }

  @Test
  @EnabledIf(value = Vectors.PRESENT, disabledReason = Vectors.ABSENT)
  void aLogCutShortIsRefused() {
    Bytes log = real();
    for (int size = 0; size < log.size(); size++) {
      Bytes cut = log.slice(0, size);
      assertThatThrownBy(() -> CelLog.parse(cut, Algorithm.SHA384))
          .isInstanceOf(EvidenceException.class);
    }
  }

  @Test
  void whatIsNotMeasuredIsRefused() throws Exception {
    assertThat(parse(IMAGE, END).values(Subject.IMAGE_DIGEST)).containsExactly("sha256:11");
    assertThatThrownBy(() -> parse(new Entry(0, 4, 1, "sha256:22", "sha256:11"), END))
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining("not that of the content");
  }

  @Test
  void recordsAreNumberedFromZero() {
    for (List<Entry> entries :
        List.of(
            List.of(Entry.of(1, Subject.IMAGE_DIGEST, "sha256:11"), END),
            List.of(IMAGE, Entry.of(2, Subject.LAUNCH_SEPARATOR, "")),
            List.of(IMAGE, Entry.of(0, Subject.LAUNCH_SEPARATOR, "")))) {
      assertThatThrownBy(() -> parse(entries.toArray(Entry[]::new)))
          .isInstanceOf(EvidenceException.class)
          .hasMessageContaining("record number");
    }
  }

  @Test
  void oneImageWasStartedAndNothingFollows() {
    for (List<Entry> entries :
        List.of(
            List.<Entry>of(),
            List.of(IMAGE),
            List.of(Entry.of(0, Subject.LAUNCH_SEPARATOR, "")),
            List.of(IMAGE, Entry.of(1, Subject.LAUNCH_SEPARATOR, "failed")),
            List.of(
                IMAGE,
                Entry.of(1, Subject.IMAGE_DIGEST, "sha256:22"),
                Entry.of(2, Subject.LAUNCH_SEPARATOR, "")),
            List.of(IMAGE, END, Entry.of(2, Subject.ENVIRONMENT, "A=b")),
            List.of(IMAGE, END, Entry.of(2, Subject.LAUNCH_SEPARATOR, "")),
            List.of(new Entry(0, 4, 12, "", ""), Entry.of(1, Subject.IMAGE_DIGEST, "sha256:11")))) {
      assertThatThrownBy(() -> parse(entries.toArray(Entry[]::new)))
          .as("%s", entries)
          .isInstanceOf(EvidenceException.class);
    }
  }

  @Test
  void noBytesAreTooStrangeToRead() {
    byte[] log = Bytes.concat(IMAGE.encoded(), END.encoded()).toArray();
    var random = new Random(80);
    var outcomes = new ArrayList<String>();
    for (int i = 0; i < 5000; i++) {
      byte[] changed = log.clone();
      changed[random.nextInt(changed.length)] = (byte) random.nextInt();
      try {
        CelLog.parse(Bytes.of(changed), Algorithm.SHA384).replay(Bank.CCMR, 4);
        outcomes.add("parsed");
      } catch (EvidenceException _) {
        outcomes.add("refused");
      }
    }
    assertThat(outcomes).contains("parsed", "refused");
  }

  private static Bytes real() {
    return Bytes.of(Base64.getMimeDecoder().decode(Vectors.text("eventlog/go-tpm-tools/cel.b64")));
  }

  private static CelLog parse(Entry... entries) throws EvidenceException {
    Bytes log = Bytes.of(new byte[0]);
    for (Entry entry : entries) {
      log = Bytes.concat(log, entry.encoded());
    }
    return CelLog.parse(log, Algorithm.SHA384);
  }

  private static Bytes tlv(int type, Bytes value) {
    return Bytes.concat(
        Bytes.of(ByteBuffer.allocate(5).put((byte) type).putInt(value.size()).array()), value);
  }
}
