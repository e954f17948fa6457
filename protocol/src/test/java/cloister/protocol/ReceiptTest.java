package cloister.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.attestation.Collateral;
import cloister.attestation.Evidence;
import cloister.attestation.Measurement;
import cloister.attestation.Policy;
import cloister.attestation.Requirements;
import cloister.attestation.SimulatedEvidence;
import cloister.attestation.Tee;
import cloister.attestation.Trust;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.crypto.Secret;
import cloister.crypto.SigningKey;
import cloister.ledger.Checkpoint;
import cloister.ledger.CheckpointKey;
import cloister.ledger.InclusionProof;
import cloister.ledger.TreeHead;
import cloister.privacy.Delta;
import cloister.privacy.Epsilon;
import cloister.room.Address;
import cloister.room.Name;
import cloister.room.Purpose;
import cloister.simulated.InsecureSimulatedTee;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReceiptTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final Digest COLLABORATION = Digest.ofUtf8("collaboration");
  private static final String ORIGIN = "cloister/" + COLLABORATION;
  private static final SigningKey KEY = key(1);
  private static final Bytes SALT = Bytes.of(new byte[32]);
  private static final Measurement MEASUREMENT = new Measurement("sha384", Bytes.of(new byte[48]));
  private static final Receipt.Enclave ENCLAVE = new Receipt.Enclave(Tee.SIMULATED, MEASUREMENT);
  private static final Requirements REQUIREMENTS = Requirements.simulated(Set.of(MEASUREMENT));
  private static final ReceiptVerification VERIFICATION =
      of(COLLABORATION, REQUIREMENTS, SimulatedEvidence.ACCEPT);

  @Test
  void aReceiptHoldsAndSaysWhatWasRun() throws ReceiptException {
    var verified = VERIFICATION.verify(file(receipt()).encode(), NOW);

    assertThat(verified.receipt()).isEqualTo(receipt());
    assertThat(verified.index()).isEqualTo(1);
    assertThat(verified.checkpoint().head().size()).isEqualTo(2);
  }

  /// DSSE protocol.md, the test vector.
  @Test
  void thePreAuthenticationEncodingIsThatOfDsse() {
    assertThat(
            DsseEnvelope.preAuthenticationEncoding(
                "http://example.com/HelloWorld", Bytes.utf8("hello world")))
        .isEqualTo(Bytes.utf8("DSSEv1 29 http://example.com/HelloWorld 11 hello world"));
  }

  @Test
  void everyFlippedByteOfTheFileIsRefusedAndAFlippedFieldIsNamed() throws Exception {
    byte[] good = file(receipt()).encode();
    String text = new String(good, StandardCharsets.ISO_8859_1);
    int payload = text.indexOf("\"payload\":\"") + "\"payload\":\"".length();
    int payloadEnd = text.indexOf('"', payload);
    byte[] statement = Base64.getDecoder().decode(text.substring(payload, payloadEnd));
    String[] fieldOf = fieldOfEachByte(new String(statement, StandardCharsets.UTF_8));

    int padding = text.indexOf('=', payload);
    int lastCharacter = padding > 0 && padding < payloadEnd ? padding : payloadEnd;
    int named = 0;
    for (int i = 0; i < good.length; i++) {
      byte[] flipped = good.clone();
      flipped[i] ^= (byte) (1 << (i % 8));
      var refused =
          catchThrowableOfType(ReceiptException.class, () -> VERIFICATION.verify(flipped, NOW));
      assertThat(refused).as("byte %d", i).isNotNull();
      if (i >= payload && i < lastCharacter) {
        // A character of base64 carries six bits of one or two bytes.
        int first = (i - payload) * 6 / 8;
        int last = Math.min((i - payload) * 6 + 5, statement.length * 8 - 1) / 8;
        if (!fieldOf[first].isEmpty() && !fieldOf[last].isEmpty()) {
          named++;
          assertThat(List.of(refused.part().split(", ")))
              .as("byte %d: %s", i, refused.getMessage())
              .containsAnyOf(fieldOf[first], fieldOf[last]);
        }
      }
    }
    assertThat(named).isGreaterThan(statement.length);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run", "collaboration", "requester", "request", "purpose", "analysis", "plan", "terms",
        "inputs", "budget", "parameters", "trace", "noise", "recipients", "subject", "enclave",
        "issued", "ledger"
      })
  void aFieldThatWasChangedAndSignedAgainIsNamed(String field) {
    Receipt changed = changed(field);
    assertThat(changed.bindings().members().get(field))
        .isNotEqualTo(receipt().bindings().members().get(field));
    // The key signs anything; the ledger's entry is of the receipt as it was.
    ReceiptFile inconsistent = file(changed, receipt().bindings(), KEY);

    var refused =
        catchThrowableOfType(
            ReceiptException.class, () -> VERIFICATION.verify(inconsistent.encode(), NOW));

    assertThat(refused).isNotNull();
    assertThat(List.of(refused.part().split(", "))).contains(field);
  }

  /// Whoever extracts a key of trusted hardware can make a whole ledger of any time: who has seen
  /// the true one takes no receipt of another.
  @Test
  void aReceiptOfAnotherLedgerThanTheOneSeenIsRefused() throws ReceiptException {
    byte[] file = file(receipt()).encode();
    var seen = Checkpoints.key(COLLABORATION, KEY.verifyingKey());
    assertThat(VERIFICATION.ofLedger(seen).verify(file, NOW).receipt()).isEqualTo(receipt());
    for (var other :
        List.of(
            Checkpoints.key(COLLABORATION, key(2).verifyingKey()),
            Checkpoints.key(Digest.ofUtf8("another"), KEY.verifyingKey()))) {
      var refused =
          catchThrowableOfType(
              ReceiptException.class, () -> VERIFICATION.ofLedger(other).verify(file, NOW));
      assertThat(refused.part()).isEqualTo("ledger");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b", "a+b", "", "a\nb", "ü"})
  void whatIsNoNameOfALedgerIsRefused(String origin) {
    var changed =
        receipt("7d2f", "1", COLLABORATION, Purpose.RESEARCH_AND_DEVELOPMENT, ENCLAVE, origin, NOW);
    var refused =
        catchThrowableOfType(
            ReceiptException.class, () -> VERIFICATION.verify(file(changed).encode(), NOW));
    assertThat(refused.part()).isEqualTo("statement");
  }

  @Test
  void everyFieldIsBound() {
    Json.Obj statement = (Json.Obj) Json.parse(receipt().statement().toArray());
    Json.Obj predicate = (Json.Obj) statement.get("predicate").orElseThrow();

    assertThat(receipt().bindings().members().keySet())
        .containsAll(predicate.members().keySet())
        .contains("subject")
        .hasSize(predicate.members().size() + 1);
  }

  @Test
  void aReceiptOfAnotherKeyIsRefusedByItsEvidence() {
    // Everything made anew by somebody else, but for the evidence.
    ReceiptFile own = file(receipt());
    ReceiptFile forged = file(receipt(), receipt().bindings(), key(2));
    ReceiptFile mixed =
        new ReceiptFile(
            forged.envelope(),
            forged.event(),
            own.evidence(),
            forged.key(),
            forged.inclusion(),
            forged.salt(),
            forged.checkpoint(),
            Collateral.none());

    refused(mixed, "evidence");
  }

  @Test
  void aCheckpointOfAnotherKeyIsRefused() {
    ReceiptFile own = file(receipt());
    refused(
        new ReceiptFile(
            own.envelope(),
            own.event(),
            own.evidence(),
            own.key(),
            own.inclusion(),
            own.salt(),
            file(receipt(), receipt().bindings(), key(2)).checkpoint(),
            Collateral.none()),
        "checkpoint");
  }

  @Test
  void aReceiptThatIsNotInTheLedgerIsRefused() {
    ReceiptFile own = file(receipt());
    refused(
        new ReceiptFile(
            own.envelope(),
            own.event(),
            own.evidence(),
            own.key(),
            new InclusionProof(0, 2, own.inclusion().path()),
            own.salt(),
            own.checkpoint(),
            Collateral.none()),
        "inclusion");
  }

  @Test
  void aReceiptOfAnotherCollaborationOrFromTheFutureIsRefused() {
    byte[] good = file(receipt()).encode();

    assertThatThrownBy(() ->
            of(Digest.ofUtf8("another"), REQUIREMENTS, SimulatedEvidence.ACCEPT).verify(good, NOW))
        .hasMessageContaining("collaboration");
    assertThatThrownBy(() -> VERIFICATION.verify(good, NOW.minusSeconds(3600)))
        .hasMessageContaining("issued");
  }

  @Test
  void evidenceThatDoesNotMeetTheRequirementsRefusesTheReceipt() {
    var otherCode = new Measurement("sha384", Bytes.hex("11".repeat(48)));
    var otherMeasurement = Requirements.simulated(Set.of(otherCode));
    var hardware =
        new Requirements(
            Set.of(Tee.SEV_SNP), Set.of(MEASUREMENT), Optional.of(Digest.ofUtf8("a policy")));
    for (var verification :
        List.of(
            of(COLLABORATION, REQUIREMENTS, SimulatedEvidence.REFUSE),
            of(COLLABORATION, otherMeasurement, SimulatedEvidence.ACCEPT),
            of(COLLABORATION, hardware, SimulatedEvidence.ACCEPT))) {
      assertThatThrownBy(() -> verification.verify(file(receipt()).encode(), NOW))
          .isInstanceOfSatisfying(
              ReceiptException.class, e -> assertThat(e.part()).isEqualTo("evidence"));
    }
  }

  private static ReceiptVerification of(
      Digest collaboration, Requirements requirements, SimulatedEvidence simulated) {
    return ReceiptVerification.of(
        collaboration, new Trust(requirements, List.of(), simulated), Collateral.none());
  }

  @Test
  void aReceiptThatClaimsAnotherEnclaveThanItsEvidenceIsRefused() {
    refused(file(changed("enclave")), "enclave");
  }

  @Test
  void aFileWithAnythingMoreOrLessIsRefused() {
    byte[] good = file(receipt()).encode();
    for (byte[] bad :
        List.of(
            new byte[0],
            Arrays.copyOf(good, good.length - 1),
            Arrays.copyOf(good, good.length + 1),
            "{}".getBytes(StandardCharsets.UTF_8),
            "[]".getBytes(StandardCharsets.UTF_8),
            new String(good, StandardCharsets.UTF_8)
                .replace("{\"checkpoint\"", "{\"added\":1,\"checkpoint\"")
                .getBytes(StandardCharsets.UTF_8))) {
      assertThatThrownBy(() -> VERIFICATION.verify(bad, NOW)).isInstanceOf(ReceiptException.class);
    }
  }

  /// A policy that leaves the signing keys to whoever fetched them means the verifier, not whoever
  /// made the receipt: a key set leads to no pinned key.
  @Test
  void aReceiptDoesNotBringTheKeysThatItsEvidenceIsBelievedWith() throws Exception {
    var generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair service = generator.generateKeyPair();
    Collateral keys =
        Collateral.of(
            List.of(
                new Collateral.Item(
                    Collateral.Kind.KEY_SET,
                    INSTANCE + "/certs",
                    keySet(service),
                    Optional.of(NOW))));
    var enclave = new Receipt.Enclave(Tee.AZURE_MAA, Measurement.parse("sha256:" + ZEROS));
    var receipt = receipt("7d2f", "1", COLLABORATION, Purpose.PURPOSE, enclave, ORIGIN, NOW);
    ReceiptFile own = file(receipt);
    Policy policy =
        Policy.parse(
            canonical(
                """
                {"policy":"lax","families":1,
                 "valid":{"from":"2026-01-01T00:00:00Z","until":"2027-01-01T00:00:00Z"},
                 "accept":[{"tee":"azure-maa","issuers":["%s"],"signing-keys":"any",
                  "attestation-types":["sgx"],"isolation-types":["sgx"],"measurements":"any",
                  "host-data":"any","compliance-statuses":"any","tcb-statuses":"any",
                  "minimum-svn":0,"policy-hashes":"any","maximum-age-seconds":300}]}
                """
                    .formatted(INSTANCE)));
    var requirements =
        new Requirements(
            Set.of(Tee.AZURE_MAA), Set.of(enclave.measurement()), Optional.of(policy.digest()));
    var trust = new Trust(requirements, List.of(policy), SimulatedEvidence.REFUSE);
    Bytes reportData =
        ReceiptFile.keyBinding(ORIGIN, own.key(), requirements.policy()).reportData();
    var forged =
        new ReceiptFile(
            own.envelope(),
            own.event(),
            List.of(new Evidence(Tee.AZURE_MAA, token(service, reportData))),
            own.key(),
            own.inclusion(),
            own.salt(),
            own.checkpoint(),
            keys);

    assertThat(
            ReceiptVerification.of(COLLABORATION, trust, keys)
                .verify(forged.encode(), NOW)
                .receipt())
        .isEqualTo(receipt);
    assertThatThrownBy(() ->
            ReceiptVerification.of(COLLABORATION, trust, Collateral.none())
                .verify(forged.encode(), NOW))
        .isInstanceOf(ReceiptException.class)
        .hasMessageContaining("no key set of " + INSTANCE + "/certs is at hand");
  }

  private static final String INSTANCE = "https://a.eus.attest.azure.net";
  private static final String ZEROS = "00".repeat(32);

  private static Bytes token(KeyPair service, Bytes reportData) throws Exception {
    long issued = NOW.getEpochSecond();
    String claims =
        """
        {"iss":"%s","iat":%d,"nbf":%d,"exp":%d,"x-ms-attestation-type":"sgx","x-ms-ver":"1.0",
         "x-ms-policy-hash":"none","x-ms-sgx-is-debuggable":false,"x-ms-sgx-mrenclave":"%s",
         "x-ms-sgx-report-data":"%s","x-ms-sgx-svn":1}
        """
            .formatted(INSTANCE, issued, issued, issued + 600, ZEROS, reportData.hex());
    String signed = base64Url("{\"alg\":\"RS256\",\"kid\":\"one\"}") + "." + base64Url(claims);
    var signature = Signature.getInstance("SHA256withRSA");
    signature.initSign(service.getPrivate());
    signature.update(signed.getBytes(StandardCharsets.US_ASCII));
    return Bytes.utf8(signed + "." + base64Url(signature.sign()));
  }

  private static Bytes canonical(String json) {
    return Bytes.of(
        ((Json.Obj) Json.parse(json.getBytes(StandardCharsets.UTF_8), 10_000)).canonical());
  }

  private static Bytes keySet(KeyPair service) {
    BigInteger modulus = ((RSAPublicKey) service.getPublic()).getModulus();
    byte[] unsigned = modulus.toByteArray();
    String n = base64Url(Arrays.copyOfRange(unsigned, 1, unsigned.length));
    return Bytes.utf8(
        "{\"keys\":[{\"e\":\"AQAB\",\"kid\":\"one\",\"kty\":\"RSA\",\"n\":\"" + n + "\"}]}");
  }

  private static String base64Url(String text) {
    return base64Url(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String base64Url(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static void refused(ReceiptFile file, String part) {
    assertThatThrownBy(() -> VERIFICATION.verify(file.encode(), NOW))
        .isInstanceOfSatisfying(ReceiptException.class, e -> assertThat(e.part()).isEqualTo(part));
  }

  private static ReceiptFile file(Receipt receipt) {
    return file(receipt, receipt.bindings(), KEY);
  }

  /// A ledger of two entries, of which the second is the receipt's.
  private static ReceiptFile file(Receipt receipt, Json.Obj bindings, SigningKey key) {
    var event = Json.object().put("event", "released").put("receipt", bindings).build();
    Digest before = Digest.of(new byte[] {0}, new byte[] {42});
    Digest own = Digest.of(new byte[] {0}, ReceiptFile.leaf(SALT, event).toArray());
    Digest root = Digest.of(new byte[] {1}, before.toArray(), own.toArray());
    Bytes spki = key.verifyingKey().spki();
    byte[] point = Arrays.copyOfRange(spki.toArray(), spki.size() - 32, spki.size());
    var checkpoint =
        new Checkpoint(ORIGIN, new TreeHead(2, root))
            .sign(new CheckpointKey(ORIGIN, Bytes.of(point)), key::sign);
    return new ReceiptFile(
        DsseEnvelope.sign(receipt.statement(), key),
        event,
        List.of(
            InsecureSimulatedTee.running(MEASUREMENT)
                .evidence(
                    ReceiptFile.keyBinding(receipt.ledger(), spki, Optional.empty()),
                    NOW.minusSeconds(60))),
        spki,
        new InclusionProof(1, 2, List.of(before)),
        SALT,
        checkpoint.format(),
        Collateral.none());
  }

  private static Receipt receipt() {
    return receipt(
        "7d2f", "1", COLLABORATION, Purpose.RESEARCH_AND_DEVELOPMENT, ENCLAVE, ORIGIN, NOW);
  }

  private static Receipt receipt(
      String run,
      String variant,
      Digest collaboration,
      Purpose purpose,
      Receipt.Enclave enclave,
      String ledger,
      Instant issued) {
    var spent = new Receipt.Spent(new BigDecimal("0.7"), new BigDecimal("1e-6"));
    return new Receipt(
        run,
        new Receipt.Named(new Name("airline-media"), collaboration),
        new Receipt.Named(new Name("research"), Digest.ofUtf8("key" + variant)),
        Digest.ofUtf8("request" + variant),
        purpose,
        new Receipt.Analysis(
            Address.parse("/research/analysis/overlap"), Digest.ofUtf8("analysis" + variant)),
        Digest.ofUtf8("plan" + variant),
        new TreeMap<>(
            Map.of(
                Address.parse("/airline/dataset/customers"),
                new Receipt.Input(
                    Digest.ofUtf8("terms" + variant),
                    Digest.ofUtf8("data" + variant),
                    Optional.of(
                        new Receipt.Budget(
                            new Receipt.Spent(new BigDecimal(variant), BigDecimal.ZERO), spent))))),
        new TreeMap<>(Map.of("since", "2026-0" + variant)),
        List.of("/airline/dataset/customers: rule measurement permits \"é\", " + variant),
        Optional.of(
            new Receipt.Noise(Epsilon.of("0.7"), Delta.of("1e-6"), "discrete Gaussian " + variant)),
        new TreeMap<>(Map.of(new Name("research"), Digest.ofUtf8("sealed" + variant))),
        Digest.ofUtf8("answer" + variant),
        enclave,
        issued,
        ledger);
  }

  private static Receipt changed(String field) {
    var other = Digest.ofUtf8("other");
    var sev = new Receipt.Enclave(Tee.SEV_SNP, ENCLAVE.measurement());
    Receipt r = receipt();
    return switch (field) {
      case "run" -> receipt("7d30", "1", COLLABORATION, r.purpose(), ENCLAVE, ORIGIN, NOW);
      case "collaboration" -> receipt("7d2f", "1", other, r.purpose(), ENCLAVE, ORIGIN, NOW);
      case "purpose" -> receipt("7d2f", "1", COLLABORATION, Purpose.PURPOSE, ENCLAVE, ORIGIN, NOW);
      case "enclave" -> receipt("7d2f", "1", COLLABORATION, r.purpose(), sev, ORIGIN, NOW);
      case "ledger" -> receipt("7d2f", "1", COLLABORATION, r.purpose(), ENCLAVE, "other", NOW);
      case "issued" ->
          receipt("7d2f", "1", COLLABORATION, r.purpose(), ENCLAVE, ORIGIN, NOW.minusSeconds(1));
      default ->
          only(field, receipt("7d2f", "2", COLLABORATION, r.purpose(), ENCLAVE, ORIGIN, NOW));
    };
  }

  /// The receipt with one field of another.
  private static Receipt only(String field, Receipt other) {
    Receipt r = receipt();
    var address = r.datasets().firstKey();
    Receipt.Input mine = r.datasets().values().iterator().next();
    Receipt.Input theirs = other.datasets().values().iterator().next();
    var input =
        new Receipt.Input(
            field.equals("terms") ? theirs.terms() : mine.terms(),
            field.equals("inputs") ? theirs.version() : mine.version(),
            field.equals("budget") ? theirs.budget() : mine.budget());
    return new Receipt(
        r.run(),
        r.collaboration(),
        field.equals("requester") ? other.requester() : r.requester(),
        field.equals("request") ? other.request() : r.request(),
        r.purpose(),
        field.equals("analysis") ? other.analysis() : r.analysis(),
        field.equals("plan") ? other.plan() : r.plan(),
        new TreeMap<>(Map.of(address, input)),
        field.equals("parameters") ? other.parameters() : r.parameters(),
        field.equals("trace") ? other.trace() : r.trace(),
        field.equals("noise") ? other.noise() : r.noise(),
        field.equals("recipients") ? other.recipients() : r.recipients(),
        field.equals("subject") ? other.output() : r.output(),
        r.enclave(),
        r.issued(),
        r.ledger());
  }

  /// By the reader's own parse of the statement, which knows nothing of how alterations are found.
  private static String[] fieldOfEachByte(String statement) {
    byte[] bytes = statement.getBytes(StandardCharsets.UTF_8);
    String latin = new String(bytes, StandardCharsets.ISO_8859_1);
    String[] fields = new String[bytes.length];
    Arrays.fill(fields, ""); // between two fields: either may be named
    var object = (Json.Obj) Json.parse(bytes);
    mark(fields, latin, "subject", object.get("subject").orElseThrow());
    ((Json.Obj) object.get("predicate").orElseThrow())
        .members()
        .forEach((field, value) -> mark(fields, latin, field, value));
    return fields;
  }

  private static void mark(String[] fields, String latin, String field, Json value) {
    String member =
        "\"" + field + "\":" + new String(value.canonical(), StandardCharsets.ISO_8859_1);
    int start = latin.indexOf(member);
    assertThat(start).isNotNegative();
    Arrays.fill(fields, start, start + member.length(), field);
  }

  private static SigningKey key(int seed) {
    byte[] bytes = new byte[32];
    bytes[0] = (byte) seed;
    return SigningKey.ofSeed(Secret.of(bytes));
  }
}
