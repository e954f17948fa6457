package cloister.attestation;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// A level of an enclave or a TDX module, by its one security version.
record IsvLevel(int svn, TcbStatus status, Instant date, List<String> advisories) {
  private static final int MAX_LEVELS = 200;

  IsvLevel {
    advisories = List.copyOf(advisories);
  }

  /// Highest first, whatever their order in the text: so does Intel's library.
  static List<IsvLevel> read(Fields fields) throws EvidenceException {
    var levels = new ArrayList<IsvLevel>();
    for (Fields level : fields.objects("tcbLevels", MAX_LEVELS)) {
      levels.add(
          new IsvLevel(
              (int) level.object("tcb").integer("isvsvn", 0, 65535),
              status(level),
              level.instant("tcbDate"),
              advisories(level)));
    }
    levels.sort(Comparator.comparingInt(IsvLevel::svn).reversed());
    return levels;
  }

  static Optional<IsvLevel> reached(List<IsvLevel> levels, int svn) {
    return levels.stream().filter(level -> svn >= level.svn).findFirst();
  }

  static TcbStatus status(Fields level) throws EvidenceException {
    return level.parsed(
        "tcbStatus",
        label ->
            TcbStatus.byLabel(label)
                .orElseThrow(() -> new IllegalArgumentException("an unknown status")));
  }

  static List<String> advisories(Fields level) throws EvidenceException {
    return level.has("advisoryIDs") ? level.strings("advisoryIDs", 200) : List.of();
  }
}
