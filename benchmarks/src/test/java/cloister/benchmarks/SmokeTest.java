package cloister.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every benchmark, at sizes whose figures mean nothing: so that none of them rots.
final class SmokeTest {
  @TempDir Path folder;

  @Test
  void everyClaimIsMeasuredAgainstItsPeer() throws Exception {
    // Two working copies may be tested at one time.
    System.setProperty("jmh.ignoreLock", "true");
    List<Result> results = Main.measure(Main.parts(), Launch.classPath(), folder, Sizes.smoke());
    assertThat(results).extracting(Result::claim).containsExactlyInAnyOrder(Claim.values());
  }
}
