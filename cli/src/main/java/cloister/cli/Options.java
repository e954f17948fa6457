package cloister.cli;

import cloister.attestation.Evidence;
import cloister.attestation.SimulatedEvidence;
import cloister.attestation.Tee;
import cloister.client.CollateralStore;
import cloister.client.Home;
import cloister.client.Participant;
import cloister.protocol.CloisterException;
import cloister.protocol.Document.CollaborationDocument;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.room.Name;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/// The options that every verb takes, and what follows from them.
final class Options {
  @Option(
      names = "--home",
      paramLabel = "DIR",
      scope = ScopeType.INHERIT,
      order = 90,
      description =
          "Your folder of keys and collaborations; else $CLOISTER_HOME, else ~/.cloister.")
  private Optional<Path> home = Optional.empty();

  @Option(
      names = {"-c", "--collaboration"},
      paramLabel = "NAME",
      scope = ScopeType.INHERIT,
      order = 91,
      description = "Which collaboration, when your home knows several.")
  private Optional<String> collaboration = Optional.empty();

  @Option(
      names = "--enclave",
      paramLabel = "URL",
      scope = ScopeType.INHERIT,
      order = 92,
      description = "Where the enclave is; remembered with the collaboration.")
  private Optional<URI> enclave = Optional.empty();

  @Option(
      names = "--accept-simulated",
      scope = ScopeType.INHERIT,
      order = 93,
      description = "Accept an enclave that protects nothing. For trying out, never for real data.")
  private boolean acceptSimulated;

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      order = 94,
      description = "Print one JSON object on standard output; errors too.")
  private boolean json;

  private final Terminal terminal;

  Options(Terminal terminal) {
    this.terminal = terminal;
  }

  Terminal terminal() {
    return terminal;
  }

  boolean json() {
    return json;
  }

  /// Prints a command's result: as JSON for programs, or as lines for people.
  void print(Json.Obj result, Iterable<String> lines) {
    if (json) {
      terminal.result(result.pretty());
    } else {
      lines.forEach(terminal::result);
    }
  }

  Path homeFolder() {
    return home.orElseGet(() -> homeFolder(System.getenv()));
  }

  /// As shells understand `~`: Java asks the user database, whatever `$HOME` says.
  static Path homeFolder(Map<String, String> environment) {
    String chosen = environment.getOrDefault("CLOISTER_HOME", "");
    if (!chosen.isEmpty()) {
      return Path.of(chosen);
    }
    String user = environment.getOrDefault("HOME", "");
    return Path.of(user.isEmpty() ? System.getProperty("user.home") : user, ".cloister");
  }

  Home home() {
    return Home.open(homeFolder());
  }

  /// Of a home that need not be there: collateral is everybody's.
  CollateralStore collateral() {
    return Home.collateralIn(homeFolder());
  }

  /// The same, to add to.
  CollateralStore collateralToAddTo() {
    return Home.collateralMadeIn(homeFolder());
  }

  /// Simulated evidence is something that anybody can make: whoever wants it says so.
  void requireAccepted(Evidence evidence, String where) {
    if (evidence.tee() == Tee.SIMULATED) {
      if (!acceptSimulated) {
        throw new CloisterException(
            ErrorCode.EVIDENCE_SIMULATED,
            where + " is simulated evidence, which anybody can make and which proves nothing");
      }
      warnSimulated();
    }
  }

  Optional<Name> collaboration() {
    return collaboration.map(Options::name);
  }

  /// The same, for a verb whose enclave is simulated by its nature.
  Options acceptingSimulated() {
    var same = new Options(terminal);
    same.home = home;
    same.collaboration = collaboration;
    same.enclave = enclave;
    same.json = json;
    same.acceptSimulated = true;
    return same;
  }

  SimulatedEvidence acceptance() {
    return acceptSimulated ? SimulatedEvidence.ACCEPT : SimulatedEvidence.REFUSE;
  }

  /// Of a verb that needs no home to know it.
  URI enclave() {
    return enclave.orElseThrow(() ->
        new CloisterException(
            ErrorCode.PARAMETER_INVALID, "which enclave? Say it with --enclave URL"));
  }

  /// This home's participant at the enclave of its collaboration.
  Participant participant() throws InterruptedException {
    Participant participant = Participant.enter(home(), collaboration(), enclave, acceptance());
    warn(participant);
    return participant;
  }

  /// This home's participant, once it has signed the collaboration.
  Participant join(Home home, CollaborationDocument document) throws InterruptedException {
    Participant participant = Participant.join(home, document, enclave, acceptance());
    warn(participant);
    return participant;
  }

  /// Says loudly that an enclave is simulated, whenever it is.
  private void warn(Participant participant) {
    if (participant.simulated()) {
      warnSimulated();
    }
  }

  void warnSimulated() {
    terminal.say(
        terminal
            .ink()
            .warning(
                "SIMULATED ENCLAVE: nothing protects this data from its operator. For trying out only."));
  }

  /// The same text, a command in it as it must be typed here.
  String proposed(String text, Terminal.Ink ink) {
    return text.lines()
        .map(line ->
            line.startsWith("cloister run ")
                ? ink.strong(line + (acceptSimulated ? " --accept-simulated" : ""))
                : line)
        .collect(Collectors.joining("\n"));
  }

  static Name name(String text) {
    try {
      return new Name(text);
    } catch (IllegalArgumentException e) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID, "“" + text + "” is no name: " + e.getMessage(), e);
    }
  }
}
