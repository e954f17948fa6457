package cloister.cli;

import cloister.client.DocumentPackage;
import cloister.client.Finished;
import cloister.client.Home;
import cloister.client.Participant;
import cloister.crypto.Digest;
import cloister.protocol.Command.RunRequest;
import cloister.protocol.Command.Subject;
import cloister.protocol.Document.AnalysisDocument;
import cloister.protocol.Reply;
import cloister.room.Address;
import cloister.room.Name;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/// All participants of an [Example], played on this machine: each with a home and keys of its own,
/// at a simulated enclave in a process of its own. What it does is what each would do by hand.
final class Cast implements AutoCloseable {
  private final Example example;
  private final Path work;
  private final Options options;
  private final ServerProcess server;
  private final Map<Name, Home> homes = new TreeMap<>();
  private final Map<Name, Participant> participants = new TreeMap<>();

  private Cast(Example example, Path work, Options options, ServerProcess server) {
    this.example = example;
    this.work = work;
    this.options = options;
    this.server = server;
  }

  /// Starts the enclave.
  ///
  /// @param work a folder for the homes and the enclave's state
  static Cast start(Example example, Path work, Options options)
      throws IOException, InterruptedException {
    return new Cast(
        example,
        work,
        options,
        ServerProcess.start(work.resolve("enclave"), work.resolve("enclave.log")));
  }

  URI enclave() {
    return server.url();
  }

  long enclavePid() {
    return server.pid();
  }

  Path homeOf(Name name) {
    return work.resolve("homes").resolve(name.value());
  }

  Home home(Name name) {
    Home home = homes.get(name);
    if (home == null) {
      throw new IllegalStateException(name + " has no home yet");
    }
    return home;
  }

  /// Makes the homes; returns the thumbprints.
  Map<Name, Digest> init() {
    var thumbprints = new TreeMap<Name, Digest>();
    for (Name name : example.participants()) {
      Home home = Home.create(homeOf(name), name);
      homes.put(name, home);
      thumbprints.put(name, home.thumbprint());
    }
    return thumbprints;
  }

  /// Fills in the collaboration and has everybody sign it.
  Path sign() throws IOException, InterruptedException {
    var values = new HashMap<String, String>();
    values.put("enclave.measurement", EnclaveMeasurement.ofThisBuild().toString());
    homes.forEach((name, home) -> values.put(name + ".key", home.thumbprint().toString()));
    Path collaboration = example.fill(values, work.resolve(Example.COLLABORATION));
    var document = DocumentPackage.collaboration(collaboration);
    for (Home home : homes.values()) {
      participants.put(
          home.participant(),
          Participant.join(home, document, Optional.of(server.url()), options.acceptance()));
    }
    return collaboration;
  }

  Participant participant(Name name) {
    Participant participant = participants.get(name);
    if (participant == null) {
      throw new IllegalStateException(name + " has not signed yet");
    }
    return participant;
  }

  List<Name> names() {
    return example.participants();
  }

  /// The data files that will be published; a participant with several datasets is there once.
  Map<Name, Path> dataFiles() {
    var files = new TreeMap<Name, Path>();
    names().forEach(name -> example.data(name).values().forEach(file -> files.put(name, file)));
    return files;
  }

  static String dataset(Path file) {
    String name = file.getFileName().toString();
    return name.substring(0, name.indexOf('.'));
  }

  /// Makes everybody's documents the current ones; returns their addresses.
  List<Address> apply() throws InterruptedException {
    var addresses = new ArrayList<Address>();
    for (Name name : example.participants().stream().filter(example::hasPackage).toList()) {
      DocumentPackage documents = DocumentPackage.read(example.packageOf(name), name);
      SqlCheck.check(example.packageOf(name), documents);
      participant(name).apply(documents.own());
      addresses.addAll(documents.addressed().keySet());
    }
    return addresses;
  }

  /// Publishes every dataset that has data beside it.
  Map<Address, Reply.Published> publish() throws IOException, InterruptedException {
    var published = new TreeMap<Address, Reply.Published>();
    for (Name name : example.participants()) {
      for (var data : example.data(name).entrySet()) {
        published.put(
            new Address(name, cloister.room.Kind.DATASET, data.getKey()),
            Publishing.publish(
                participant(name), data.getKey(), data.getValue(), 0, options.terminal()));
      }
    }
    return published;
  }

  /// A run and its answer.
  ///
  /// @param finished as the reader has it
  record Ran(Name requester, Name reader, Finished finished) {}

  /// Every analysis that is signed.
  List<AnalysisDocument> analyses() {
    return names().stream()
        .flatMap(name -> example.documents(name).stream())
        .filter(AnalysisDocument.class::isInstance)
        .map(AnalysisDocument.class::cast)
        .toList();
  }

  /// Runs an analysis as it is signed: as its owner, or as a recipient where the terms permit it to
  /// that one only.
  Ran run(AnalysisDocument analysis) throws InterruptedException {
    var request =
        new RunRequest(new Subject.Named(analysis.address()), Optional.empty(), Optional.empty());
    Name requester = requester(analysis, request);
    Finished finished = participant(requester).run(request);
    if (finished.table().isPresent()) {
      return new Ran(requester, requester, finished);
    }
    Name reader = new TreeSet<>(analysis.recipients()).first();
    return new Ran(requester, reader, participant(reader).result(finished.run()));
  }

  private Name requester(AnalysisDocument analysis, RunRequest request)
      throws InterruptedException {
    var candidates = new LinkedHashSet<Name>();
    candidates.add(analysis.address().party());
    candidates.addAll(new TreeSet<>(analysis.recipients()));
    for (Name each : candidates) {
      if (participant(each).explain(request).outcome() == Reply.Outcome.PERMITTED) {
        return each;
      }
    }
    // Whose refusal is told.
    return analysis.address().party();
  }

  /// Closes the sessions and stops the enclave.
  @Override
  public void close() {
    participants.values().forEach(Participant::close);
    server.close();
  }
}
