package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.EventLog.Algorithm;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Logs of a test's own; real ones are in [EventLogVectorsTest] and [DcapEvidenceTest].
class EventLogTest {
  private static final int NO_ACTION = 3;
  private static final int SEPARATOR = 4;
  private static final int IPL = 13;
  private static final Bytes ZERO = Bytes.of(new byte[4]);

  /// @param digest of SHA-256
  record Entry(int register, int type, Bytes digest, Bytes data) {
    static Entry measured(int register, int type, Bytes data) {
      return new Entry(register, type, Algorithm.SHA256.digest(data), data);
    }
  }

  @Test
  void aRegisterIsExtendedEventByEvent() throws Exception {
    EventLog log =
        parse(
            Entry.measured(4, IPL, Bytes.utf8("kernel")),
            Entry.measured(5, IPL, Bytes.utf8("other")),
            Entry.measured(4, IPL, Bytes.utf8("initrd")));
    Digest first = Digest.of(new byte[32], Digest.ofUtf8("kernel").toArray());
    Digest second = Digest.of(first.toArray(), Digest.ofUtf8("initrd").toArray());
    assertThat(log.replay(4)).isEqualTo(Bytes.of(second.toArray()));
    assertThat(log.replay(6)).isEqualTo(Bytes.of(new byte[32]));
  }

  @Test
  void whatIsNoActionIsNotExtended() throws Exception {
    Entry kernel = Entry.measured(4, IPL, Bytes.utf8("kernel"));
    Entry note = Entry.measured(4, NO_ACTION, Bytes.utf8("a note"));
    assertThat(parse(kernel, note).replay(4)).isEqualTo(parse(kernel).replay(4));
  }

  /// TCG PC Client Platform Firmware Profile §3.3.3.
  @Test
  void theFirstRegisterBeginsWithTheLocality() throws Exception {
    var locality =
        new Entry(
            0,
            NO_ACTION,
            Bytes.of(new byte[32]),
            Bytes.concat(Bytes.utf8("StartupLocality\0"), Bytes.hex("03")));
    assertThat(parse(locality).replay(0).hex()).isEqualTo("00".repeat(31) + "03");
    assertThat(parse(locality).replay(1).hex()).isEqualTo("00".repeat(32));
  }

  /// docs/forgotten-checks.md no. 15: the type is not measured, so that a second separator may have
  /// another.
  @Test
  void aRegisterHasOneSeparatorWhateverItIsCalled() throws Exception {
    Entry separator = Entry.measured(1, SEPARATOR, ZERO);
    parse(separator, Entry.measured(2, SEPARATOR, ZERO));
    for (Entry second :
        List.of(
            separator,
            Entry.measured(1, IPL, ZERO),
            new Entry(1, IPL, Algorithm.SHA256.digest(ZERO), Bytes.utf8("grub_cmd: linux")),
            Entry.measured(1, IPL, Bytes.hex("ffffffff")),
            new Entry(1, SEPARATOR, Algorithm.SHA256.digest(Bytes.utf8("x")), ZERO))) {
      assertThatThrownBy(() -> parse(separator, second))
          .isInstanceOf(EvidenceException.class)
          .hasMessage("event log: duplicate separator in register 1");
    }
  }

  /// docs/forgotten-checks.md no. 15: what the log says about a digest is somebody's word, unless
  /// it is the content.
  @Test
  void dataIsBelievedOnlyWhereTheDigestIsItsOwn() throws Exception {
    Bytes command = Bytes.utf8("quiet splash");
    Entry measured = Entry.measured(4, IPL, command);
    var claimed = new Entry(4, IPL, Algorithm.SHA256.digest(Bytes.utf8("evil")), command);
    var unmeasured = Entry.measured(4, NO_ACTION, command);
    EventLog log = parse(measured, claimed, unmeasured);
    assertThat(log.measuredData(log.events().get(0))).contains(command);
    assertThat(log.measuredData(log.events().get(1))).isEmpty();
    assertThat(log.measuredData(log.events().get(2))).isEmpty();
  }

