package cloister.enclave;

import cloister.attestation.Anchors;
import cloister.attestation.Appraisal;
import cloister.attestation.Collateral;
import cloister.attestation.Measurement;
import cloister.attestation.Report;
import cloister.attestation.Requirements;
import cloister.attestation.SimulatedEvidence;
import cloister.attestation.Trust;
import cloister.crypto.Bytes;
import cloister.crypto.CertificateRequest;
import cloister.crypto.Digest;
import cloister.crypto.Hpke;
import cloister.crypto.OpeningKey;
import cloister.crypto.SealedHeader;
import cloister.crypto.SealedWriter;
import cloister.crypto.SealingKey;
import cloister.crypto.Secret;
import cloister.crypto.SigningKey;
import cloister.duckdb.Transcoding;
import cloister.ledger.SignedCheckpoint;
import cloister.protocol.AnswerTable;
import cloister.protocol.Answered;
import cloister.protocol.ClientChannel;
import cloister.protocol.Command;
import cloister.protocol.Document;
import cloister.protocol.Documents;
import cloister.protocol.Handshake;
import cloister.protocol.Reply;
import cloister.protocol.SealedData;
import cloister.protocol.SignedDocument;
import cloister.room.Dataset;
import cloister.room.Name;
import cloister.simulated.InsecureSimulatedPlatform;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// A participant that speaks the protocol over HTTP with nothing between it and the test: what is
/// sent is what the test says.
final class TestParticipant {
  static final HttpClient HTTP = HttpClient.newHttpClient();

  /// Of the program under test; its class path does not change while it runs.
  static final Measurement MEASUREMENT = InsecureSimulatedPlatform.measureClassPath();

  final Name name;
  final SigningKey key = SigningKey.generate();
  final OpeningKey opening = OpeningKey.generate();
  final InstantSource clock;
  private URI enclave;
  Digest collaboration = Digest.ofUtf8("none yet");
  Wire wire;

  TestParticipant(String name, URI enclave) throws Exception {
    this(name, enclave, InstantSource.system());
  }

  TestParticipant(String name, URI enclave, InstantSource clock) throws Exception {
    this.name = new Name(name);
    this.enclave = enclave;
    this.clock = clock;
    this.wire = connect();
  }

  /// The same keys on a fresh session, perhaps by another way.
  void reconnect(URI by) throws Exception {
    enclave = by;
    wire = connect();
  }

  void reconnect() throws Exception {
    reconnect(enclave);
  }

  /// An open session.
  record Wire(ClientChannel channel, URI messages, SealingKey enclaveKey) {}

  Wire connect() throws Exception {
    return connect(enclave);
  }

  /// Opens a session, and believes nothing of it that the evidence does not bear out.
  Wire connect(URI by) throws Exception {
    byte[] nonce = new byte[Handshake.NONCE_BYTES];
    new SecureRandom().nextBytes(nonce);
    SigningKey sessionKey = SigningKey.generate();
    var greeting = Handshake.Hello.of(Bytes.of(nonce), sessionKey.verifyingKey());
    Bytes hello = greeting.encode();
    Bytes welcome = post(by.resolve("/v1/sessions"), hello).orElseThrow();
    var decoded = Handshake.Welcome.decode(welcome);
    var binding = Handshake.binding(greeting, decoded.session(), decoded.key());
    var report =
        Report.parse(decoded.evidence().getFirst())
            .verify(Collateral.none(), Anchors.pinned(), clock.instant());
    var trust =
        new Trust(
            Requirements.simulated(java.util.Set.of(MEASUREMENT)),
            List.of(),
            SimulatedEvidence.ACCEPT);
    if (trust.appraise(List.of(report), binding, clock.instant())
        instanceof Appraisal.Refused refused) {
      throw new SecurityException(String.join("; ", refused.reasons()));
    }
    return new Wire(
        new ClientChannel(key, sessionKey, hello, welcome),
        by.resolve("/v1/sessions/" + decoded.session().hex() + "/messages"),
        SealingKey.decode(decoded.key()));
  }

