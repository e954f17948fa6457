package cloister.cli;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import cloister.migration.Imported;
import cloister.protocol.Documents;
import cloister.protocol.InvalidDocument;
import cloister.room.Name;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Executes `docs/how-to/migrate.md`: every file of the page is written, every command is run, and
/// says and writes what the page shows. `-Dgolden=update` shows what it does now.
final class MigrateDocsTest {
  private static final Path PAGE = Path.of("..", "docs", "how-to", "migrate.md");
  private static final Pattern BLOCK =
      Pattern.compile("(?ms)^```(json|sql|yaml|console) ?(\\S*)$\\n(.*?)^```$");

  @Test
  void everyExampleOfThePageDoesWhatItShows(@TempDir Path folder) throws Exception {
    String page = Files.readString(PAGE);
    var now = new StringBuilder();
    var statuses = new ArrayList<Integer>();
    Matcher block = BLOCK.matcher(page);
    while (block.find()) {
      String content = requireNonNull(block.group(3));
      Path file = folder.resolve(requireNonNull(block.group(2)));
      String shown =
          switch (requireNonNull(block.group(1))) {
            case "console" -> run(folder, content, statuses);
            case "yaml" -> checked(Files.readString(file));
            default -> {
              Files.writeString(file, content);
              yield content;
            }
          };
      block.appendReplacement(
          now,
          Matcher.quoteReplacement(
              "```"
                  + (requireNonNull(block.group(1)) + " " + requireNonNull(block.group(2))).strip()
                  + "\n"
                  + shown
                  + "```"));
    }
    block.appendTail(now);
    if ("update".equals(System.getProperty("golden"))) {
      Files.writeString(PAGE, now);
    }
    assertThat(now.toString()).isEqualTo(page);
    assertThat(statuses).hasSizeGreaterThanOrEqualTo(8).containsOnly(0, 3);
  }

  private static String run(Path folder, String content, List<Integer> statuses) {
    String command = content.lines().findFirst().orElseThrow();
    assertThat(command).startsWith("$ cloister terms import ");
    String[] arguments =
        Arrays.stream(command.substring("$ cloister ".length()).split(" +", -1))
            .map(argument ->
                argument.matches(".*\\.(json|sql|yaml)")
                    ? folder.resolve(argument).toString()
                    : argument)
            .toArray(String[]::new);
    var console = new Console();
    int status = console.run(arguments);
    assertThat(status).as(console.err()).isIn(0, 3);
    // 3 exactly where something is lost.
    assertThat(status == 3).isEqualTo(console.out().contains("LOST "));
    statuses.add(status);
    return command + "\n" + console.out().replace(folder + "/", "");
  }

  /// A document passes, or is kept from it by what is to be filled in and by nothing else.
  private static String checked(String document) {
    List<String> lines = document.lines().toList();
    boolean open =
        lines.stream().anyMatch(line -> !line.startsWith("#") && line.contains(Imported.FILL_IN));
    try {
      assertThat(Documents.parse("page", document, new Name("airline"))).hasSize(1);
      assertThat(open).isFalse();
    } catch (InvalidDocument e) {
      assertThat(open).as(document + e.getMessage()).isTrue();
      assertThat(e.mistakes())
          .allSatisfy(
              mistake -> assertThat(lines.get(mistake.line() - 1)).contains(Imported.FILL_IN));
    }
    return document;
  }
}
