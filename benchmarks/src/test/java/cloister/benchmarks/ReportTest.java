package cloister.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReportTest {
  @TempDir Path folder;

  @Test
  void replacesWhatIsBetweenItsMarkersAndKeepsTheProse() throws Exception {
    Path file = folder.resolve("RESULTS.md");
    Files.writeString(
        file,
        "before\n<!-- a: begin -->\nold\n<!-- a: end -->\nafter\n<!-- b: begin -->\nb\n<!-- b: end -->\n");
    new Report("a")
        .write(file, List.of("- where"), List.of(new Result(Claim.RUN_MEDIAN, "small", 30, 2)));
    assertThat(Files.readString(file))
        .startsWith("before\n<!-- a: begin -->\n- where\n")
        .contains("30.0 ms", "15.0×", "≤ 25.0 ms: **missed**")
        .doesNotContain("old")
        .endsWith("<!-- a: end -->\nafter\n<!-- b: begin -->\nb\n<!-- b: end -->\n");
  }

  @Test
  void refusesAFileWithoutItsMarkers() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Report("a").replaced("nothing here", "text"));
  }

  @Test
  void aRatioGoalLooksAtTheRatioAlone() {
    assertThat(new Result(Claim.NOISE_WARM, "1M", 2900, 1000).row()).contains("≤ 3.00×: met");
    assertThat(new Result(Claim.NOISE_WARM, "1M", 3.1, 1).row()).contains("**missed**");
  }

  @Test
  void aRateReachesItsGoalFromBelow() {
    assertThat(new Result(Claim.EVIDENCE_TDX, "", 200, 500).row()).contains("≥ 200 /s: met");
    assertThat(new Result(Claim.EVIDENCE_TDX, "", 199, 500).row()).contains("**missed**");
  }

  @Test
  void aQuantileIsASampleThatWasMeasured() {
    var samples = new Samples(List.of(5_000_000L, 1_000_000L, 3_000_000L));
    assertThat(samples.medianMilliseconds()).isEqualTo(3);
    assertThat(samples.milliseconds(0.99)).isEqualTo(5);
    assertThat(samples.milliseconds(0)).isEqualTo(1);
  }
}
