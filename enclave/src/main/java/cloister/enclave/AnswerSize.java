package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.privacy.ReleasePlan;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.protocol.Limits;
import java.util.List;
import java.util.Optional;

/// How large an answer may be: the ledger keeps it beside a sealed copy for each recipient.
final class AnswerSize {
  /// Of all copies. [Events] and the ledger's entries have room for more.
  private static final int MOST_BYTES = 12 << 20;

  /// Of one copy: a reply carries it in base64.
  private static final int MOST_SHOWN_BYTES = Limits.MESSAGE_BYTES / 4 * 3;

  /// Of a number with its error as JSON, and of what surrounds a key.
  private static final int NUMBER_BYTES = 120;

  /// The ledger keeps two errors.
  private static final int STORED_NUMBER_BYTES = 190;

  private static final int AROUND_KEY_BYTES = 30;

  /// Of a hundred characters as JSON may write them.
  private static final int LABEL_BYTES = 630;

  private AnswerSize() {}

  /// Before anything is charged: where all groups are listed, how large the answer gets is known
  /// without asking the data.
  static void require(Decisions.Approved approved, int mostGroups) {
    ReleasePlan plan = approved.compiled().release();
    if (plan.noise().isEmpty() || !plan.listsEveryGroup()) {
      return;
    }
    long groups = ReleasePlan.combinations(plan.keys());
    if (groups > mostGroups) {
      throw new CloisterException(
          ErrorCode.TOO_LARGE,
          "the domains of the group keys have more than %d combinations: group by fewer columns"
              .formatted(mostGroups));
    }
    List<Long> keys = plan.keys().stream().map(AnswerSize::longest).toList();
    long numbers = (long) STORED_NUMBER_BYTES * plan.measures().size();
    long stored = groups * (keys.stream().mapToLong(Long::longValue).sum() + numbers);
    // A query may show a key or a number as often as it likes.
    long key = keys.stream().mapToLong(Long::longValue).max().orElse(0);
    long shown =
        groups
            * approved.plan().output().stream()
                .mapToLong(column ->
                    switch (column.content()) {
                      case KEY -> key;
                      case LABEL -> Math.max(key, LABEL_BYTES);
                      case MEASURE -> NUMBER_BYTES;
                    })
                .sum();
    int recipients = approved.request().recipients().size();
    if (shown > MOST_SHOWN_BYTES || stored + recipients * shown > MOST_BYTES) {
      throw new CloisterException(
          ErrorCode.TOO_LARGE,
          "%d groups of so many measures for %d recipients are more than an answer can have: ask for"
                  .formatted(groups, recipients)
              + " fewer at once");
    }
  }

  private static long longest(ReleasePlan.GroupKey key) {
    return AROUND_KEY_BYTES
        + key.domain().stream()
            .flatMap(List::stream)
            .flatMap(Optional::stream)
            .mapToLong(value -> Json.of(value).canonical().length)
            .max()
            .orElse(0);
  }

  /// Of an answer that is there. Its size follows from what is released, not from data behind it.
  static void require(Bytes stored, Bytes shown, int recipients) {
    if (shown.size() > MOST_SHOWN_BYTES
        || stored.size() + (long) recipients * shown.size() > MOST_BYTES) {
      throw new CloisterException(
          ErrorCode.GROUP_LIMIT,
          "the answer is larger than any may be; its reservation stays charged");
    }
  }
}
