package cloister.cli;

import cloister.client.DocumentPackage;
import cloister.client.Finished;
import cloister.client.Home;
import cloister.client.Participant;
import cloister.crypto.Digest;
import cloister.protocol.Reply;
import cloister.room.Address;
import cloister.room.Name;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

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

  /// Runs every analysis as its owner; returns what each got.
  Map<Address, Finished> run() throws InterruptedException {
    var answers = new TreeMap<Address, Finished>();
    for (Name name : example.participants()) {
      for (Participant.Receivable each : participant(name).receivable()) {
        if (each.analysis().party().equals(name)) {
          answers.put(each.analysis(), participant(name).run(each.request()));
        }
      }
    }
    return answers;
  }

  /// Closes the sessions and stops the enclave.
  @Override
  public void close() {
    participants.values().forEach(Participant::close);
    server.close();
  }
}
