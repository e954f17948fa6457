package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.EventLog.Algorithm;
import cloister.crypto.Bytes;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Every event log of the collection, to the verdict of its README.
@EnabledIf(value = Vectors.PRESENT, disabledReason = Vectors.ABSENT)
class EventLogVectorsTest {
  private static final String GO = "eventlog/go-eventlog-ccel/";
  private static final String TRUSTEE = "eventlog/trustee/";

  /// Number of events, or why not. Firmware of 2022 and before measured two separators into RTMR0:
  /// which is the one before the system's loader nobody can tell, so that they are refused.
  private static final Map<String, String> LOGS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry(GO + "CCEL_unpadded.data.bin", "duplicate separator in register 1"),
              Map.entry(GO + "event_log.bin", "duplicate separator in register 1"),
              Map.entry(
                  GO + "cos-113-intel-tdx-dupe-separator.bin", "duplicate separator in register 1"),
              Map.entry(
                  GO + "cos-113-intel-tdx-dupe-separator-unpadded.bin",
                  "duplicate separator in register 1"),
              Map.entry(GO + "cos-113-intel-tdx.bin", "43"),
              Map.entry(TRUSTEE + "CCEL_AAEL_alibabacloud", "87"),
              Map.entry(TRUSTEE + "CCEL_data", "5"),
              Map.entry(TRUSTEE + "CCEL_data_csv", "names no digests of SHA-384"),
              Map.entry(TRUSTEE + "CCEL_data_gcp", "21"),
              Map.entry(TRUSTEE + "CCEL_data_grub", "duplicate separator in register 1"),
              Map.entry(TRUSTEE + "CCEL_data_grub_gke", "35"),
              Map.entry(TRUSTEE + "CCEL_data_ovmf", "duplicate separator in register 1"),
              Map.entry("tdx/go-tdx-guest/ccel/ccel_data.dat", "43"),
              Map.entry("eventlog/go-tpm-tools/ubuntu-2404-amd-sevsnp.bin", "116")));

  /// ACPI tables that say where the log is, and what [CelLogTest] and this test read beside.
  private static final List<String> OTHERS =
      List.of(
          GO + "CCEL.bin",
          GO + "cos-113-intel-tdx.table.bin",
          "eventlog/go-tpm-tools/cel.b64",
          TRUSTEE + "CCEL_AAEL_alibabacloud_out.json",
          TRUSTEE + "CCEL_data_csv_out.json",
          TRUSTEE + "CCEL_data_grub_gke_out.json",
          TRUSTEE + "CCEL_data_grub_out.json",
          TRUSTEE + "CCEL_data_out.json",
          TRUSTEE + "CCEL_data_ovmf_out.json");

  @Test
  void everyLogIsReadOrRefused() {
    var found = new TreeMap<String, String>();
    for (String file : LOGS.keySet()) {
      try {
        EventLog log = EventLog.parse(Vectors.read(file), Algorithm.SHA384);
        found.put(file, Integer.toString(log.events().size()));
      } catch (EvidenceException e) {
        String message = String.valueOf(e.getMessage());
        found.put(
            file, message.contains(LOGS.get(file)) ? LOGS.get(file) : "another reason: " + message);
      }
    }
    assertThat(found).isEqualTo(LOGS);
  }

  @Test
  void everyFileOfTheFolderIsKnown() {
    var known = new TreeSet<>(LOGS.keySet());
    known.addAll(OTHERS);
    known.removeIf(file -> file.startsWith("tdx"));
    var found =
        Vectors.files("eventlog").stream()
            .map(file -> Vectors.root().relativize(file).toString().replace('\\', '/'))
            .filter(file -> !file.endsWith("README.md"))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(found).isEqualTo(known);
  }

  @Test
  void theLogOfAConfidentialVmReplaysToItsQuote() throws Exception {
    EventLog log = EventLog.parse(Vectors.read(GO + "cos-113-intel-tdx.bin"), Algorithm.SHA384);
    var domain =
        (TdReport)
            DcapQuote.parse(Vectors.read("tdx/go-tdx-guest/ccel/cos-113-tdx-quote.dat")).body();
    for (int i = 0; i < 4; i++) {
      assertThat(log.replay(i + 1)).isEqualTo(domain.rtmrs().get(i));
    }
    assertThat(log.replay(1).hex()).startsWith("3fa2f61f395b");
    assertThat(log.replay(2).hex()).startsWith("f62dbc072bd5");
    assertThat(log.replay(3).hex()).startsWith("4969684dc873");
  }

  /// The digests of a log with a second separator replay as well as any: to refuse it is a rule of
  /// its own.
  @Test
  void aSecondSeparatorIsNotFoundByReplay() throws Exception {
    byte[] log = Vectors.read(GO + "cos-113-intel-tdx-dupe-separator-unpadded.bin").toArray();
    byte[] zero = Algorithm.SHA384.digest(Bytes.of(new byte[4])).toArray();
    int first = indexOf(log, zero, 0);
    int second = indexOf(log, zero, first + 1);
    assertThat(second).isPositive();
    assertThatThrownBy(() -> EventLog.parse(Bytes.of(log), Algorithm.SHA384))
        .hasMessageContaining("duplicate separator");
    // Its type, before the count of digests and the algorithm.
    log[second - 10] = 13;
    assertThatThrownBy(() -> EventLog.parse(Bytes.of(log), Algorithm.SHA384))
        .as("under another type")
        .hasMessageContaining("duplicate separator");
  }

  private static int indexOf(byte[] text, byte[] part, int from) {
    for (int at = from; at <= text.length - part.length; at++) {
      if (java.util.Arrays.equals(text, at, at + part.length, part, 0, part.length)) {
        return at;
      }
    }
    return -1;
  }

  @ParameterizedTest
  @CsvSource({"CCEL_AAEL_alibabacloud", "CCEL_data", "CCEL_data_grub_gke"})
  void anotherProjectReadsTheSame(String name) throws Exception {
    EventLog log = EventLog.parse(Vectors.read(TRUSTEE + name), Algorithm.SHA384);
    Fields expected = Json.parse(name, Vectors.read(TRUSTEE + name + "_out.json"), 1 << 20);
    var found = new ArrayList<String>();
    var wanted = new ArrayList<String>();
    for (EventLog.Event event : log.events()) {
      found.add("%d %s %s".formatted(event.register(), event.digest().hex(), event.data().hex()));
    }
    List<Fields> events = expected.objects("uefi_event_logs", 1000);
    for (Fields event : events) {
      wanted.add(
          "%d %s %s"
              .formatted(
                  event.integer("index", 0, 64),
                  event.objects("digests", 4).getFirst().string("digest"),
                  Bytes.of(Base64.getDecoder().decode(event.string("event"))).hex()));
    }
    assertThat(found).isEqualTo(wanted);
    // What we believe, they do; of some events they know which part of the data is measured.
    for (int i = 0; i < events.size(); i++) {
      if (log.measuredData(log.events().get(i)).isPresent()) {
        assertThat(events.get(i).flag("digest_matches_event")).isTrue();
      }
    }
  }
}
