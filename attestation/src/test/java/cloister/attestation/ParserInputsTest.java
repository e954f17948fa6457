package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The kept inputs of [ParserFuzzTest], each tried once: real evidence, whole or cut, and whatever
/// fuzzing ever found. Without Jazzer, whose agent takes seconds to start and instruments every
/// test after it.
class ParserInputsTest {
  private static final Path FOLDER =
      Path.of("src/test/resources/cloister/attestation/ParserFuzzTestInputs");

  static List<Path> kept() throws IOException {
    try (Stream<Path> files = Files.walk(FOLDER)) {
      return files.filter(Files::isRegularFile).map(FOLDER::relativize).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("kept")
  void everyKeptInputIsReadOrRefused(Path input) throws Exception {
    byte[] bytes = Files.readAllBytes(FOLDER.resolve(input));
    Method target = ParserFuzzTest.class.getDeclaredMethod(target(input), byte[].class);
    assertThatCode(() -> target.invoke(new ParserFuzzTest(), (Object) bytes))
        .doesNotThrowAnyException();
  }

  @Test
  void everyFuzzTestHasInputs() throws IOException {
    List<String> targets =
        Arrays.stream(ParserFuzzTest.class.getDeclaredMethods())
            .filter(method -> method.isAnnotationPresent(FuzzTest.class))
            .map(Method::getName)
            .toList();
    assertThat(kept().stream().map(ParserInputsTest::target).distinct())
        .containsExactlyInAnyOrderElementsOf(targets);
  }

  private static String target(Path input) {
    return input.getName(0).toString();
  }
}
