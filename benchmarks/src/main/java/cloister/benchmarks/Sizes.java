package cloister.benchmarks;

/// How much is measured.
///
/// @param rows of each owner in the overlap
/// @param publications how often data is published anew for a first question, in each mode
/// @param questions rounds of further questions, after [#unmeasuredQuestions]
/// @param requests round trips of each kind, after half as many unmeasured ones
/// @param starts of each process
/// @param sealedMegabytes in one JMH operation
/// @param appendMilliseconds for each number of writers
record Sizes(
    int rows,
    int publications,
    int unmeasuredQuestions,
    int questions,
    int requests,
    int starts,
    int sealedMegabytes,
    int appendMilliseconds,
    Jmh jmh) {

  /// How JMH repeats.
  ///
  /// @param forks 0 measures in this process, where results mean nothing
  record Jmh(int forks, int warmUps, int iterations, int millisecondsEach) {
    /// For what takes milliseconds: the compiler wants to see it some thousand times. One fork, so
    /// that it takes no longer in all.
    Jmh warmedUpForLong() {
      return new Jmh(Math.min(forks, 1), 3 * warmUps, iterations, millisecondsEach);
    }
  }

  /// The first size; about ten minutes on two cores.
  static Sizes standard() {
    return new Sizes(1_000_000, 3, 3, 11, 200, 9, 64, 3000, new Jmh(2, 4, 5, 1000));
  }

  /// The overlap at the second size; the other parts do not grow.
  static Sizes large() {
    var standard = standard();
    return new Sizes(
        10_000_000,
        1,
        1,
        5,
        standard.requests,
        standard.starts,
        standard.sealedMegabytes,
        standard.appendMilliseconds,
        standard.jmh);
  }

  /// Just enough to see that everything runs.
  static Sizes smoke() {
    return new Sizes(2000, 1, 0, 1, 4, 1, 1, 50, new Jmh(0, 1, 1, 50));
  }

  Sizes with(Jmh other) {
    return new Sizes(
        rows,
        publications,
        unmeasuredQuestions,
        questions,
        requests,
        starts,
        sealedMegabytes,
        appendMilliseconds,
        other);
  }

  String overlap() {
    return rows % 1_000_000 == 0
        ? rows / 1_000_000 + "M × " + rows / 1_000_000 + "M rows"
        : rows + " × " + rows + " rows";
  }
}
