package cloister.enclave;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.crypto.Digest;
import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.Document;
import cloister.protocol.Reply;
import cloister.protocol.SealedData;
import cloister.protocol.SignedDocument;
import cloister.room.Address;
import cloister.room.Dataset;
import cloister.room.Name;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssert;

/// A real server and three participants whose collaboration is active, with data published: where
/// most tests of the enclave begin.
final class TestRoom implements AutoCloseable {
  static final int AIRLINE_ROWS = 3000;

  final Path folder;
  EnclaveServer server;
  final TestParticipant airline;
  final TestParticipant media;
  final TestParticipant research;

  private final InstantSource clock;

  /// Three participants of a collaboration of their own, on a server that others may use too.
  TestRoom(Path folder, EnclaveServer server, InstantSource clock) throws Exception {
    this.folder = folder;
    this.server = server;
    this.clock = clock;
    this.airline = new TestParticipant("airline", uri(), clock);
    this.media = new TestParticipant("media", uri(), clock);
    this.research = new TestParticipant("research", uri(), clock);
  }

  URI uri() {
    return uri(server);
  }

  static URI uri(EnclaveServer server) {
    return URI.create("http://127.0.0.1:" + server.port());
  }

  static EnclaveServer.Settings settings(Path folder, int port) {
    return new EnclaveServer.Settings(
        folder.resolve("state"),
        "127.0.0.1",
        port,
        4,
        512L << 20,
        Duration.ofSeconds(60),
        Optional.empty(),
        Optional.empty());
  }

  /// A server, and nobody there yet.
  static TestRoom empty(Path folder) throws Exception {
    return empty(folder, InstantSource.system());
  }

  static TestRoom empty(Path folder, InstantSource clock) throws Exception {
    return new TestRoom(folder, start(folder, clock), clock);
  }

  static EnclaveServer start(Path folder, InstantSource clock) {
    return InsecureServer.start(settings(folder, 0), clock);
  }

  /// Active, enrolled, applied and published.
  static TestRoom ready(Path folder) throws Exception {
    var room = active(folder, InstantSource.system());
    room.apply();
    room.publish();
    return room;
  }

  /// Active and enrolled, and nothing more.
  static TestRoom active(Path folder, InstantSource clock) throws Exception {
    var room = empty(folder, clock);
    room.activate();
    room.enrol();
    return room;
  }

  /// The same state on another server, with everybody in a new session.
  void restart() throws Exception {
    server.close();
    server = start(folder, clock);
    reconnect();
  }

  void reconnect() throws Exception {
    for (var participant : all()) {
      participant.reconnect(uri());
    }
  }

  List<TestParticipant> all() {
    return List.of(airline, media, research);
  }

  String collaborationYaml(int version) {
    return """
    collaboration: airline-media
    version: %d
    participants:
      airline: {key: "%s"}
      media: {key: "%s"}
      research: {key: "%s"}
    purposes: [ServiceOptimisation, ResearchAndDevelopment]
    enclave:
      accept: [simulated]
      measurements: ["%s"]
    noise: strongest
    """
        .formatted(
            version,
            airline.key.verifyingKey().thumbprint(),
            media.key.verifyingKey().thumbprint(),
            research.key.verifyingKey().thumbprint(),
            TestParticipant.MEASUREMENT);
  }

  static final String CUSTOMERS =
      """
      dataset: customers
      unit: email
      columns:
        email: {type: string, semantic: email, use: [join]}
        zip: {type: string, use: [group, filter]}
        spend: {type: "decimal(10,2)", use: [sum, avg], bounds: [0, 500]}
        notes: {type: string, use: []}
      terms:
        - rule: measurement
          analysts: [research]
          analyses: [/research/analysis/*]
          purposes: [ResearchAndDevelopment]
          recipients: [research, media]
          obligations:
            join-required: true
            minimum-units: 20
            differential-privacy: {epsilon: 1, delta: 1e-6}
            budget: {epsilon: 3, delta: 1e-5}
      """;

  static final String VIEWERS =
      """
      dataset: viewers
      unit: email
      columns:
        email: {type: string, semantic: email, use: [join]}
        age_band: {type: string, use: [group], domain: ["18-24", "25-34", "35-49", "50+"]}
      terms:
        - rule: measurement
          analysts: [research]
          analyses: [/research/analysis/*]
          purposes: [ResearchAndDevelopment]
          recipients: [research, media]
          obligations:
            minimum-units: 10
      """;

  static final String OVERLAP =
      """
      analysis: overlap
      sql: |
        SELECT v.age_band, COUNT(DISTINCT c.email) AS customers
        FROM airline.customers c JOIN media.viewers v ON c.email = v.email
        GROUP BY v.age_band
      purpose: ResearchAndDevelopment
      recipients: [research, media]
      """;

  void activate() throws Exception {
    var proposal = airline.signed(collaborationYaml(1));
    for (var participant : all()) {
      participant.collaboration = proposal.digest();
    }
    airline.ask(new Command.Propose(proposal));
    for (var participant : List.of(media, research)) {
      var signature = participant.key.sign(SignedDocument.message(proposal.digest()));
      participant.ask(new Command.Sign(proposal.digest(), signature));
    }
  }

  void enrol() throws Exception {
    for (var participant : all()) {
      participant.enrol();
    }
  }

  void apply() throws Exception {
    airline.ask(new Command.Apply(List.of(airline.signed(CUSTOMERS))));
    media.ask(new Command.Apply(List.of(media.signed(VIEWERS))));
    research.ask(new Command.Apply(List.of(research.signed(OVERLAP))));
  }

