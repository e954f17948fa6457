package cloister.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Measurement;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.crypto.OpeningKey;
import cloister.crypto.Secret;
import cloister.crypto.SigningKey;
import cloister.ledger.Checkpoint;
import cloister.ledger.ConsistencyProof;
import cloister.ledger.TreeHead;
import cloister.room.Address;
import cloister.simulated.InsecureSimulatedTee;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.pqc.crypto.xwing.XWingKEMExtractor;
import org.bouncycastle.pqc.crypto.xwing.XWingPrivateKeyParameters;
import org.junit.jupiter.api.Test;

/// A recorded session, `vectors/protocol/session.json`, against this implementation and against a
/// second one that is written from docs/protocol.md alone.
///
/// The client's encapsulation is random, so the session is recorded (`make golden`) and not made
/// anew; everything after it follows from the recorded keys.
final class SessionVectorTest {
  private static final Path FILE = Path.of("../vectors/protocol/session.json");

  @Test
  void theEnclaveReadsTheRecordedRequestsAndGivesTheRecordedReplies() throws Exception {
    var recorded = Recorded.read();
    try (var enclave = recorded.enclave()) {
      for (Exchange exchange : recorded.exchanges()) {
        var request = enclave.open(exchange.message());
        assertThat(request.request()).isEqualTo(exchange.request());
        assertThat(request.signature()).isEqualTo(exchange.signature());
        assertThat(request.verified().session()).isEqualTo(recorded.session().hex());
        var answered = Answered.decode(exchange.answer());
        assertThat(enclave.reply(exchange.message(), answered)).isEqualTo(exchange.reply());
      }
    }
  }

  @Test
  void whatTheEvidenceBindsIsRecorded() throws Exception {
    var recorded = Recorded.read();
    var hello = Handshake.Hello.decode(recorded.hello());
    var welcome = Handshake.Welcome.decode(recorded.welcome());
    assertThat(welcome.key()).isEqualTo(recorded.key().sealingKey().encoded());
    var binding = Handshake.binding(hello, welcome.session(), welcome.key());
    assertThat(binding.reportData()).isEqualTo(recorded.reportData());
    // The simulated TEE's report holds it from byte 58 on.
    assertThat(welcome.evidence().getFirst().report().slice(58, 122))
        .isEqualTo(recorded.reportData());
  }

  @Test
  void noChangedByteOfTheHandshakeOrTheFirstMessageOpens() throws Exception {
    var recorded = Recorded.read();
    Bytes message = recorded.exchanges().getFirst().message();
    for (int at = 0; at < recorded.hello().size(); at += 7) {
      refuses(recorded.enclave(flipped(recorded.hello(), at), recorded.welcome()), message);
    }
    for (int at = 0; at < recorded.welcome().size(); at += 97) {
      refuses(recorded.enclave(recorded.hello(), flipped(recorded.welcome(), at)), message);
    }
    for (int at = 0; at < message.size(); at += 53) {
      refuses(recorded.enclave(), flipped(message, at));
    }
  }

  private static Bytes flipped(Bytes bytes, int at) {
    byte[] changed = bytes.toArray();
    changed[at] ^= 1;
    return Bytes.of(changed);
  }

  private static void refuses(EnclaveChannel enclave, Bytes message) {
    try (enclave) {
      assertThatThrownBy(() -> enclave.open(message)).isInstanceOf(CloisterException.class);
    }
  }