  @Test
  void paddingEndsTheLogAndNothingFollowsIt() throws Exception {
    Bytes log = log(Entry.measured(4, IPL, Bytes.utf8("kernel")));
    EventLog plain = EventLog.parse(log, Algorithm.SHA256);
    for (String padding : List.of("ff".repeat(5), "ff".repeat(500), "00".repeat(5), "00")) {
      assertThat(EventLog.parse(Bytes.concat(log, Bytes.hex(padding)), Algorithm.SHA256))
          .isEqualTo(plain);
    }
    Bytes hidden = log(Entry.measured(4, IPL, Bytes.utf8("more")));
    for (Bytes behind :
        List.of(
            Bytes.concat(Bytes.hex("ff".repeat(64)), hidden),
            Bytes.concat(Bytes.of(new byte[64]), hidden),
            Bytes.hex("ffffffff01"),
            Bytes.hex("0000000001"))) {
      assertThatThrownBy(() -> EventLog.parse(Bytes.concat(log, behind), Algorithm.SHA256))
          .isInstanceOf(EvidenceException.class);
    }
    // An event may end in what padding looks like.
    Bytes zeros = log(Entry.measured(4, IPL, Bytes.of(new byte[9])));
    assertThat(EventLog.parse(zeros, Algorithm.SHA256).events().getFirst().data().size())
        .isEqualTo(9);
  }

  @Test
  void aLogCutShortIsRefusedUnlessBetweenEvents() throws Exception {
    Bytes one = log(Entry.measured(4, IPL, Bytes.utf8("kernel")));
    Bytes two =
        log(
            Entry.measured(4, IPL, Bytes.utf8("kernel")),
            Entry.measured(4, IPL, Bytes.utf8("initrd")));
    Bytes none = log();
    for (int size = 0; size < two.size(); size++) {
      Bytes cut = two.slice(0, size);
      if (size == one.size() || size == none.size()) {
        EventLog.parse(cut, Algorithm.SHA256);
      } else {
        assertThatThrownBy(() -> EventLog.parse(cut, Algorithm.SHA256))
            .as("%d bytes", size)
            .isInstanceOf(EvidenceException.class);
      }
    }
  }

  @Test
  void theBankIsOneThatTheLogHas() {
    Bytes log = log(Entry.measured(4, IPL, Bytes.utf8("kernel")));
    assertThatThrownBy(() -> EventLog.parse(log, Algorithm.SHA384))
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining("names no digests of SHA-384");
  }

  @Test
  void noBytesAreTooStrangeToRead() {
    byte[] log =
        log(
                Entry.measured(4, IPL, Bytes.utf8("kernel")),
                Entry.measured(1, SEPARATOR, ZERO),
                Entry.measured(4, IPL, Bytes.utf8("initrd")))
            .toArray();
    var random = new Random(4);
    var outcomes = new ArrayList<String>();
    for (int i = 0; i < 5000; i++) {
      byte[] changed = log.clone();
      for (int edits = random.nextInt(3) + 1; edits > 0; edits--) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt();
      }
      try {
        EventLog.parse(Bytes.of(changed), Algorithm.SHA256).replay(4);
        outcomes.add("parsed");
      } catch (EvidenceException _) {
        outcomes.add("refused");
      }
    }
    assertThat(outcomes).contains("parsed", "refused");
  }

  private static EventLog parse(Entry... entries) throws EvidenceException {
    return EventLog.parse(log(entries), Algorithm.SHA256);
  }

  /// Of the crypto-agile form, with SHA-256 alone.
  private static Bytes log(Entry... entries) {
    var log = ByteBuffer.allocate(64 * 1024).order(ByteOrder.LITTLE_ENDIAN);
    log.putInt(0).putInt(NO_ACTION).put(new byte[20]).putInt(33);
    log.put(Bytes.utf8("Spec ID Event03\0").toArray()).putLong(0x0002_0002_0000_0000L).putInt(1);
    log.putShort((short) 0xb).putShort((short) 32).put((byte) 0);
    for (Entry entry : entries) {
      log.putInt(entry.register()).putInt(entry.type()).putInt(1).putShort((short) 0xb);
      log.put(entry.digest().toArray()).putInt(entry.data().size()).put(entry.data().toArray());
    }
    return Bytes.of(log.array()).slice(0, log.position());
  }
}
