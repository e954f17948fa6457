package cloister.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpellingTest {
  @Test
  void nearIsNearAndFarIsNot() {
    List<String> verbs = List.of("explain", "publish", "run", "to");
    assertThat(Spelling.nearest("explian", verbs)).contains("explain");
    assertThat(Spelling.nearest("rnu", verbs)).contains("run");
    assertThat(Spelling.nearest("frobnicate", verbs)).isEmpty();
    assertThat(Spelling.nearest("of", verbs)).isEmpty();
  }

  @Test
  void aWordOfALongNameIsEnough() {
    List<String> terms = List.of("AcademicResearch", "Marketing", "ScientificResearch");
    assertThat(Spelling.suggestion("Resarch", terms))
        .isEqualTo("; did you mean \"AcademicResearch\" or \"ScientificResearch\"?");
    assertThat(Spelling.suggestion("Maketing", terms)).isEqualTo("; did you mean \"Marketing\"?");
  }
}