  /// Signs, applies and publishes a dataset.
  void share(TestParticipant owner, String yaml, CharSequence csv) throws Exception {
    owner.ask(new Command.Apply(List.of(owner.signed(yaml))));
    var dataset = dataset(owner, yaml);
    String name = owner.name + "-" + dataset.address().name();
    owner.publish(dataset, schema(owner, yaml), csv(name, csv), work(name));
  }

  static Dataset dataset(TestParticipant owner, String yaml) {
    return ((Document.DatasetDocument) owner.document(yaml)).dataset();
  }

  static Digest schema(TestParticipant owner, String yaml) {
    return SealedData.schema(owner.document(yaml).canonical());
  }

  /// Customers 0 to 2999 and viewers 1000 to 3999 overlap in 2000 people, 500 per age band; each
  /// customer has two rows, written differently.
  void publish() throws Exception {
    var customers = new StringBuilder("email,zip,spend,notes\n");
    for (int i = 0; i < AIRLINE_ROWS; i++) {
      customers.append(
          "person%d@example.org,Z%d,%d.50,secret-%d\n".formatted(i, i % 7, i % 100, i));
      customers.append(" Person%d@Example.org ,Z%d,1.00,\n".formatted(i, i % 7));
    }
    customers.append(",Z1,5.00,nobody\n");
    var viewers = new StringBuilder("email,age_band\n");
    String[] bands = {"18-24", "25-34", "35-49", "50+"};
    for (int i = 1000; i < 4000; i++) {
      viewers.append("PERSON%d@example.org,%s\n".formatted(i, bands[i % 4]));
    }
    airline.publish(
        dataset(airline, CUSTOMERS),
        schema(airline, CUSTOMERS),
        csv("customers", customers),
        work("a"));
    media.publish(
        dataset(media, VIEWERS), schema(media, VIEWERS), csv("viewers", viewers), work("m"));
  }

  Path csv(String name, CharSequence content) throws Exception {
    return Files.writeString(folder.resolve(name + ".csv"), content);
  }

  Path work(String name) throws Exception {
    return Files.createDirectories(folder.resolve("work-" + name));
  }

  static Command.Run run(String analysis) {
    return new Command.Run(
        new Command.RunRequest(
            new Command.Subject.Named(cloister.room.Address.parse(analysis)),
            Optional.empty(),
            Optional.empty()));
  }

  /// A run of SQL that nobody has signed, for research itself.
  Command.Run adHoc(String sql) {
    return new Command.Run(adHocRequest(sql));
  }

  Command.RunRequest adHocRequest(String sql) {
    var document =
        research.document(
            """
            analysis: ad-hoc
            sql: "%s"
            purpose: ResearchAndDevelopment
            recipients: [research]
            """
                .formatted(sql.replace("\\", "\\\\").replace("\"", "\\\"")));
    return new Command.RunRequest(
        new Command.Subject.AdHoc(document.canonical()), Optional.empty(), Optional.empty());
  }

  /// What is spent, and all runs with what became of them, as each participant sees it.
  record Books(Reply.Budgets budgets, Map<Name, Reply.RunList> runs) {}

  Books books() throws Exception {
    var runs = new TreeMap<Name, Reply.RunList>();
    for (var participant : all()) {
      runs.put(participant.name, participant.ask(new Command.Runs()));
    }
    return new Books(airline.ask(new Command.Budget()), runs);
  }

  /// What was spent of a dataset of airline's.
  BigDecimal spent(String dataset) throws Exception {
    Reply.Budgets budgets = airline.ask(new Command.Budget());
    return budgets.budgets().stream()
        .filter(line -> line.dataset().equals(Address.parse("/airline/dataset/" + dataset)))
        .findFirst()
        .orElseThrow()
        .spentEpsilon();
  }

  /// The enclave's refusal; a reply fails the test.
  static CloisterException refusal(ThrowableAssert.ThrowingCallable call) {
    var refusal = catchThrowableOfType(CloisterException.class, call);
    return Objects.requireNonNull(refusal, "the enclave refuses");
  }

  Reply.Ran overlap() throws Exception {
    return research.ask(run("/research/analysis/overlap"));
  }

  /// Where the server keeps the collaboration of this participant.
  static Path place(Path folder, TestParticipant participant) {
    return folder
        .resolve("state/rooms")
        .resolve(participant.collaboration.toString().substring("sha256:".length()));
  }

  /// Values of the answer's second column by its first.
  Map<String, String> byKey(TestParticipant recipient, Reply.Ran ran) throws Exception {
    var values = new java.util.TreeMap<String, String>();
    for (var row : recipient.open(ran).rows()) {
      values.put(row.get(0).value().orElse("NULL"), row.get(1).value().orElse("NULL"));
    }
    return values;
  }

  /// Whether the text is among the bytes.
  static boolean contains(byte[] bytes, String text) {
    return new String(bytes, ISO_8859_1).contains(new String(text.getBytes(UTF_8), ISO_8859_1));
  }

  /// Processes that compute for this process's servers stand still until closed: what is asked of
  /// them waits.
  static Standstill standstill() {
    var workers = ProcessHandle.current().descendants().map(ProcessHandle::pid).toList();
    signal("-STOP", workers);
    return () -> signal("-CONT", workers);
  }

  interface Standstill extends AutoCloseable {
    @Override
    void close();
  }

  private static void signal(String signal, List<Long> processes) {
    try {
      for (long process : processes) {
        new ProcessBuilder("kill", signal, Long.toString(process)).start().onExit().join();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
