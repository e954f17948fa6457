package cloister.enclave;

import cloister.attestation.Appraisal;
import cloister.attestation.Report;
import cloister.attestation.Requirements;
import cloister.attestation.SimulatedEvidence;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import cloister.crypto.CertificateRequest;
import cloister.crypto.Digest;
import cloister.crypto.Hpke;
import cloister.crypto.OpeningKey;
import cloister.crypto.SealedWriter;
import cloister.crypto.SealingKey;
import cloister.crypto.Secret;
import cloister.crypto.SigningKey;
import cloister.duckdb.Transcoding;
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
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// A participant that speaks the protocol over HTTP with nothing between it and the test: what is
/// sent is what the test says.
final class TestParticipant {
  static final HttpClient HTTP = HttpClient.newHttpClient();

  final Name name;
  final SigningKey key = SigningKey.generate();
  final OpeningKey opening = OpeningKey.generate();
  private final URI enclave;
  Digest collaboration = Digest.ofUtf8("none yet");
  Wire wire;

  TestParticipant(String name, URI enclave) throws Exception {
    this.name = new Name(name);
    this.enclave = enclave;
    this.wire = connect();
  }

  /// An open session.
  record Wire(ClientChannel channel, URI messages, SealingKey enclaveKey) {}

  Wire connect() throws Exception {
    byte[] nonce = new byte[Handshake.NONCE_BYTES];
    new SecureRandom().nextBytes(nonce);
    Bytes hello = new Handshake.Hello(Bytes.of(nonce)).encode();
    Bytes welcome = post(enclave.resolve("/v1/sessions"), hello).orElseThrow();
    var decoded = Handshake.Welcome.decode(welcome);
    var binding = Handshake.binding(Bytes.of(nonce), decoded.session(), decoded.key());
    var report = Report.parse(decoded.evidence()).verify(Instant.now());
    var requirements =
        new Requirements(
            java.util.Set.of(Tee.SIMULATED), java.util.Set.of(EnclaveServer.measureSimulated()));
    var appraisal = Appraisal.appraise(report, requirements, binding, SimulatedEvidence.ACCEPT);
    if (appraisal instanceof Appraisal.Refused(var reasons)) {
      throw new SecurityException(String.join("; ", reasons));
    }
    return new Wire(
        new ClientChannel(key, hello, welcome),
        enclave.resolve("/v1/sessions/" + decoded.session().hex() + "/messages"),
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

  Bytes seal(Command command) {
    return wire.channel().request(collaboration, Instant.now().plusSeconds(60), 0, command);
  }

  Answered exchange(Command command) throws Exception {
    return wire.channel().reply(post(wire.messages(), seal(command)).orElseThrow());
  }

  /// The reply, or the enclave's refusal as a CloisterException.
  @SuppressWarnings("unchecked")
  <R extends Reply> R ask(Command command) throws Exception {
    return (R) exchange(command).reply();
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
    List<Path> parts = Transcoding.transcode(dataset, csv, folder, _ -> {});
    byte[] id = new byte[16];
    new SecureRandom().nextBytes(id);
    String upload = Bytes.of(id).hex();
    List<Bytes> sealed = new ArrayList<>();
    try (Secret dataKey = Secret.random(32)) {
      for (int part = 0; part < parts.size(); part++) {
        var context =
            SealedData.partContext(
                collaboration,
                dataset.address(),
                dataset.document(),
                schema,
                upload,
                part,
                parts.size());
        var out = new ByteArrayOutputStream();
        try (var writer = SealedWriter.to(out, dataKey, context)) {
          writer.write(Files.readAllBytes(parts.get(part)));
          writer.finish();
        }
        sealed.add(Bytes.of(out.toByteArray()));
      }
      var context =
          SealedData.context(collaboration, dataset.address(), dataset.document(), schema, upload);
      ask(
          new Command.OpenUpload(
              upload,
              dataset.address(),
              dataset.document(),
              schema,
              sealed.stream().map(part -> (long) part.size()).toList(),
              Hpke.seal(wire.enclaveKey(), SealedData.KEY_INFO, context, dataKey),
              badRows));
    }
    for (int part = 0; part < sealed.size(); part++) {
      send(upload, part, sealed.get(part));
    }
    return ask(new Command.CommitUpload(upload));
  }

  private void send(String upload, int part, Bytes sealed) throws Exception {
    // Whole chunks: the header and 64 chunks first, then 64 at a time.
    int step = 64 * (64 * 1024 + 16);
    int from = 0;
    while (from < sealed.size()) {
      int to = Math.min(sealed.size(), from + step + (from == 0 ? 80 : 0));
      byte[] piece = Arrays.copyOfRange(sealed.toArray(), from, to);
      int status = put(upload, part, from, piece);
      if (status != 200) {
        throw new IllegalStateException("upload: HTTP " + status);
      }
      from = to;
    }
  }

  int put(String upload, int part, long offset, byte[] piece) throws Exception {
    var uri = enclave.resolve("/v1/uploads/" + upload + "/parts/" + part + "?offset=" + offset);
    var request =
        HttpRequest.newBuilder(uri).PUT(HttpRequest.BodyPublishers.ofByteArray(piece)).build();
    return HTTP.send(request, HttpResponse.BodyHandlers.ofByteArray()).statusCode();
  }

  AnswerTable open(Reply.Ran ran) throws Exception {
    try (var plain =
        Hpke.open(opening, AnswerTable.INFO, Bytes.utf8(ran.run()), ran.answer().orElseThrow())) {
      return AnswerTable.decode(Bytes.of(plain.expose()));
    }
  }
}
