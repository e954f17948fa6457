package cloister.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import cloister.protocol.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A rehearsal says nothing good about what it did not try.
final class RehearseTest {
  @TempDir private Path folder;
  private final Console console = new Console();

  private void write(String file, String text) throws IOException {
    Path target = folder.resolve(file);
    Files.createDirectories(target.getParent());
    Files.writeString(target, text);
  }

  private void collaboration() throws IOException {
    write(
        "collaboration.yaml",
        """
        collaboration: two
        participants:
          bank: {key: "${bank.key}"}
          lab: {key: "${lab.key}"}
        purposes: [ResearchAndDevelopment]
        enclave: {accept: [simulated], measurements: ["${enclave.measurement}"]}
        noise: strongest
        """);
    var csv = new StringBuilder("id,zip\n");
    for (int i = 0; i < 40; i++) {
      csv.append("c%d,%s\n".formatted(i, i == 0 ? "rare" : "usual"));
    }
    write("bank/clients.csv", csv.toString());
    for (String name : new String[] {"clients", "loans"}) {
      write(
          "bank/" + name + ".yaml",
          """
          dataset: %s
          unit: id
          columns:
            id: {type: string, use: [join]}
            zip: {type: string, use: [group, filter]}
          terms:
            - rule: lend
              analysts: [lab]
              analyses: [any-sql]
              purposes: [ResearchAndDevelopment]
              recipients: [bank, lab]
              obligations: {minimum-units: 10}
          """
              .formatted(name));
    }
  }

  private void analysis(String name, String recipients, String sql) throws IOException {
    write(
        "lab/" + name + ".yaml",
        """
        analysis: %s
        sql: %s
        purpose: ResearchAndDevelopment
        recipients: [%s]
        """
            .formatted(name, sql, recipients));
  }

  private static String by(String table, String where) {
    return "SELECT zip, COUNT(DISTINCT id) AS n FROM %s %s GROUP BY zip".formatted(table, where);
  }

  private Json.Fields rehearse(int exitCode) {
    assertThat(console.run("rehearse", folder.toString(), "--accept-simulated", "--json"))
        .as(console.out() + console.err())
        .isEqualTo(exitCode);
    return ((Json.Obj) Json.parse(console.out().getBytes(UTF_8))).fields("out");
  }

  @Test
  void whatWasNotTriedIsListed() throws Exception {
    collaboration();
    analysis("members", "lab", "SELECT id, zip FROM bank.clients");
    analysis("built", "lab", by("lab.members", ""));
    analysis("for-bank", "bank", by("bank.clients", "WHERE zip = 'usual'"));
    analysis("nobody", "lab", by("bank.clients", "WHERE zip = 'rare'"));
    Json.Fields said = rehearse(0);
    assertThat(said.object("answers").object("/lab/analysis/for-bank").array("rows", 9))
        .as("opened by the bank")
        .hasSize(1);
    assertThat(said.strings("notTried", 9, 999))
        .satisfiesExactly(
            loans -> assertThat(loans).startsWith("/bank/dataset/loans has no data"),
            members -> assertThat(members).startsWith("/lab/analysis/members is not run by itself"),
            nobody ->
                assertThat(nobody)
                    .isEqualTo("/lab/analysis/nobody: the answer is empty: no group was released"));
    assertThat(console.err()).contains("What was tried held").doesNotContain("Everything held");
  }

  @Test
  void anAnalysisThatDoesNotRunDoesNotKeepTheOthersFromIt() throws Exception {
    collaboration();
    analysis("good", "lab", by("bank.clients", ""));
    analysis("data-less", "lab", by("bank.loans", ""));
    Json.Fields said = rehearse(2);
    assertThat(said.object("error").string("code", 64)).isEqualTo("data-missing");
    assertThat(said.object("error").string("message", 999)).startsWith("1 of 2 analyses");
    assertThat(said.object("answers").object("/lab/analysis/good").array("rows", 9)).hasSize(1);
  }
}
