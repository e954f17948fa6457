package cloister.benchmarks;

/// What is measured and against what, with the estimate made before the first run (2026-11-21) and
/// the goal.
enum Claim {
  THRESHOLD_COLD(
      "overlap, thresholds: first question after publishing",
      Unit.MILLISECONDS,
      "DuckDB on the owners' Parquet files, new instance",
      "2.5×",
      Goal.RATIO_AT_MOST,
      1.25),
  THRESHOLD_WARM(
      "overlap, thresholds: next questions",
      Unit.MILLISECONDS,
      "DuckDB on the owners' Parquet files, same question",
      "1.2×",
      Goal.RATIO_AT_MOST,
      1.25),
  NOISE_COLD(
      "overlap, differential privacy: first question after publishing",
      Unit.MILLISECONDS,
      "DuckDB, exact COUNT(DISTINCT), new instance",
      "3.5×",
      Goal.RATIO_AT_MOST,
      3),
  NOISE_WARM(
      "overlap, differential privacy: next questions",
      Unit.MILLISECONDS,
      "DuckDB, exact COUNT(DISTINCT), same question",
      "2×",
      Goal.RATIO_AT_MOST,
      3),
  SEAL(
      "seal, one core",
      Unit.GIGABYTES_PER_SECOND,
      "JDK AES-256-GCM, same buffers and chunks",
      "0.8×",
      Goal.NONE,
      0),
  UNSEAL(
      "unseal, one core",
      Unit.GIGABYTES_PER_SECOND,
      "JDK AES-256-GCM, same buffers and chunks",
      "0.8×",
      Goal.NONE,
      0),
  STATUS_MEDIAN(
      "request `status`, p50",
      Unit.MILLISECONDS,
      "bare loopback HTTP, same payload, p50",
      "3 ms",
      Goal.NONE,
      0),
  STATUS_TAIL(
      "request `status`, p99",
      Unit.MILLISECONDS,
      "bare loopback HTTP, same payload, p99",
      "10 ms",
      Goal.NONE,
      0),
  RUN_MEDIAN(
      "request `run`, small new question, p50",
      Unit.MILLISECONDS,
      "bare loopback HTTP, same payload, p50",
      "20 ms",
      Goal.OURS_AT_MOST,
      25),
  RUN_TAIL(
      "request `run`, small new question, p99",
      Unit.MILLISECONDS,
      "bare loopback HTTP, same payload, p99",
      "60 ms",
      Goal.NONE,
      0),
  POLICY(
      "SQL → plan → decision → rewritten SQL, warm",
      Unit.MILLISECONDS,
      "Calcite alone: parse and validate",
      "3 ms",
      Goal.OURS_AT_MOST,
      5),
  APPEND_1(
      "ledger appends, 1 writer",
      Unit.PER_SECOND,
      "write + fsync of the same bytes, 1 writer",
      "0.8×",
      Goal.NONE,
      0),
  APPEND_8(
      "ledger appends, 8 writers",
      Unit.PER_SECOND,
      "write + fsync of the same bytes, 1 writer",
      "3×",
      Goal.NONE,
      0),
  APPEND_64(
      "ledger appends, 64 writers",
      Unit.PER_SECOND,
      "write + fsync of the same bytes, 1 writer",
      "15×",
      Goal.NONE,
      0),
  EVIDENCE_SNP(
      "evidence of SEV-SNP, verified with its collateral",
      Unit.PER_SECOND,
      "its 4 signatures alone, by the JDK",
      "0.7×",
      Goal.OURS_AT_LEAST,
      333),
  EVIDENCE_TDX(
      "evidence of TDX, verified with its collateral",
      Unit.PER_SECOND,
      "its 9 signatures alone, by the JDK",
      "0.6×",
      Goal.OURS_AT_LEAST,
      200),
  EVIDENCE_SGX(
      "evidence of SGX, verified with its collateral",
      Unit.PER_SECOND,
      "its 9 signatures alone, by the JDK",
      "0.6×",
      Goal.NONE,
      0),
  EVIDENCE_NITRO(
      "evidence of Nitro, verified with its collateral",
      Unit.PER_SECOND,
      "its 5 signatures alone, by the JDK",
      "0.8×",
      Goal.NONE,
      0),
  EVIDENCE_SPACE(
      "evidence of Confidential Space, verified with its collateral",
      Unit.PER_SECOND,
      "its 3 signatures alone, by the JDK",
      "0.4×",
      Goal.NONE,
      0),
  EVIDENCE_MAA(
      "evidence of Azure Attestation, verified with its collateral",
      Unit.PER_SECOND,
      "its 1 signature alone, by the JDK",
      "0.1×",
      Goal.NONE,
      0),
  EVIDENCE_AZURE(
      "evidence of an Azure confidential VM, verified with its collateral",
      Unit.PER_SECOND,
      "its 5 signatures alone, by the JDK",
      "0.6×",
      Goal.NONE,
      0),
  SERVING(
      "`cloister enclave serve` to first 200",
      Unit.MILLISECONDS,
      "a JVM that says hello",
      "700 ms",
      Goal.OURS_AT_MOST,
      1000),
  HELP("`cloister --help`", Unit.MILLISECONDS, "a JVM that says hello", "250 ms", Goal.NONE, 0);

  enum Unit {
    MILLISECONDS("ms"),
    GIGABYTES_PER_SECOND("GB/s"),
    PER_SECOND("/s");

    final String symbol;

    Unit(String symbol) {
      this.symbol = symbol;
    }
  }

  final String what;
  final Unit unit;
  final String peer;
  final String estimate;
  final Goal goal;
  final double limit;

  Claim(String what, Unit unit, String peer, String estimate, Goal goal, double limit) {
    this.what = what;
    this.unit = unit;
    this.peer = peer;
    this.estimate = estimate;
    this.goal = goal;
    this.limit = limit;
  }

  /// What the limit is of.
  enum Goal {
    RATIO_AT_MOST,
    OURS_AT_MOST,
    OURS_AT_LEAST,
    NONE
  }
}