  /// The steps of docs/protocol.md §§3, 4, with the JDK, and X-Wing from Bouncy Castle; nothing of
  /// `cloister.crypto` but the container of bytes.
  @Test
  void aSecondImplementationReadsTheSameSession() throws Exception {
    var recorded = Recorded.read();
    byte[] seed = recorded.keySeed().toArray();
    byte[] first = recorded.exchanges().getFirst().message().toArray();
    // §3, 4: info.
    byte[] info =
        join(
            ascii("cloister/session/v2"),
            new byte[] {0},
            recorded.session().toArray(),
            sha256(recorded.hello().toArray()),
            sha256(recorded.welcome().toArray()));
    // §4: whoever opened the session signed its first message's encapsulation.
    byte[] opening =
        join(
            ascii("cloister/session/v2/opening"),
            new byte[] {0},
            info,
            java.util.Arrays.copyOfRange(first, 8, 8 + 2 + 1120));
    Signature opener = Signature.getInstance("Ed25519");
    opener.initVerify(
        KeyFactory.getInstance("Ed25519")
            .generatePublic(new X509EncodedKeySpec(helloKey(recorded.hello()))));
    opener.update(opening);
    assertThat(opener.verify(first, 8 + 2 + 1120, 64)).isTrue();
    // §1: suite 1; RFC 9180 §5.1 with the KEM's shared secret.
    byte[] encapsulated = java.util.Arrays.copyOfRange(first, 8 + 2, 8 + 2 + 1120);
    byte[] shared =
        new XWingKEMExtractor(new XWingPrivateKeyParameters(seed)).extractSecret(encapsulated);
    byte[] suite = join(ascii("HPKE"), HexFormat.of().parseHex("647a00010002"));
    byte[] none = {};
    byte[] context =
        join(
            new byte[] {0},
            labeledExtract(suite, none, "psk_id_hash", none),
            labeledExtract(suite, none, "info_hash", info));
    byte[] secret = labeledExtract(suite, shared, "secret", none);
    byte[] requestKey = labeledExpand(suite, secret, "key", context, 32);
    byte[] requestNonce = labeledExpand(suite, secret, "base_nonce", context, 12);
    byte[] exporter = labeledExpand(suite, secret, "exp", context, 32);
    // §3, 5: the responses' key and base nonce are exported.
    byte[] replyKey = labeledExpand(suite, exporter, "sec", ascii("cloister/response/key"), 32);
    byte[] replyNonce = labeledExpand(suite, exporter, "sec", ascii("cloister/response/nonce"), 12);

    for (int sequence = 0; sequence < recorded.exchanges().size(); sequence++) {
      Exchange exchange = recorded.exchanges().get(sequence);
      byte[] number = ByteBuffer.allocate(8).putLong(sequence).array();
      byte[] message = exchange.message().toArray();
      int sealedAt = sequence == 0 ? 8 + 2 + 1120 + 64 : 8;
      assertThat(java.util.Arrays.copyOf(message, 8)).isEqualTo(number);
      var plain =
          ByteBuffer.wrap(open(requestKey, requestNonce, sequence, number, message, sealedAt));
      byte[] key = field(plain);
      byte[] signature = field(plain);
      byte[] request = field(plain);
      assertThat(plain.hasRemaining()).isFalse();
      assertThat(Bytes.of(request)).isEqualTo(exchange.request());
      Signature ed25519 = Signature.getInstance("Ed25519");
      ed25519.initVerify(
          KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(key)));
      ed25519.update(join(ascii("cloister/request/v1"), new byte[] {0}, request));
      assertThat(ed25519.verify(signature)).isTrue();
      byte[] reply = exchange.reply().toArray();
      assertThat(Bytes.of(open(replyKey, replyNonce, sequence, number, reply, 8)))
          .isEqualTo(exchange.answer());
      assertThat(exchange.answer().size() % 1024).isZero();
    }
  }

  private static byte[] helloKey(Bytes hello) {
    return Json.parseFields(hello.toArray(), 1 << 12, "hello").bytes("key", 64).toArray();
  }

  private static byte[] field(ByteBuffer framed) {
    byte[] field = new byte[framed.getInt()];
    framed.get(field);
    return field;
  }

  private static byte[] open(
      byte[] key, byte[] baseNonce, int sequence, byte[] aad, byte[] in, int from)
      throws Exception {
    byte[] nonce = baseNonce.clone();
    nonce[nonce.length - 1] ^= (byte) sequence;
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(
        Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, nonce));
    cipher.updateAAD(aad);
    return cipher.doFinal(in, from, in.length - from);
  }

  private static byte[] labeledExtract(byte[] suite, byte[] salt, String label, byte[] input)
      throws Exception {
    byte[] labeled = join(ascii("HPKE-v1"), suite, ascii(label), input);
    return KDF.getInstance("HKDF-SHA256")
        .deriveData(HKDFParameterSpec.ofExtract().addSalt(salt).addIKM(labeled).extractOnly());
  }

  private static byte[] labeledExpand(
      byte[] suite, byte[] secret, String label, byte[] context, int length) throws Exception {
    byte[] size = ByteBuffer.allocate(2).putShort((short) length).array();
    byte[] labeled = join(size, ascii("HPKE-v1"), suite, ascii(label), context);
    return KDF.getInstance("HKDF-SHA256")
        .deriveData(
            HKDFParameterSpec.expandOnly(new SecretKeySpec(secret, "HKDF"), labeled, length));
  }

  private static byte[] sha256(byte[] bytes) throws Exception {
    return MessageDigest.getInstance("SHA-256").digest(bytes);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] join(byte[]... parts) {
    var out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  /// @param request the canonical JSON that the participant signed
  /// @param message what the client posted
  /// @param answer what the enclave sealed, padding included
  /// @param reply what the enclave sent
  private record Exchange(
      Bytes request, Bytes signature, Bytes message, Bytes answer, Bytes reply) {}

  private record Recorded(
      Bytes keySeed,
      Bytes session,
      Bytes hello,
      Bytes welcome,
      Bytes reportData,
      List<Exchange> exchanges) {
    OpeningKey key() throws Exception {
      return OpeningKey.decode(Secret.of(Bytes.concat(Bytes.hex("0001"), keySeed).toArray()));
    }

    EnclaveChannel enclave() throws Exception {
      return enclave(hello, welcome);
    }

    EnclaveChannel enclave(Bytes hello, Bytes welcome) throws Exception {
      return new EnclaveChannel(
          key(), Handshake.Hello.decode(this.hello).key(), session, hello, welcome);
    }

    static Recorded read() throws Exception {
      if ("update".equals(System.getProperty("golden"))) {
        Files.createDirectories(FILE.getParent());
        Files.writeString(FILE, record().pretty() + "\n");
      }
      var json = Json.parseFields(Files.readAllBytes(FILE), 1 << 20, "session.json");
      List<Exchange> exchanges = new ArrayList<>();
      for (Json.Fields one : json.objects("exchanges", 16)) {
        exchanges.add(
            new Exchange(
                Bytes.utf8(one.string("request", 1 << 16)),
                hex(one, "signature"),
                hex(one, "message"),
                hex(one, "answer"),
                hex(one, "reply")));
      }
      return new Recorded(
          hex(json, "session-key-seed"),
          hex(json, "session"),
          Bytes.utf8(json.string("hello", 1 << 16)),
          Bytes.utf8(json.string("welcome", 1 << 16)),
          hex(json, "report-data"),
          exchanges);
    }

    private static Bytes hex(Json.Fields json, String name) {
      return Bytes.hex(json.string(name, 1 << 17));
    }

    private static Json.Obj record() throws Exception {
      Bytes seed = filled(32, 1);
      OpeningKey key =
          OpeningKey.decode(Secret.of(Bytes.concat(Bytes.hex("0001"), seed).toArray()));
      SigningKey participant = SigningKey.ofSeed(Secret.of(filled(32, 2).toArray()));
      SigningKey enclaveKey = SigningKey.ofSeed(Secret.of(filled(32, 3).toArray()));
      Bytes session = filled(Handshake.SESSION_BYTES, 4);
      SigningKey sessionKey = SigningKey.ofSeed(Secret.of(filled(32, 7).toArray()));
      var hello =
          new Handshake.Hello(
              filled(Handshake.NONCE_BYTES, 5),
              sessionKey.verifyingKey(),
              List.of(Digest.ofUtf8("a policy"), Digest.ofUtf8("another policy")));
      var binding = Handshake.binding(hello, session, key.sealingKey().encoded());
      var start = Instant.parse("2026-01-01T00:00:00Z");
      var evidence =
          InsecureSimulatedTee.running(new Measurement("sha384", filled(48, 6)))
              .evidence(binding, start);
      var welcome = new Handshake.Welcome(session, key.sealingKey().encoded(), List.of(evidence));
      Digest collaboration = Digest.ofUtf8("the first version of a collaboration");
      var checkpointKey = Checkpoints.key(collaboration, enclaveKey.verifyingKey());
      var head = new TreeHead(1, Digest.ofUtf8("a root"));
      var checkpoint =
          new Checkpoint(checkpointKey.origin(), head).sign(checkpointKey, enclaveKey::sign);
      var proofs =
          List.of(
              new CheckpointProof(checkpoint, new ConsistencyProof(0, 1, List.of())),
              new CheckpointProof(checkpoint, new ConsistencyProof(1, 1, List.of())));
      var line =
          new Reply.BudgetLine(
              Address.parse("/airline/dataset/customers"),
              new BigDecimal("10"),
              new BigDecimal("0.00001"),
              new BigDecimal("0.7"),
              new BigDecimal("0.000001"),
              new BigDecimal("9.3"),
              Optional.empty());
      var commands = List.of(new Command.Budget(), new Command.Result("none"), new Command.Runs());
      var answers =
          List.of(
              new Answered(
                  new Answered.Outcome.Ok(new Reply.Budgets(List.of(line))),
                  Optional.of(proofs.getFirst())),
              new Answered(
                  new Answered.Outcome.Refused(ErrorCode.RUN_UNKNOWN, "there is no such run"),
                  Optional.empty()),
              new Answered(
                  new Answered.Outcome.Ok(new Reply.RunList(List.of())),
                  Optional.of(proofs.getLast())));
      List<Json> exchanges = new ArrayList<>();
      try (var client =
              new ClientChannel(participant, sessionKey, hello.encode(), welcome.encode());
          var enclave =
              new EnclaveChannel(
                  key, sessionKey.verifyingKey(), session, hello.encode(), welcome.encode())) {
        for (int i = 0; i < commands.size(); i++) {
          Bytes message =
              client.request(
                  collaboration,
                  start.plusSeconds(60),
                  i == 0 ? Optional.empty() : Optional.of(checkpoint),
                  commands.get(i));
          var request = enclave.open(message);
          Bytes reply = enclave.reply(message, answers.get(i));
          client.reply(reply);
          exchanges.add(
              Json.object()
                  .put("request", new String(request.request().toArray(), StandardCharsets.UTF_8))
                  .put("signature", request.signature().hex())
                  .put("message", message.hex())
                  .put("answer", answers.get(i).encode().hex())
                  .put("reply", reply.hex())
                  .build());
        }
      }
      return Json.object()
          .put("participant-seed", filled(32, 2).hex())
          .put("client-session-key-seed", filled(32, 7).hex())
          .put("session-key-seed", seed.hex())
          .put("session", session.hex())
          .put("hello", new String(hello.encode().toArray(), StandardCharsets.UTF_8))
          .put("welcome", new String(welcome.encode().toArray(), StandardCharsets.UTF_8))
          .put("report-data", binding.reportData().hex())
          .put("exchanges", Json.array(exchanges))
          .build();
    }

    private static Bytes filled(int size, int value) {
      byte[] bytes = new byte[size];
      java.util.Arrays.fill(bytes, (byte) value);
      return Bytes.of(bytes);
    }
  }
}
