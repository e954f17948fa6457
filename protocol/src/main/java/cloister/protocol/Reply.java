package cloister.protocol;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.room.Address;
import cloister.room.Name;
import cloister.room.Purpose;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What the enclave answers to a [Command].
public sealed interface Reply {
  /// The collaboration as the ledger has it.
  ///
  /// @param collaboration the digest of its first version, which names it for good
  /// @param active the version in force, absent until all have signed
  /// @param proposed the version that waits for signatures, absent when none does
  /// @param signed who has signed the proposed version
  record Status(
      Digest collaboration,
      Optional<Bytes> active,
      Optional<Bytes> proposed,
      Set<Name> signed,
      Set<Name> suspendedBy,
      Set<Name> enrolled,
      Map<Address, SignedDocument> documents,
      Map<Address, Version> versions,
      Bytes certificateAuthority,
      Bytes enclaveKey)
      implements Reply {}

  /// The current data of a dataset.
  record Version(Digest digest, Instant published, Optional<Instant> until) {}

  record Certificate(Bytes certificate, Bytes certificateAuthority) implements Reply {}

  /// From which byte of each part to send.
  record Upload(List<Long> offsets) implements Reply {}

  /// What became of an upload.
  ///
  /// @param version absent when the data was refused; the report says why
  record Published(Optional<Version> version, Report report) implements Reply {}

  /// What the enclave found in the data; for its owner only.
  record Report(long rows, long kept, long withoutUnit, List<BadRows> bad) {
    public Report {
      bad = List.copyOf(bad);
    }

    public static Report read(Json.Fields json) {
      return Replies.report(json);
    }

    public Json.Obj toJson() {
      return Replies.encode(this);
    }
  }

  /// Rows left out for one reason in one column, and the numbers of the first of them, from 1
  /// through the whole upload.
  record BadRows(String column, String reason, long count, List<Long> firstRows) {
    public BadRows {
      firstRows = List.copyOf(firstRows);
    }
  }

  /// What a run would do.
  ///
  /// @param trace what each owner's terms say, a line each
  /// @param fix a request that would pass: the command as a person would type it, and on lines of
  ///   their own what it changes; without a command when the SQL has to change
  /// @param budgets of the datasets that the run reads
  /// @param errors per column with numbers, the half width that holds with 95 %, known before any
  ///   data is read; none when the terms ask for no noise
  /// @param mechanism how noise would be drawn; absent when the terms ask for none
  /// @param notes what noise does to a column beside its error, in sentences
  /// @param repeated the same was asked before and is paid for: the answer is the same, and free
  record Explanation(
      Outcome outcome,
      String reason,
      List<String> trace,
      Optional<String> fix,
      List<BudgetLine> budgets,
      List<ExpectedError> errors,
      Optional<String> mechanism,
      List<String> notes,
      boolean repeated)
      implements Reply {
    public Explanation {
      notes = List.copyOf(notes);
      trace = List.copyOf(trace);
      budgets = List.copyOf(budgets);
      errors = List.copyOf(errors);
    }

    /// Whether every budget pays for its part.
    public boolean covered() {
      return budgets.stream()
          .map(BudgetLine::cost)
          .flatMap(Optional::stream)
          .allMatch(Cost::covered);
    }
  }

  /// What the terms say to a run.
  enum Outcome {
    PERMITTED("permitted"),
    NEEDS_APPROVAL("needs-approval"),
    DENIED("denied");

    private final String label;

    Outcome(String label) {
      this.label = label;
    }

    public String label() {
      return label;
    }

    static Optional<Outcome> byLabel(String label) {
      return Arrays.stream(values()).filter(one -> one.label.equals(label)).findFirst();
    }
  }

  record ExpectedError(String column, BigDecimal error) {}

  /// A dataset's budget, as exact decimals.
  ///
  /// @param cost of the run in question, where there is one
  record BudgetLine(
      Address dataset,
      BigDecimal limitEpsilon,
      BigDecimal limitDelta,
      BigDecimal spentEpsilon,
      BigDecimal spentDelta,
      BigDecimal remainingEpsilon,
      Optional<Cost> cost) {}

  /// What a run would spend of a budget: nothing, when it was charged for the same before.
  ///
  /// @param covered whether what is left pays for it
  record Cost(BigDecimal epsilon, boolean covered) {}

  /// A finished run.
  ///
  /// @param answer sealed to the caller; absent when it is no recipient
  /// @param repeated the same question was answered before: same answer, nothing charged
  record Ran(String run, Optional<Bytes> answer, Bytes receipt, boolean repeated)
      implements Reply {}

  record RunList(List<RunLine> runs) implements Reply {}

  record RunLine(
      String run, Name requester, Address analysis, Purpose purpose, Instant at, RunState state) {}

  enum RunState {
    RUNNING("running"),
    RELEASED("released"),
    /// Its numbers would have told too much beside earlier ones.
    REFUSED("refused"),
    FAILED("failed");

    private final String label;

    RunState(String label) {
      this.label = label;
    }

    public String label() {
      return label;
    }

    static Optional<RunState> byLabel(String label) {
      return Arrays.stream(values()).filter(one -> one.label.equals(label)).findFirst();
    }
  }

  record Budgets(List<BudgetLine> budgets) implements Reply {}

  record Done() implements Reply {}
}
