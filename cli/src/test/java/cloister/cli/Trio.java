package cloister.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.attestation.SimulatedEvidence;
import cloister.client.DocumentPackage;
import cloister.client.Finished;
import cloister.client.Home;
import cloister.client.Participant;
import cloister.client.Questions;
import cloister.enclave.EnclaveServer;
import cloister.protocol.CloisterException;
import cloister.protocol.Command.RunRequest;
import cloister.protocol.Document.CollaborationDocument;
import cloister.protocol.ErrorCode;
import cloister.protocol.Reply;
import cloister.room.Address;
import cloister.room.Name;
import cloister.room.Purpose;
import cloister.simulated.InsecureSimulatedPlatform;
import cloister.testkit.Relay;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssert;

/// Three participants with homes, who come to a server by way of a relay: where tests of the client
/// begin. The airline lends `people` under differential privacy and `visits` under a threshold
/// alone, so that what is asked of `visits` has exact answers.
final class Trio implements AutoCloseable {
  static final Name AIRLINE = new Name("airline");
  static final Name MEDIA = new Name("media");
  static final Name RESEARCH = new Name("research");
  static final Name ROOM = new Name("trio");
  static final Name PEOPLE = new Name("people");
  static final Name VISITS = new Name("visits");
  static final int PERSONS = 400;

  /// People in [#large].
  static final int LARGE = 3000;

  final Path folder;
  final Relay relay;

  private Trio(Path folder, URI server) throws IOException {
    this.folder = folder;
    this.relay = new Relay(server);
  }

  /// Homes for everybody, and nobody has signed yet.
  static Trio at(Path folder, URI server) throws IOException {
    var trio = new Trio(folder, server);
    for (Name name : names()) {
      Home.create(trio.homeOf(name), name);
    }
    return trio;
  }

  static List<Name> names() {
    return List.of(AIRLINE, MEDIA, RESEARCH);
  }

  static EnclaveServer serve(Path state) {
    return EnclaveServer.start(
        new EnclaveServer.Settings(
            state,
            "127.0.0.1",
            0,
            8,
            512L << 20,
            1L << 30,
            Duration.ofSeconds(60),
            Optional.empty(),
            Optional.empty()),
        InstantSource.system(),
        new InsecureSimulatedPlatform(state, InstantSource.system()));
  }

  static URI uri(EnclaveServer server) {
    return URI.create("http://127.0.0.1:" + server.port());
  }

  Path homeOf(Name name) {
    return folder.resolve("homes").resolve(name.value());
  }

  Home home(Name name) {
    return Home.open(homeOf(name));
  }

  /// What the home remembers of the collaboration, byte for byte.
  String memory(Name name) throws IOException {
    return Files.readString(homeOf(name).resolve("collaborations/" + ROOM + ".json"));
  }

  Path accusation(Name name) {
    return homeOf(name).resolve("collaborations/" + ROOM + ".accusation");
  }

  /// A new process of this participant, as it were.
  Participant enter(Name name) throws InterruptedException {
    return enter(name, Optional.empty());
  }

  Participant enter(Name name, Optional<URI> moved) throws InterruptedException {
    return Participant.enter(home(name), Optional.of(ROOM), moved, SimulatedEvidence.ACCEPT);
  }

  /// @param measurements of the enclaves that may run it
  Path collaboration(int version, String measurements) throws IOException {
    return Files.writeString(
        folder.resolve("collaboration-%d.yaml".formatted(version)),
        """
        collaboration: %s
        version: %d
        participants:
          airline: {key: "%s"}
          media: {key: "%s"}
          research: {key: "%s"}
        purposes: [ResearchAndDevelopment]
        enclave:
          accept: [simulated]
          measurements: [%s]
        noise: strongest
        """
            .formatted(
                ROOM,
                version,
                home(AIRLINE).thumbprint(),
                home(MEDIA).thumbprint(),
                home(RESEARCH).thumbprint(),
                measurements));
  }

  /// The measurement of the enclaves of these tests, as it is written in a list.
  static String measured() {
    return '"' + InsecureSimulatedPlatform.measureClassPath().toString() + '"';
  }

  CollaborationDocument agreement() throws IOException {
    return DocumentPackage.collaboration(collaboration(1, measured()));
  }

  /// What this participant types, with what it takes to be at home.
  int types(Console console, Name name, String... arguments) {
    List<String> line = new ArrayList<>(List.of(arguments));
    line.addAll(List.of("--home", homeOf(name).toString(), "--accept-simulated"));
    return console.run(line.toArray(String[]::new));
  }

  private static String dataset(Name name, String obligations) {
    return """
    dataset: %s
    unit: email
    columns:
      email: {type: string, semantic: email, use: [join]}
      zip: {type: string, use: [group, filter], domain: [Z0, Z1, Z2, Z3]}
      age: {type: integer, use: [filter, sum, avg], bounds: [0, 120]}
      notes: {type: string, use: []}
    terms:
      - rule: counting
        analysts: [research, media]
        analyses: [any-sql]
        purposes: [ResearchAndDevelopment]
        recipients: [research, media]
        obligations: {%s}
    """
        .formatted(name, obligations);
  }

