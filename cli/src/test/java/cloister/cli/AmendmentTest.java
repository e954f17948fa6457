package cloister.cli;

import static cloister.cli.Trio.AIRLINE;
import static cloister.cli.Trio.MEDIA;
import static cloister.cli.Trio.PEOPLE;
import static cloister.cli.Trio.RESEARCH;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import cloister.client.DocumentPackage;
import cloister.client.Finished;
import cloister.protocol.Json;
import cloister.room.Name;
import cloister.testkit.Relay;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A collaboration that is amended, as its participants see it at their own machines.
final class AmendmentTest {
  /// Of code that runs nowhere.
  private static final String ANOTHER = "\"sha384:" + "ab".repeat(48) + "\"";

  @TempDir private Path folder;
  private final Console console = new Console();

  private int sign(Trio trio, Name name, Path file) {
    return trio.types(console, name, "sign", file.toString());
  }

  private Json.Fields json() {
    return ((Json.Obj) Json.parse(console.out().getBytes(UTF_8))).fields("out");
  }

  @Test
  void anEnclaveThatTheVersionInForceDoesNotNameIsRefusedUntilAnAmendmentNamesItAgain()
      throws Exception {
    try (var server = Trio.serve(folder.resolve("state"));
        var trio = Trio.at(folder, Trio.uri(server))) {
      trio.ready(10);
      Finished early;
      try (var research = trio.enter(RESEARCH)) {
        early = research.run(trio.question(RESEARCH, PEOPLE, 1));
      }
      Path receipt = Files.write(folder.resolve("early.receipt"), early.receiptFile().toArray());
      Path second = trio.collaboration(2, ANOTHER);
      assertThat(sign(trio, AIRLINE, second)).as(console.err()).isZero();
      assertThat(trio.types(console, MEDIA, "attest")).as("it is not in force yet").isZero();
      assertThat(console.out()).contains("Version 1 (");
      assertThat(sign(trio, MEDIA, second)).as(console.err()).isZero();
      // The last signature puts it in force, and this enclave out.
      assertThat(sign(trio, RESEARCH, second)).isEqualTo(3);
      assertThat(console.err()).contains("evidence-refused", "version 2: the enclave measures");

      Path sql =
          Files.writeString(
              folder.resolve("q.sql"),
              "SELECT zip, COUNT(DISTINCT email) AS n FROM airline.people GROUP BY zip");
      String data = trio.csv("more.csv", 10, "").toString();
      for (Name name : Trio.names()) {
        for (var line :
            List.of(
                List.of("attest"),
                List.of("status"),
                List.of("budget"),
                List.of("publish", "people", data),
                List.of("run", "--sql", sql.toString(), "--for", "ResearchAndDevelopment"))) {
          assertThat(trio.types(console, name, line.toArray(String[]::new)))
              .as(name + " " + line + " " + console.out())
              .isEqualTo(3);
          assertThat(console.err()).contains("evidence-refused");
        }
      }
      assertThat(trio.types(console, RESEARCH, "receipt", "verify", receipt.toString()))
          .as("under the version that it names: " + console.err())
          .isZero();

      Path third = trio.collaboration(3, ANOTHER + ", " + Trio.measured());
      for (Name name : Trio.names()) {
        assertThat(sign(trio, name, third)).as(console.err()).isZero();
      }
      for (Name name : Trio.names()) {
        assertThat(trio.types(console, name, "attest")).as(console.err()).isZero();
        assertThat(console.out()).contains("Version 3 (", "✓");
      }
      assertThat(trio.types(console, AIRLINE, "publish", "people", data)).isZero();
      try (var research = trio.enter(RESEARCH)) {
        assertThat(research.run(trio.question(RESEARCH, PEOPLE, 2)).table()).isPresent();
        assertThat(research.result(early.run()).run()).isEqualTo(early.run());
      }
    }
  }

