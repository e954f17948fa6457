package cloister.house;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.house.Sources.Source;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Our own rules on the text of the sources.
final class TidyTest {
  /// Code is the formatter's business, and long texts stay whole so that a search finds them.
  @Test
  void everyCommentFitsInAHundredColumns() {
    forbid(
        Source::isJava,
        "(?m)^(?!.*https?://)\\s*//.{99,}$",
        "Break the comment at 100 columns; the formatter (`make fmt`) does it for code only.");
  }

  @Test
  void noTypeIsNamedForNothing() {
    assertThat(
            Sources.java().stream()
                .map(Source::path)
                .filter(path ->
                    path.matches(".*(Impl|Manager|Helper|Utils?|Service|Processor)(Test)?\\.java")))
        .as("Name it for what it is or does in the domain, as `Ledger`, `Verdict`, `Planner`.")
        .isEmpty();
  }

  @Test
  void nothingIsLeftForLater() {
    // The character classes keep this line from matching itself.
    forbid(
        source -> !source.path().equals("mvnw"),
        "\\b(TO[D]O|FIX[M]E|XX[X])\\b",
        "Do it, or open an issue and name the limit where readers look: docs/threat-model.md,"
            + " README.md.");
  }

  @Test
  void onlyTheCommandLineAndBenchmarksPrint() {
    forbid(
        source ->
            source.isMain()
                && !source.module().equals("cli")
                && !source.module().equals("benchmarks"),
        "System\\.(out|err)\\b|\\.printStackTrace\\(",
        "Return it, count it in the enclave's `Metrics`, or throw; what is printed may hold data.");
  }

  @Test
  void noTestWaitsForTimeToPass() {
    forbid(
        Source::isTest,
        "Thread\\.sleep\\(|TimeUnit\\.\\w+\\.sleep\\(|LockSupport\\.park",
        "Wait for the event itself: a latch, a future, a process's end; pass time by a clock of"
            + " the test's own (`InstantSource`).");
  }

  @Test
  void noTestIsSkipped() {
    forbid(
        Source::isTest,
        "@(Disable[d]|Ignor[e])\\b",
        "Mend it or delete it; `@Tag(\"slow\")` moves what takes minutes to `make slow`.");
  }

  /// Worker is the edge of its process, where everything becomes a code; Confinement, Landlock and
  /// Ioctl are around `invokeExact`, which declares Throwable.
  @Test
  void nobodyCatchesEverything() {
    forbid(
        source ->
            source.isMain()
                && !source.name().equals("Worker.java")
                && !source.name().equals("Confinement.java")
                && !source.name().equals("Landlock.java")
                && !source.name().equals("Ioctl.java"),
        "catch \\((final )?(Exception|Throwable)\\b",
        "Catch what can happen there. What cannot is a bug, and goes to the one handler at the"
            + " edge.");
  }

  @Test
  void everyPackageIsNullMarkedAndSaysWhatItKeeps() {
    Map<String, List<Source>> packages =
        Sources.java().stream()
            .collect(
                Collectors.groupingBy(
                    source -> source.module() + ":" + source.folder().replaceAll(".*/java/", "")));
    List<String> faults = new ArrayList<>();
    packages.forEach((name, sources) -> {
      String info =
          sources.stream()
              .filter(source -> source.name().equals("package-info.java"))
              .map(Source::text)
              .collect(Collectors.joining());
      if (!info.contains("@NullMarked")) {
        faults.add(name + " has no @NullMarked package-info.java");
      }
      if (sources.stream().anyMatch(Source::isMain) && !info.contains("**Invariant:**")) {
        faults.add(name + "'s package-info.java has no **Invariant:** line");
      }
    });
    assertThat(faults)
        .as("Write one paragraph, the **Invariant:** lines and a short Why; see privacy's.")
        .isEmpty();
  }

  @Test
  void everyModuleIsOnePackageOfItsName() {
    assertThat(
            Sources.java().stream()
                .filter(Source::isMain)
                .map(Source::path)
                .filter(path ->
                    !path.matches("(\\w+)/src/main/java/cloister/\\1/[A-Za-z0-9-]+\\.java")))
        .as("A module is one package, `cloister.<module>`, until that no longer reads well.")
        .isEmpty();
  }

