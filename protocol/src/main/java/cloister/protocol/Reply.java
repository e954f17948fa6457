package cloister.protocol;

import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.privacy.Epsilon;
import cloister.room.Address;
import cloister.room.Name;
import cloister.room.Purpose;
import java.math.BigDecimal;
import java.time.Instant;
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
  record Report(
      long rows, long kept, long withoutUnit, List<BadRows> bad, List<Long> firstBadRows) {}

  /// Rows left out, by column and reason.
  record BadRows(String column, String reason, long count) {}

  /// What a run would do.
  ///
  /// @param outcome `permitted`, `needs-approval` or `denied`
  /// @param trace what each owner's terms say, a line each
  /// @param fix a request that would pass, as a person would type it
  record Explanation(
      String outcome,
      String reason,
      List<String> trace,
      Optional<String> fix,
      Map<Address, BudgetLine> budgets,
      List<ExpectedError> errors,
      Optional<String> mechanism)
      implements Reply {}

  record ExpectedError(String column, BigDecimal error) {}

  /// A dataset's budget.
  record BudgetLine(
      Epsilon limitEpsilon,
      String limitDelta,
      String spentEpsilon,
      String spentDelta,
      String cost) {}

  /// A finished run.
  ///
  /// @param answer sealed to the caller; absent when it is no recipient
  /// @param repeated the same question was answered before: same answer, nothing charged
  record Ran(String run, Optional<Bytes> answer, Bytes receipt, boolean repeated)
      implements Reply {}

  record RunList(List<RunLine> runs) implements Reply {}

  record RunLine(
      String run, Name requester, Address analysis, Purpose purpose, Instant at, String state) {}

  record Budgets(Map<Address, BudgetLine> budgets) implements Reply {}

  record Done() implements Reply {}
}
