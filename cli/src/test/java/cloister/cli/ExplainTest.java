package cloister.cli;

import static cloister.cli.Trio.RESEARCH;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import cloister.protocol.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is said of a run beforehand is what then happens.
final class ExplainTest {
  @TempDir private Path folder;
  private final Console console = new Console();

  private int ask(Trio trio, String verb, String sql, String... more) throws IOException {
    Path file = Files.writeString(folder.resolve("question.sql"), sql);
    var line = new ArrayList<String>();
    line.addAll(List.of(verb, "--sql", file.toString()));
    line.addAll(List.of("--for", "ResearchAndDevelopment"));
    line.addAll(List.of(more));
    return trio.types(console, RESEARCH, line.toArray(String[]::new));
  }

  private static String people(int age) {
    return "SELECT zip, COUNT(DISTINCT email) AS n FROM airline.people WHERE age >= "
        + age
        + " GROUP BY zip";
  }

  @Test
  void aRunIsPricedByWhatIsLeftAndByWhatWasAskedBefore() throws Exception {
    try (var server = Trio.serve(folder.resolve("state"));
        var trio = Trio.at(folder, Trio.uri(server))) {
      trio.ready(1);
      assertThat(ask(trio, "explain", people(1))).as(console.err()).isZero();
      assertThat(console.out())
          .contains("✓ permitted: ")
          .doesNotContain("Asked before", "does not pay");
      assertThat(ask(trio, "run", people(1))).as(console.err()).isZero();

      assertThat(ask(trio, "explain", people(1))).isZero();
      assertThat(console.out())
          .contains("✓ permitted: ", "Asked before: free, same answer.")
          .containsPattern("/airline/dataset/people +0 +0 +1");
      assertThat(ask(trio, "run", people(1))).as("it is free").isZero();

      assertThat(ask(trio, "explain", people(2))).as("what `run` exits with").isEqualTo(3);
      assertThat(console.out())
          .contains(
              "! permitted, but not paid for: ",
              "✗ what is left of the budget of /airline/dataset/people does not pay for it")
          .doesNotContain("Asked before");
      assertThat(ask(trio, "explain", people(2), "--json")).isEqualTo(3);
      Json.Fields said = ((Json.Obj) Json.parse(console.out().getBytes(UTF_8))).fields("out");
      assertThat(said.bool("covered")).isFalse();
      assertThat(said.bool("repeated")).isFalse();
      assertThat(ask(trio, "run", people(2))).isEqualTo(3);
      assertThat(console.err()).contains("budget-exhausted");
    }
  }

  @Test
  void sqlOfAnEditorThatMarksItsFilesIsRead() throws Exception {
    try (var server = Trio.serve(folder.resolve("state"));
        var trio = Trio.at(folder, Trio.uri(server))) {
      trio.ready(1);
      assertThat(ask(trio, "explain", "\uFEFF" + people(1))).as(console.err()).isZero();
      assertThat(trio.types(console, RESEARCH, "resume")).isZero();
      assertThat(console.out()).contains("Nobody has suspended trio");
      assertThat(trio.types(console, Trio.AIRLINE, "suspend")).isZero();
      assertThat(trio.types(console, RESEARCH, "resume")).isEqualTo(3);
      assertThat(console.err()).contains("by airline, not by you", "collaboration-suspended");
      assertThat(trio.types(console, Trio.AIRLINE, "resume")).isZero();
      assertThat(console.out()).contains("Resumed trio");
    }
  }

  @Test
  void aRecipientThatIsNobodyIsAMisspeltName() throws Exception {
    try (var server = Trio.serve(folder.resolve("state"));
        var trio = Trio.at(folder, Trio.uri(server))) {
      trio.ready(1);
      for (String verb : List.of("explain", "run")) {
        assertThat(ask(trio, verb, people(1), "--to", "reserach")).isEqualTo(2);
        assertThat(console.err())
            .contains("reserach is no participant of trio; did you mean \"research\"?")
            .contains("parameter-invalid");
      }
    }
  }

  @Test
  void analysesOfWhichOneFailsAreOneJsonObject() throws Exception {
    try (var server = Trio.serve(folder.resolve("state"));
        var trio = Trio.at(folder, Trio.uri(server))) {
      trio.ready(1);
      Path documents = Files.createDirectories(folder.resolve("research"));
      for (int age : List.of(1, 2)) {
        Files.writeString(
            documents.resolve("from-" + age + ".yaml"),
            """
            analysis: from-%d
            sql: %s
            purpose: ResearchAndDevelopment
            recipients: [research]
            """
                .formatted(age, people(age)));
      }
      assertThat(trio.types(console, RESEARCH, "apply", documents.toString()))
          .as(console.err())
          .isZero();
      assertThat(trio.types(console, RESEARCH, "run", "--json")).isEqualTo(3);
      Json.Fields said = ((Json.Obj) Json.parse(console.out().getBytes(UTF_8))).fields("out");
      assertThat(said.array("runs", 9)).hasSize(2);
      assertThat(said.object("error").string("code", 64)).isEqualTo("budget-exhausted");
    }
  }

  @Test
  void everyColumnHasItsErrorAndExactOnesHaveNone() throws Exception {
    try (var server = Trio.serve(folder.resolve("state"));
        var trio = Trio.at(folder, Trio.uri(server))) {
      trio.ready(3);
      assertThat(
              ask(
                  trio,
                  "explain",
                  "SELECT zip, COUNT(DISTINCT email) AS heads, COUNT(DISTINCT email) AS people"
                      + " FROM airline.people GROUP BY zip"))
          .as(console.err())
          .isZero();
      assertThat(console.out()).containsPattern("heads +± \\d").containsPattern("people +± \\d");
      String numbers =
          "SELECT zip, SUM(age) AS years, AVG(age) AS mean FROM airline.%s GROUP BY zip";
      assertThat(ask(trio, "explain", numbers.formatted("people"))).as(console.err()).isZero();
      assertThat(console.out())
          .contains("years: each unit's total in a group is clamped to 0 … 120\n")
          .contains(
              "mean: each value is clamped to 0 … 120; the error is that of a group of 1,000 rows,"
                  + " and larger in smaller ones\n");
      assertThat(ask(trio, "explain", numbers.formatted("visits"))).isZero();
      assertThat(console.out()).doesNotContain("clamped");
      assertThat(
              ask(
                  trio,
                  "explain",
                  "SELECT zip, COUNT(DISTINCT email) AS n FROM airline.visits GROUP BY zip"))
          .isZero();
      assertThat(console.out()).contains("✓ permitted").doesNotContain("±", "95 %");
    }
  }
}
