package cloister.benchmarks;

import cloister.attestation.SimulatedEvidence;
import cloister.cli.Population;
import cloister.client.DocumentPackage;
import cloister.client.Finished;
import cloister.client.Home;
import cloister.client.Participant;
import cloister.client.Progress;
import cloister.client.Questions;
import cloister.client.Upload;
import cloister.duckdb.Transcoding;
import cloister.protocol.AnswerTable;
import cloister.protocol.Command.RunRequest;
import cloister.protocol.Document.CollaborationDocument;
import cloister.room.Name;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The demonstration's three participants at a real server, their collaboration active and their
/// documents applied; the owners' data is made and not published yet.
final class Room implements AutoCloseable {
  private static final long SEED = 2026;

  private final Path folder;
  private final Population population;
  private final Server server;
  private final Map<Name, Home> homes = new TreeMap<>();
  private final Map<Name, Participant> participants = new TreeMap<>();

  private Room(Path folder, Population population, Server server) {
    this.folder = folder;
    this.population = population;
    this.server = server;
  }

  static Room open(Launch launch, Path folder, int rows, int runMegabytes) throws Exception {
    Files.createDirectories(folder);
    var room =
        new Room(folder, new Population(rows, SEED), Server.start(launch, folder, runMegabytes));
    boolean ready = false;
    try {
      room.agree();
      room.generate();
      ready = true;
      return room;
    } finally {
      if (!ready) {
        room.close();
      }
    }
  }

  private void agree() throws IOException, InterruptedException {
    var values = new HashMap<String, String>();
    values.put("enclave.measurement", server.measurement());
    for (Name name : List.of(Terms.AIRLINE, Terms.MEDIA, Terms.RESEARCH)) {
      Home home = Home.create(folder.resolve("homes").resolve(name.value()), name);
      homes.put(name, home);
      values.put(name + ".key", home.thumbprint().toString());
    }
    Path file = folder.resolve("collaboration.yaml");
    Files.writeString(file, Terms.collaboration(values));
    CollaborationDocument document = DocumentPackage.collaboration(file);
    for (Home home : homes.values()) {
      participants.put(
          home.participant(),
          Participant.join(home, document, Optional.of(server.url()), SimulatedEvidence.ACCEPT));
    }
    for (Name owner : List.of(Terms.AIRLINE, Terms.MEDIA)) {
      Path own = Files.createDirectories(folder.resolve("packages").resolve(owner.value()));
      Files.writeString(own.resolve("customers.yaml"), Terms.dataset(owner));
      participant(owner).apply(DocumentPackage.read(own, owner).own());
    }
  }

  private void generate() throws IOException, SQLException {
    for (Population.Owner owner : Population.Owner.values()) {
      Path csv = folder.resolve("generated.csv");
      population.write(owner, csv);
      try (var connection = DriverManager.getConnection("jdbc:duckdb:");
          var statement = connection.createStatement()) {
        statement.execute(
            "COPY (FROM read_csv('%s', header=true, columns={%s})) TO '%s' (FORMAT parquet)"
                .formatted(csv, owner.types(), plain(owner)));
      }
      Files.delete(csv);
    }
  }

  /// An owner's file, as it was before Cloister.
  Path plain(Population.Owner owner) {
    return folder.resolve(owner.name().toLowerCase(Locale.ROOT) + ".parquet");
  }

  Participant participant(Name name) {
    Participant participant = participants.get(name);
    if (participant == null) {
      throw new IllegalStateException(name + " takes no part");
    }
    return participant;
  }

  URI enclave() {
    return server.url();
  }

  /// A second session of research, by way of a relay.
  Participant researchThrough(URI relay) throws InterruptedException {
    Home home = homes.get(Terms.RESEARCH);
    if (home == null) {
      throw new IllegalStateException("research has no home");
    }
    return Participant.enter(home, Optional.empty(), Optional.of(relay), SimulatedEvidence.ACCEPT);
  }

  /// Makes the owners' data current, as a version that the enclave has not seen before.
  void publish() throws Exception {
    for (Population.Owner owner : Population.Owner.values()) {
      Name name = owner == Population.Owner.AIRLINE ? Terms.AIRLINE : Terms.MEDIA;
      Participant participant = participant(name);
      var document = participant.ownDataset(Terms.CUSTOMERS);
      var source = Upload.Source.of(plain(owner));
      Path parts = Files.createTempDirectory(participant.scratch(), "parts-");
      List<Path> plain = Transcoding.transcode(document.dataset(), plain(owner), parts, _ -> {});
      var upload = participant.seal(document, source, 0, plain, Progress.unseen());
      var published = participant.publish(upload, Progress.unseen());
      if (published.version().isEmpty()) {
        throw new IllegalStateException("the data of " + name + " was refused");
      }
      Folders.delete(parts);
    }
  }

  /// What a person wrote, as the request that leaves.
  RunRequest question(Terms.Mode mode, int variant) throws IOException {
    Path sql = folder.resolve("question.sql");
    Files.writeString(sql, Terms.overlap(variant));
    return Questions.adHoc(Terms.RESEARCH, sql, Optional.of(mode.purpose), Optional.empty());
  }

  /// From the request to the opened answer, its receipt checked.
  static Finished ask(Participant research, RunRequest question) throws InterruptedException {
    Finished finished = research.run(question);
    if (finished.repeated()) {
      throw new IllegalStateException("the question was asked before; nothing was computed");
    }
    return finished;
  }

  Finished ask(Terms.Mode mode, int variant) throws Exception {
    return ask(participant(Terms.RESEARCH), question(mode, variant));
  }

  /// A fast wrong answer is no result: variant 0, under thresholds, is what the generator says.
  void requireExact(Finished finished) throws IOException {
    var counts = new TreeMap<String, Long>();
    for (List<AnswerTable.Cell> row : finished.table().orElseThrow().rows()) {
      counts.put(
          row.getFirst().value().orElse(""), Long.valueOf(row.getLast().value().orElse("0")));
    }
    if (!counts.equals(population.shared())) {
      throw new IllegalStateException("the answer is " + counts + ", not " + population.shared());
    }
  }

  @Override
  public void close() {
    participants.values().forEach(Participant::close);
    server.close();
  }
}