  /// @param budget of `people`, where each new question costs 1
  void applyWith(int budget) throws IOException, InterruptedException {
    Path documents = Files.createDirectories(folder.resolve("airline"));
    Files.writeString(
        documents.resolve("people.yaml"),
        dataset(
            PEOPLE,
            "minimum-units: 1, differential-privacy: {epsilon: 1}, budget: {epsilon: %d}"
                .formatted(budget)));
    Files.writeString(documents.resolve("visits.yaml"), dataset(VISITS, "minimum-units: 1"));
    try (var airline = enter(AIRLINE)) {
      airline.apply(DocumentPackage.read(documents, AIRLINE).own());
    }
  }

  void join() throws IOException, InterruptedException {
    var document = agreement();
    for (Name name : names()) {
      Participant.join(home(name), document, Optional.of(relay.uri()), SimulatedEvidence.ACCEPT)
          .close();
    }
  }

  /// All have signed, and `people` is published.
  void ready(int budget) throws IOException, InterruptedException {
    join();
    applyWith(budget);
    publish(PEOPLE, csv("people.csv", PERSONS, ""));
  }

  /// @param note in a column that nobody can ask for
  static String rows(int persons, String note) {
    var csv = new StringBuilder("email,zip,age,notes\n");
    for (int i = 0; i < persons; i++) {
      csv.append("person%d@example.org,Z%d,%d,%s\n".formatted(i, i % 4, i % 90, note));
    }
    return csv.toString();
  }

  /// Ten megabytes that do not get fewer by compression: three pieces of an upload.
  static String large() {
    var random = new Random(1);
    byte[] note = new byte[10_000_000 / LARGE];
    var csv = new StringBuilder("email,zip,age,notes\n");
    for (int i = 0; i < LARGE; i++) {
      random.nextBytes(note);
      csv.append("person%d@example.org,Z%d,%d,".formatted(i, i % 4, i % 90))
          .append(Base64.getEncoder().encodeToString(note))
          .append('\n');
    }
    return csv.toString();
  }

  Path csv(String file, int persons, String note) throws IOException {
    return Files.writeString(folder.resolve(file), rows(persons, note));
  }

  Reply.Published publish(Name dataset, Path file) throws IOException, InterruptedException {
    return publish(dataset, file, 0);
  }

  /// What `cloister publish` does.
  Reply.Published publish(Name dataset, Path file, long maxBadRows)
      throws IOException, InterruptedException {
    try (var airline = enter(AIRLINE)) {
      return Publishing.publish(airline, dataset, file, maxBadRows, silent());
    }
  }

  static Terminal silent() {
    var nowhere = new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
    return new Terminal(
        nowhere, nowhere, Terminal.Ink.PLAIN, Terminal.Ink.PLAIN, Terminal.Motion.STILL, 100);
  }

  /// Another question for each age.
  RunRequest question(Name asker, Name dataset, int age) throws IOException {
    Path sql =
        Files.writeString(
            folder.resolve("question-%s-%s-%d.sql".formatted(asker, dataset, age)),
            "SELECT zip, COUNT(DISTINCT email) AS n FROM airline.%s WHERE age >= %d GROUP BY zip"
                .formatted(dataset, age));
    return Questions.adHoc(
        asker, sql, Optional.of(Purpose.RESEARCH_AND_DEVELOPMENT), Optional.empty());
  }

  /// The numbers by zip.
  static Map<String, String> numbers(Finished finished) {
    var numbers = new TreeMap<String, String>();
    finished
        .table()
        .orElseThrow()
        .rows()
        .forEach(row ->
            numbers.put(row.getFirst().value().orElse("NULL"), row.getLast().value().orElse("")));
    return numbers;
  }

  /// How many people there are in `visits` now: exactly.
  int visitors() throws IOException, InterruptedException {
    try (var research = enter(RESEARCH)) {
      return numbers(research.run(question(RESEARCH, VISITS, 0))).values().stream()
          .mapToInt(Integer::parseInt)
          .sum();
    }
  }

  /// What was spent of `people`.
  BigDecimal spent() throws InterruptedException {
    try (var airline = enter(AIRLINE)) {
      return airline.budget().stream()
          .filter(line -> line.dataset().equals(Address.parse("/airline/dataset/people")))
          .findFirst()
          .orElseThrow()
          .spentEpsilon();
    }
  }

  static void refused(ErrorCode code, ThrowableAssert.ThrowingCallable call) {
    var refusal = catchThrowableOfType(CloisterException.class, call);
    assertThat(Objects.requireNonNull(refusal, "it is refused").code())
        .as(refusal.getMessage())
        .isEqualTo(code);
  }

  static Path copy(Path from, Path to) throws IOException {
    try (var files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.createDirectories(target.getParent());
          Files.copy(
              file,
              target,
              StandardCopyOption.REPLACE_EXISTING,
              StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
    return to;
  }

  @Override
  public void close() {
    relay.close();
  }
}