  @Test
  void whatIsInForceAndWhatWaitsIsShownWithWhoHasSignedAndWhoHasNot() throws Exception {
    try (var server = Trio.serve(folder.resolve("state"));
        var trio = Trio.at(folder, Trio.uri(server))) {
      Path first = trio.collaboration(1, Trio.measured());
      String enclave = trio.relay.uri().toString();
      for (Name name : List.of(AIRLINE, MEDIA)) {
        assertThat(trio.types(console, name, "sign", first.toString(), "--enclave", enclave))
            .as(console.err())
            .isZero();
      }
      assertThat(console.out()).contains("It becomes active when research has signed too.");
      assertThat(trio.types(console, AIRLINE, "status")).isZero();
      assertThat(console.out())
          .contains("waits for research to sign; airline and media have.", "once all have signed");
      assertThat(trio.types(console, RESEARCH, "sign", first.toString(), "--enclave", enclave))
          .isZero();
      assertThat(console.out()).contains("it is active");
      assertThat(trio.types(console, AIRLINE, "status")).isZero();
      var signed = DocumentPackage.collaboration(first);
      assertThat(console.out())
          .contains(
              "Version 1 (" + signed.digest().brief() + ") is in force.", "at its next command")
          .containsPattern("airline \\(you\\) +yes +issued")
          .doesNotContain("none");

      Path second = trio.collaboration(2, Trio.measured() + ", " + ANOTHER);
      assertThat(sign(trio, MEDIA, second)).isZero();
      assertThat(console.out()).contains("It becomes active when airline and research have");
      var pending = DocumentPackage.collaboration(second);
      assertThat(trio.types(console, AIRLINE, "status")).isZero();
      assertThat(console.out())
          .contains(
              "Version 1 (" + signed.digest().brief() + ") is in force.",
              "Version 2 ("
                  + pending.digest().brief()
                  + ") waits for airline and research to sign; media has.");
      assertThat(trio.types(console, AIRLINE, "status", "--json")).isZero();
      Json.Fields status = json();
      assertThat(status.object("inForce").count("version", 0, 9)).isEqualTo(1);
      Json.Fields waiting = status.object("pending");
      assertThat(waiting.digest("digest")).isEqualTo(pending.digest());
      assertThat(waiting.count("version", 0, 9)).isEqualTo(2);
      assertThat(waiting.strings("signed", 9, 64)).containsExactly("media");
      assertThat(waiting.strings("missing", 9, 64)).containsExactly("airline", "research");

      // The active one once more.
      assertThat(sign(trio, AIRLINE, first)).isZero();
      assertThat(console.out()).contains("it is active", "waits for airline and research to sign");
      assertThat(trio.types(console, AIRLINE, "sign", first.toString(), "--json")).isZero();
      assertThat(json().bool("active")).isTrue();
    }
  }

  @Test
  void aCollaborationOfOneIsActiveWhenItIsSigned() throws Exception {
    try (var server = Trio.serve(folder.resolve("state"));
        var trio = Trio.at(folder, Trio.uri(server))) {
      Path all = trio.collaboration(1, Trio.measured());
      String alone = Files.readString(all).replaceAll("(?m)^  (media|research): .*\n", "");
      Path file = Files.writeString(folder.resolve("alone.yaml"), alone);
      String enclave = trio.relay.uri().toString();
      assertThat(trio.types(console, AIRLINE, "sign", file.toString(), "--enclave", enclave))
          .as(console.err())
          .isZero();
      assertThat(console.out()).contains("it is active");
    }
  }

  @Test
  void anotherSecondVersionDoesNotWipeTheSignaturesOfTheFirst() throws Exception {
    try (var server = Trio.serve(folder.resolve("state"));
        var trio = Trio.at(folder, Trio.uri(server))) {
      trio.join();
      Path second = trio.collaboration(2, Trio.measured() + ", " + ANOTHER);
      String text = Files.readString(second);
      assertThat(sign(trio, AIRLINE, second)).isZero();
      assertThat(sign(trio, MEDIA, second)).isZero();
      Path other =
          Files.writeString(
              folder.resolve("other.yaml"), text.replace("noise: strongest", "noise: equal"));
      String before = trio.memory(RESEARCH);
      assertThat(sign(trio, RESEARCH, other)).isEqualTo(2);
      assertThat(console.err())
          .contains("document-conflict", DocumentPackage.collaboration(second).digest().toString());
      var known = trio.home(RESEARCH).agreed(Optional.of(Trio.ROOM)).orElseThrow();
      assertThat(known.version()).isEqualTo(1);
      assertThat(signatures(trio.memory(RESEARCH)))
          .as("what was not taken is not remembered as signed")
          .isEqualTo(signatures(before));
      assertThat(sign(trio, RESEARCH, second)).isZero();
      assertThat(console.out()).contains("it is active");
    }
  }

  private static List<String> signatures(String membership) {
    return ((Json.Obj) Json.parse(membership.getBytes(UTF_8)))
        .fields("membership")
        .strings("signed", 8, 1 << 20);
  }

  @Test
  void documentsThatNameStrangersAreRefusedWithTheirPlaceBeforeTheyAreSent() throws Exception {
    try (var server = Trio.serve(folder.resolve("state"));
        var trio = Trio.at(folder, Trio.uri(server))) {
      trio.join();
      trio.applyWith(3);
      Path file = folder.resolve("airline/people.yaml");
      String text = Files.readString(file);
      Files.writeString(file, text.replace("analysts: [research, media]", "analysts: [reserch]"));
      trio.relay.attack((_, _) -> Relay.Response.LOST);
      assertThat(trio.types(console, AIRLINE, "apply", file.toString())).isEqualTo(2);
      assertThat(console.err())
          .contains("people.yaml:10:16:", "unknown participant", "did you mean \"research\"?");
      Files.writeString(file, text.replace("[any-sql]", "[/medai/analysis/*]"));
      assertThat(trio.types(console, AIRLINE, "apply", file.toString())).isEqualTo(2);
      assertThat(console.err()).contains("people.yaml:11:16:", "did you mean \"media\"?");
    }
  }
}
