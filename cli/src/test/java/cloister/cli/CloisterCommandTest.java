package cloister.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import cloister.protocol.Json;
import cloister.room.Address;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class CloisterCommandTest {
  @TempDir private Path folder;
  private final Console console = new Console();

  @Test
  void everyVerbExplainsItselfWithExamples() {
    for (List<String> verb : verbs()) {
      var arguments = new ArrayList<>(verb);
      arguments.add("--help");
      assertThat(console.run(arguments.toArray(String[]::new))).as(verb.toString()).isZero();
      assertThat(console.out()).contains("Examples:", "cloister " + String.join(" ", verb));
    }
  }

  /// The only enclave of this version is simulated: what does not say so is refused.
  @Test
  void everyExampleThatMeetsAnEnclaveWorksAsItIsWritten() {
    var alone = List.of("init", "key", "completion", "demo", "measurement");
    var offline = List.of("evidence", "policy", "collateral", "terms");
    for (List<String> verb : verbs()) {
      if (alone.contains(verb.getLast()) || offline.contains(verb.getFirst())) {
        continue;
      }
      var arguments = new ArrayList<>(verb);
      arguments.add("--help");
      assertThat(console.run(arguments.toArray(String[]::new))).isZero();
      String help = console.out().replace("\\\n", " ");
      assertThat(help.lines().filter(line -> line.startsWith("  cloister ")))
          .isNotEmpty()
          .allSatisfy(line -> assertThat(line).containsAnyOf("--accept-simulated", "--tee"));
    }
  }

  private static List<List<String>> verbs() {
    var verbs = new ArrayList<List<String>>();
    CommandLine all = CloisterCommand.commandLine(new Options(Terminal.ofThisProcess()));
    all.getSubcommands()
        .forEach((name, verb) -> {
          if (verb.getSubcommands().isEmpty()) {
            verbs.add(List.of(name));
          }
          verb.getSubcommands().keySet().forEach(inner -> verbs.add(List.of(name, inner)));
        });
    assertThat(verbs).hasSizeGreaterThan(15);
    return verbs;
  }

  @Test
  void aVerbIsFoundByTheNameThatItsHelpShows() {
    CloisterCommand.commandLine(new Options(Terminal.ofThisProcess()))
        .getSubcommands()
        .forEach((name, verb) -> assertThat(verb.getCommandName()).isEqualTo(name));
  }

  @Test
  void mistypedVerbsAndOptionsGetASuggestion() {
    assertThat(console.run("explian", "overlap")).isEqualTo(2);
    assertThat(console.err()).contains("did you mean `explain`?");
    assertThat(console.run("publish", "a", "b", "--max-bad-row", "3")).isEqualTo(2);
    assertThat(console.err()).contains("did you mean `--max-bad-rows`?");
    assertThat(console.run("evidence", "verify", "a", "--polcy", "b")).isEqualTo(2);
    assertThat(console.err()).contains("--polcy", "did you mean `--policy`?");
    assertThat(console.run("evidence", "verify", "a")).isEqualTo(2);
    assertThat(console.err()).contains("--policy=FILE");
  }

  @Test
  void anErrorIsOneJsonObjectForPrograms() {
    assertThat(console.run("status", "--json", "--home", folder.resolve("none").toString()))
        .isEqualTo(2);
    Json.Fields error =
        ((Json.Obj) Json.parse(console.out().getBytes(UTF_8))).fields("out").object("error");
    assertThat(error.string("code", 64)).isEqualTo("home-invalid");
    assertThat(error.count("exit", 0, 255)).isEqualTo(2);
  }

  @Test
  void everyMistakeOfAPackageIsShownWithItsPlace() throws Exception {
    Path home = folder.resolve("home");
    assertThat(console.run("init", "airline", "--home", home.toString())).isZero();
    Path documents = Files.createDirectory(folder.resolve("airline"));
    Files.writeString(documents.resolve("a.yaml"), "dataset: customers\nunti: email\n");
    Files.writeString(documents.resolve("b.yaml"), "analysis: overlap\nsqll: SELECT 1\n");
    assertThat(console.run("apply", documents.toString(), "--home", home.toString())).isEqualTo(2);
    assertThat(console.err()).contains("a.yaml:2:1", "b.yaml:2:1", "did you mean");

    assertThat(console.run("apply", documents.toString(), "--json", "--home", home.toString()))
        .isEqualTo(2);
    List<Json> mistakes =
        ((Json.Obj) Json.parse(console.out().getBytes(UTF_8)))
            .fields("out")
            .object("error")
            .array("mistakes", 100);
    assertThat(mistakes).hasSizeGreaterThan(2);
    Json.Fields first = ((Json.Obj) mistakes.getFirst()).fields("mistake");
    assertThat(first.string("file", 4096)).endsWith("a.yaml");
    assertThat(first.count("line", 1, 100)).isPositive();
  }

  @Test
  void aMistakeInSqlIsShownWithItsPlaceInTheFile() throws Exception {
    Path home = folder.resolve("home");
    assertThat(console.run("init", "airline", "--home", home.toString())).isZero();
    Path file =
        Files.writeString(
            folder.resolve("reach.yaml"),
            """
            analysis: reach
            sql: |
              SELECT zip, COUNT(*) AS count
              FROM customers
              GROUP BY zip
            purpose: ScientificResearch
            recipients: [airline]
            """);
    assertThat(console.run("apply", file.toString(), "--home", home.toString())).isEqualTo(2);
    assertThat(console.err()).contains("reach.yaml:3:27: `count` is a reserved word", "\"count\"");
  }

  private void copyExample(String... files) throws IOException {
    for (String file : files) {
      Path target = folder.resolve(file);
      Files.createDirectories(target.getParent());
      Files.copy(Path.of("..", "examples", "airline-media").resolve(file), target);
    }
  }

  private int rehearse() {
    return console.run("rehearse", folder.toString(), "--accept-simulated");
  }

  @Test
  void aFolderThatTheCollaborationDoesNotNameIsRefused() throws Exception {
    copyExample("collaboration.yaml", "airline/customers.yaml");
    Files.createDirectory(folder.resolve("policies"));
    Files.createDirectory(folder.resolve(".git"));
    Files.createDirectory(folder.resolve("reserach"));
    assertThat(rehearse()).isEqualTo(2);
    assertThat(console.err())
        .contains("reserach is no participant of collaboration.yaml; did you mean \"research\"?");
    Files.delete(folder.resolve("reserach"));
    Example example = Example.in(folder);
    assertThat(example.participants())
        .extracting(Object::toString)
        .containsExactly("airline", "media", "research");
    assertThat(example.data(example.participants().getLast())).isEmpty();
  }

  @Test
  void keysInsteadOfPlaceholdersAreNamedWithWhatToWrite() throws Exception {
    copyExample("collaboration.yaml");
    Path file = folder.resolve("collaboration.yaml");
    String template = Files.readString(file);
    Files.writeString(file, template.replace("${media.key}", "sha256:" + "ab".repeat(32)));
    assertThat(rehearse()).isEqualTo(2);
    assertThat(console.err()).contains(file.toString(), "\"${media.key}\"", "as the key of media");
    Files.writeString(
        file, template.replace("${enclave.measurement}", "sha384:" + "ab".repeat(48)));
    assertThat(rehearse()).isEqualTo(2);
    assertThat(console.err()).contains(file.toString(), "\"${enclave.measurement}\"");
    Files.writeString(file, template.replace("${media.key}", "${medai.key}"));
    assertThat(rehearse()).isEqualTo(2);
    assertThat(console.err()).contains(file.toString(), "\"${media.key}\"", "as the key of media");
  }

  @Test
  void helpOfARehearsalShowsThePlaceholders() {
    assertThat(console.run("rehearse", "--help")).isZero();
    assertThat(console.out()).contains("\"${bank.key}\"", "\"${enclave.measurement}\"");
  }

  @Test
  void aDatasetWithoutDataIsNamedWithTheFileThatMayBeMeant() throws Exception {
    copyExample("collaboration.yaml", "airline/customers.yaml");
    assertThat(Example.in(folder).withoutData().values()).noneMatch(why -> why.contains("mean"));
    Files.createFile(folder.resolve("airline/custmers.csv"));
    assertThat(Example.in(folder).withoutData())
        .containsOnlyKeys(Address.parse("/airline/dataset/customers"))
        .containsValue(
            "/airline/dataset/customers has no data: there is no customers.csv, .parquet, .json or"
                + " .ndjson beside it; did you mean \"custmers.csv\"?");
  }

  @Test
  void aDemonstrationTooSmallForItsThresholdsIsRefused() {
    assertThat(console.run("demo", "--rows", "999")).isEqualTo(2);
    assertThat(console.err()).contains("at least 1000 rows", "thresholds");
  }

  @Test
  void helpNamesBothTermsThatPermitSqlOfTheMoment() {
    for (String verb : List.of("run", "explain")) {
      assertThat(console.run(verb, "--help")).isZero();
      assertThat(console.out().replaceAll("\\s+", " "))
          .contains("terms permit it by `any-sql`, or by `/YOU/analysis/*`");
    }
  }

  @Test
  void homeIsWhereTheShellSaysThatItIs() {
    assertThat(Options.homeFolder(Map.of("HOME", "/users/me"))).hasToString("/users/me/.cloister");
    assertThat(Options.homeFolder(Map.of("HOME", "/users/me", "CLOISTER_HOME", "/keys")))
        .hasToString("/keys");
    assertThat(Options.homeFolder(Map.of("HOME", "")))
        .isEqualTo(Path.of(System.getProperty("user.home"), ".cloister"));
  }

  @Test
  void whatOnlyGoesWithTermsIsRefusedWithoutThem() {
    for (String option : List.of("--policy", "--collateral")) {
      assertThat(console.run("receipt", "verify", "a.json", option, "b.json")).isEqualTo(2);
      assertThat(console.err()).contains(option + " goes with --terms");
    }
  }

  @Test
  void aResultThatCannotBeWrittenIsAnError() {
    var full =
        new OutputStream() {
          @Override
          public void write(int one) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    var err = new ByteArrayOutputStream();
    var terminal =
        new Terminal(
            new PrintStream(full, true, UTF_8),
            new PrintStream(err, true, UTF_8),
            Terminal.Ink.PLAIN,
            Terminal.Ink.PLAIN,
            Terminal.Motion.STILL,
            100);
    assertThat(CloisterCommand.run(terminal, "completion", "bash")).isEqualTo(4);
    assertThat(err.toString(UTF_8)).contains("could not be written", "output-incomplete");
  }

  @Test
  void recipientsOfNoRequestAreNotDrawn() {
    assertThat(console.run("explain", "--graph", "--to", "lab", "--home", folder.toString()))
        .isEqualTo(2);
    assertThat(console.err()).contains("--to goes with an analysis");
  }

  @Test
  void aSimulatedEnclaveIsServedOnlyWhenAskedForByName() {
    assertThat(console.run("enclave", "serve", "--state", folder.toString())).isEqualTo(3);
    assertThat(console.err()).contains("evidence-simulated", "--accept-simulated");
    assertThat(console.run("rehearse", "../examples/banks")).isEqualTo(3);
  }

  @Test
  void completionScriptsNameTheVerbs() {
    assertThat(console.run("completion", "bash")).isZero();
    assertThat(console.out()).contains("publish", "--max-bad-rows");
    assertThat(console.run("completion", "zsh")).isZero();
    assertThat(console.out()).startsWith("autoload -Uz compinit");
  }

  @Test
  void anUnreachableEnclaveIsAResourceErrorAndLeavesNoTrace() throws Exception {
    Path home = folder.resolve("home");
    assertThat(console.run("init", "solo", "--home", home.toString(), "--json")).isZero();
    String thumbprint =
        ((Json.Obj) Json.parse(console.out().getBytes(UTF_8)))
            .fields("out")
            .string("thumbprint", 80);
    Path file =
        Files.writeString(
            folder.resolve("collaboration.yaml"),
            """
            collaboration: alone
            participants:
              solo: {key: "%s"}
            purposes: [ScientificResearch]
            enclave:
              accept: [simulated]
              measurements: ["sha384:%s"]
            noise: strongest
            """
                .formatted(thumbprint, "00".repeat(48)));
    String[] sign = {
      "sign", file.toString(), "--enclave", "http://127.0.0.1:9", "--home", home.toString()
    };
    assertThat(console.run(sign)).as(console.err()).isEqualTo(4);
    assertThat(console.err()).contains("server-unreachable");
    assertThat(console.run("status", "--home", home.toString())).isZero();
    assertThat(console.out()).contains("takes part in no collaboration yet");
  }
}
