package cloister.benchmarks;

import java.util.ArrayList;
import java.util.List;

/// Two programs timed in turn, each going first every other round, so that what slows the machine
/// slows both.
record Alternation(Samples ours, Samples peer) {

  /// Something to time; the round lets it ask something new each time.
  interface Timed {
    void run(int round) throws Exception;
  }

  /// @param unmeasured rounds before those that count
  static Alternation of(int unmeasured, int rounds, Timed ours, Timed peer) throws Exception {
    List<Long> our = new ArrayList<>();
    List<Long> others = new ArrayList<>();
    for (int round = 0; round < unmeasured + rounds; round++) {
      boolean first = round % 2 == 0;
      long before = first ? 0 : nanoseconds(peer, round);
      long mine = nanoseconds(ours, round);
      long after = first ? nanoseconds(peer, round) : 0;
      if (round >= unmeasured) {
        our.add(mine);
        others.add(before + after);
      }
    }
    return new Alternation(new Samples(our), new Samples(others));
  }

  static long nanoseconds(Timed timed, int round) throws Exception {
    long start = System.nanoTime();
    timed.run(round);
    return System.nanoTime() - start;
  }
}