  /// The body of a 200, or nothing.
  static Optional<Bytes> post(URI uri, Bytes body) throws Exception {
    var request =
        HttpRequest.newBuilder(uri)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body.toArray()))
            .build();
    var response = HTTP.send(request, HttpResponse.BodyHandlers.ofByteArray());
    return response.statusCode() == 200 ? Optional.of(Bytes.of(response.body())) : Optional.empty();
  }

  /// What this participant shows as the largest checkpoint that it has seen.
  Optional<SignedCheckpoint> seen = Optional.empty();

  Bytes seal(Command command) {
    return seal(wire, command);
  }

  Bytes seal(Wire on, Command command) {
    return on.channel().request(collaboration, clock.instant().plusSeconds(60), seen, command);
  }

  Answered exchange(Command command) throws Exception {
    return exchange(wire, command);
  }

  Answered exchange(Wire on, Command command) throws Exception {
    return on.channel().reply(post(on.messages(), seal(on, command)).orElseThrow());
  }

  /// The reply, or the enclave's refusal as a CloisterException.
  @SuppressWarnings({
    "unchecked",
    "TypeParameterUnusedInFormals"
  }) // each command has one kind of reply
  <R extends Reply> R ask(Command command) throws Exception {
    return (R) exchange(command).reply();
  }

  /// The same on a session of its own, so that several can wait for their replies at one time.
  @SuppressWarnings({
    "unchecked",
    "TypeParameterUnusedInFormals"
  }) // each command has one kind of reply
  <R extends Reply> R ask(Wire on, Command command) throws Exception {
    return (R) exchange(on, command).reply();
  }

  Document document(String yaml) {
    return Documents.parse(name + ".yaml", yaml, name).getFirst();
  }

  SignedDocument signed(String yaml) {
    return SignedDocument.sign(document(yaml), key);
  }

  void enrol() throws Exception {
    var request = CertificateRequest.create(key, name.value(), opening.sealingKey());
    ask(new Command.Enrol(request.encoded()));
  }

  Reply.Published publish(Dataset dataset, Digest schema, Path csv, Path folder) throws Exception {
    return publish(dataset, schema, csv, folder, 0);
  }

  Reply.Published publish(Dataset dataset, Digest schema, Path csv, Path folder, long badRows)
      throws Exception {
    var sealed = sealUpload(dataset, schema, csv, folder);
    open(sealed, badRows);
    send(sealed);
    return ask(new Command.CommitUpload(sealed.id()));
  }

  /// An upload on the owner's side: its parts, sealed for one place.
  record SealedUpload(String id, Dataset dataset, Digest schema, Bytes dataKey, List<Bytes> parts) {
    SealedUpload with(int part, Bytes other) {
      List<Bytes> changed = new ArrayList<>(parts);
      changed.set(part, other);
      return new SealedUpload(id, dataset, schema, dataKey, changed);
    }
  }

  SealedUpload sealUpload(Dataset dataset, Digest schema, Path csv, Path folder) throws Exception {
    List<Bytes> plain = new ArrayList<>();
    for (Path part : Transcoding.transcode(dataset, csv, folder, _ -> {})) {
      plain.add(Bytes.of(Files.readAllBytes(part)));
    }
    return sealUpload(dataset, schema, plain);
  }

  SealedUpload sealUpload(Dataset dataset, Digest schema, List<Bytes> plain) throws Exception {
    byte[] random = new byte[16];
    new SecureRandom().nextBytes(random);
    String upload = Bytes.of(random).hex();
    List<Bytes> sealed = new ArrayList<>();
    try (Secret dataKey = Secret.random(32)) {
      for (int part = 0; part < plain.size(); part++) {
        var context =
            SealedData.partContext(
                collaboration,
                dataset.address(),
                dataset.document(),
                schema,
                upload,
                part,
                plain.size());
        sealed.add(sealPart(dataKey, context, plain.get(part)));
      }
      return new SealedUpload(upload, dataset, schema, Bytes.of(dataKey.expose()), sealed);
    }
  }

  static Bytes sealPart(Secret dataKey, Bytes context, Bytes plain) throws Exception {
    var out = new ByteArrayOutputStream();
    try (var writer = SealedWriter.to(out, dataKey, context)) {
      writer.write(plain.toArray());
      writer.finish();
    }
    return Bytes.of(out.toByteArray());
  }

  /// From which bytes to send.
  Reply.Upload open(SealedUpload upload, long badRows) throws Exception {
    var dataset = upload.dataset();
    var context =
        SealedData.context(
            collaboration, dataset.address(), dataset.document(), upload.schema(), upload.id());
    try (Secret dataKey = Secret.of(upload.dataKey().toArray())) {
      return ask(
          new Command.OpenUpload(
              upload.id(),
              dataset.address(),
              dataset.document(),
              upload.schema(),
              upload.parts().stream().map(part -> (long) part.size()).toList(),
              Hpke.seal(wire.enclaveKey(), SealedData.KEY_INFO, context, dataKey),
              badRows));
    }
  }

  void send(SealedUpload upload) throws Exception {
    for (int part = 0; part < upload.parts().size(); part++) {
      int status = send(upload.id(), part, upload.parts().get(part), 0);
      if (status != 200) {
        throw new IllegalStateException("upload: HTTP " + status);
      }
    }
  }

  /// Whole chunks: the header and 64 chunks first, then 64 at a time, until one is refused.
  ///
  /// @return the last HTTP status
  int send(String upload, int part, Bytes sealed, int offset) throws Exception {
    int step = 64 * (64 * 1024 + 16);
    int from = offset;
    int status = 200;
    while (from < sealed.size() && status == 200) {
      int to = Math.min(sealed.size(), from + step + (from == 0 ? SealedHeader.BYTES : 0));
      status = put(upload, part, from, Arrays.copyOfRange(sealed.toArray(), from, to));
      from = to;
    }
    return status;
  }

  int put(String upload, int part, long offset, byte[] piece) throws Exception {
    return putForReply(upload, part, offset, piece).statusCode();
  }

  HttpResponse<byte[]> putForReply(String upload, int part, long offset, byte[] piece)
      throws Exception {
    var uri = enclave.resolve("/v1/uploads/" + upload + "/parts/" + part + "?offset=" + offset);
    var request =
        HttpRequest.newBuilder(uri).PUT(HttpRequest.BodyPublishers.ofByteArray(piece)).build();
    return HTTP.send(request, HttpResponse.BodyHandlers.ofByteArray());
  }

  AnswerTable open(Reply.Ran ran) throws Exception {
    try (var plain =
        Hpke.open(opening, AnswerTable.INFO, Bytes.utf8(ran.run()), ran.answer().orElseThrow())) {
      return AnswerTable.decode(Bytes.of(plain.expose()));
    }
  }
}
