package cloister.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;

class ForAllTest {
  private static final AtomicInteger RUNS = new AtomicInteger();

  /// Somebody who replays a seed of another module also runs this test.
  @BeforeEach
  void forgetTheReplayedSeed() {
    System.clearProperty("seed");
  }

  static class AlwaysTrue {
    @ForAll(tries = 7)
    void holds(RandomGenerator random) {
      RUNS.incrementAndGet();
      assertThat(random.nextInt(10)).isBetween(0, 9);
    }
  }

  static class FalseForEvenDraws {
    static final List<Long> FAILED_DRAWS = new ArrayList<>();

    @ForAll(tries = 64)
    void drawsAreOdd(RandomGenerator random) {
      long draw = random.nextLong();
      if (draw % 2 == 0) {
        FAILED_DRAWS.add(draw);
        throw new AssertionError("even");
      }
    }
  }

  @Test
  void aPropertyRunsAsOftenAsItSays() {
    RUNS.set(0);
    EngineTestKit.engine("junit-jupiter")
        .selectors(selectClass(AlwaysTrue.class))
        .execute()
        .testEvents()
        .assertStatistics(events -> events.succeeded(7).failed(0));
    assertThat(RUNS).hasValue(7);
  }

  @Test
  void aFailureNamesTheSeedThatRepeatsIt() {
    FalseForEvenDraws.FAILED_DRAWS.clear();
    List<String> hints =
        EngineTestKit.engine("junit-jupiter")
            .selectors(selectClass(FalseForEvenDraws.class))
            .execute()
            .testEvents()
            .failed()
            .stream()
            .map(event -> event.getRequiredPayload(TestExecutionResult.class))
            .map(result -> result.getThrowable().orElseThrow().getSuppressed()[0].getMessage())
            .toList();
    assertThat(hints).isNotEmpty().allMatch(hint -> hint.startsWith("replay with -Dseed="));
    long seed = Long.parseLong(hints.getFirst().substring("replay with -Dseed=".length()));
    assertThat(new SplittableRandom(seed).nextLong())
        .isEqualTo(FalseForEvenDraws.FAILED_DRAWS.getFirst());
  }
}