  @Test
  void everyDecisionIsIndexed() {
    String index = Sources.text("docs/adr/README.md");
    assertThat(
            Sources.all().stream()
                .map(Source::path)
                .filter(path -> path.matches("docs/adr/\\d{4}-.*\\.md"))
                .map(path -> path.substring("docs/adr/".length()))
                .filter(name -> !index.contains("](" + name + ")")))
        .as("Add a line for it to docs/adr/README.md.")
        .isEmpty();
  }

  @Test
  void everyRelativeLinkLeadsSomewhere() {
    var link = Pattern.compile("\\]\\((?!https?:|mailto:|#)([^)\\s#]+)[^)]*\\)");
    List<String> broken = new ArrayList<>();
    for (Source page : Sources.all()) {
      if (page.isMarkdown()) {
        Path folder = Sources.ROOT.resolve(page.folder());
        link.matcher(page.text())
            .results()
            .map(match -> match.group(1))
            .filter(target -> !Files.exists(folder.resolve(target)))
            .forEach(target -> broken.add(page.path() + " → " + target));
      }
    }
    assertThat(broken).as("Mend the link; it is relative to the page's own folder.").isEmpty();
  }

  /// In the pages that say how the code is built, a name in backticks that looks like one of our
  /// types is one, and `Type#method` has that method.
  @Test
  void everyTypeThatAPageNamesExists() {
    Map<String, String> types =
        Sources.java().stream()
            .collect(
                Collectors.toMap(
                    source -> source.name().replace(".java", ""), Source::text, String::concat));
    var name = Pattern.compile("`([A-Z][a-z]\\w*)((?:\\.[A-Z]\\w+)*)(?:#(\\w+))?`");
    List<String> missing = new ArrayList<>();
    for (Source page : Sources.all()) {
      if (page.path().matches("README\\.md|ARCHITECTURE\\.md|docs/(how-to/.*|protocol)\\.md")) {
        name.matcher(page.text())
            .results()
            .filter(match -> {
              String text = types.get(match.group(1));
              return text == null
                  || !Arrays.stream(match.group(2).split("\\."))
                      .allMatch(nested -> Pattern.matches("(?s).*\\b" + nested + "\\b.*", text))
                  || (match.group(3) != null && !text.contains(match.group(3) + "("));
            })
            .forEach(match -> missing.add(page.path() + ": " + match.group()));
      }
    }
    assertThat(missing).as("Name what the code has; pages follow the code.").isEmpty();
  }

  @Test
  void noPrivateKeyIsInTheRepository() {
    forbid(
        _ -> true,
        "-----BEGIN [A-Z ]*PRIVATE KEY-----",
        "Generate the key in the test; a published key is everybody's.");
  }

  @Test
  void nothingPointsIntoSomebodysMachine() {
    forbid(
        _ -> true,
        "(?<![\\w.$}~/-])/(home|root|Users|work)/\\w[^\\s`\"]*",
        "Write the path from the repository's root.");
  }

  @Test
  void aModuleDependsOnlyOnModulesAboveIt() {
    List<String> order = modules(Sources.text("pom.xml"), "<module>(\\w+)</module>");
    assertThat(order).contains("crypto", "cli");
    var dependency =
        Pattern.compile("<groupId>cloister</groupId><artifactId>(\\w+)</artifactId>(?!<version>)");
    List<String> wrong = new ArrayList<>();
    for (String module : order) {
      dependency
          .matcher(Sources.text(module + "/pom.xml"))
          .results()
          .map(match -> match.group(1))
          .filter(on -> order.indexOf(on) < 0 || order.indexOf(on) >= order.indexOf(module))
          .forEach(on -> wrong.add(module + " → " + on));
    }
    assertThat(wrong)
        .as("The order in pom.xml is the architecture: see docs/adr/0001-modules.md.")
        .isEmpty();
  }

  @Test
  void thePageHasEveryModuleOnceInTheOrderOfTheBuild() {
    assertThat(modules(Sources.text("ARCHITECTURE.md"), "(?m)^\\*\\*`(\\w+)`\\*\\* "))
        .as("ARCHITECTURE.md, \"The modules\", follows pom.xml.")
        .isEqualTo(modules(Sources.text("pom.xml"), "<module>(\\w+)</module>"));
  }

  private static List<String> modules(String text, String pattern) {
    return Pattern.compile(pattern).matcher(text).results().map(match -> match.group(1)).toList();
  }

  private static void forbid(Predicate<Source> where, String pattern, String instead) {
    var compiled = Pattern.compile(pattern);
    assertThat(
            Sources.all().stream().filter(where).flatMap(source -> source.find(compiled).stream()))
        .as(instead)
        .isEmpty();
  }
}
