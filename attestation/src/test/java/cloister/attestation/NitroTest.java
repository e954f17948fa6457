package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Signatures.Algorithm;
import cloister.crypto.Bytes;
import java.security.interfaces.ECPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1BitString;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERSequence;
import org.junit.jupiter.api.Test;

/// AWS Nitro with a hypervisor of the test's own; NitroVectorsTest has AWS's.
class NitroTest {
  private static final Instant NOW = TestAuthority.NOW;
  private static final Binding BINDING = Binding.of("cloister/session/v1", Bytes.utf8("nonce"));
  private static final Bytes ZEROS = Bytes.of(new byte[48]);

  private final TestHypervisor hypervisor = new TestHypervisor();

  /// From AWS's own hypervisors; vectors/attestation/nitro/README.md says whence.
  @Test
  void realDocumentsAreVerifiedAtTheirClockAndDebugModeShows() throws Exception {
    VerifiedReport release =
        Report.parse(new Evidence(Tee.NITRO, Repository.read("nitro/app.cose")))
            .verify(Collateral.none(), Anchors.pinned(), Instant.parse("2025-12-25T16:04:19.346Z"));
    assertThat(release.claims().measurement().toString()).startsWith("sha384:eb7d0dab08ff4154");
    assertThat(release.claims().debug()).isEqualTo(Claims.Debug.OFF);
    VerifiedReport debug =
        Report.parse(new Evidence(Tee.NITRO, Repository.read("nitro/app_dbg.cose")))
            .verify(Collateral.none(), Anchors.pinned(), Instant.parse("2025-12-25T08:20:46.577Z"));
    assertThat(debug.claims().debug()).isEqualTo(Claims.Debug.ON);
    assertThat(appraised(debug, BINDING)).contains("debug");
  }

  @Test
  void aDocumentIsVerifiedAndItsImageIsTheMeasurement() throws Exception {
    VerifiedReport report = verified(hypervisor.evidence(fields()), Collateral.none());
    assertThat(report.claims().measurement()).isEqualTo(TestHypervisor.register(0x10, 0));
    assertThat(report.claims().debug()).isEqualTo(Claims.Debug.OFF);
    assertThat(report.claims().boundTo(BINDING)).isTrue();
    assertThat(report.checks())
        .extracting(Check::name)
        .contains(
            "nitro.header",
            "nitro.root",
            "nitro.chain",
            "nitro.certificate",
            "nitro.signature",
            "nitro.timestamp");
    assertThat(TestPolicies.failures(policy(), report, NOW)).isEmpty();
    assertThat(appraised(report, BINDING)).isEmpty();
  }

  /// docs/forgotten-checks.md no. 17: user_data and public_key or nonce confused; no. 2: compared
  /// by a prefix.
  @Test
  void onlyAllOfUserDataBinds() throws Exception {
    Bytes data = BINDING.reportData();
    for (var other : Map.of("nonce", data, "public_key", data).entrySet()) {
      var fields = fields();
      fields.put(other.getKey(), CborWriting.bytes(other.getValue()));
      fields.put("user_data", TestHypervisor.NULL);
      assertThat(appraised(verified(hypervisor.evidence(fields), Collateral.none()), BINDING))
          .containsExactly("binding");
    }
    for (Bytes wrong :
        new Bytes[] {
          data.slice(0, 63),
          data.slice(0, 32),
          Bytes.concat(data, Bytes.of(new byte[1])),
          Bytes.concat(data, data),
          Bytes.of(new byte[0]),
          BINDING.sha256()
        }) {
      var fields = fields();
      fields.put("user_data", CborWriting.bytes(wrong));
      assertThat(appraised(verified(hypervisor.evidence(fields), Collateral.none()), BINDING))
          .containsExactly("binding");
    }
    var fields = fields();
    fields.remove("user_data");
    assertThat(appraised(verified(hypervisor.evidence(fields), Collateral.none()), BINDING))
        .containsExactly("binding");
  }

  /// docs/forgotten-checks.md no. 1; zero registers are signed as well as any others.
  @Test
  void anEnclaveInDebugModeIsRefused() throws Exception {
    for (int zero : new int[] {0, 1, 2}) {
      var fields = fields();
      fields.put("pcrs", with(zero, ZEROS));
      VerifiedReport report = verified(hypervisor.evidence(fields), Collateral.none());
      assertThat(report.claims().debug()).isEqualTo(Claims.Debug.ON);
      assertThat(appraised(report, BINDING)).contains("debug");
    }
    var unused = fields();
    unused.put("pcrs", with(5, ZEROS));
    assertThat(verified(hypervisor.evidence(unused), Collateral.none()).claims().debug())
        .isEqualTo(Claims.Debug.OFF);
  }

  @Test
  void alteredBytesAndEveryOtherLengthAreRefused() {
    byte[] document = hypervisor.evidence(fields()).report().toArray();
    var random = new Random(8152);
    // Every byte of a real document is altered in NitroVectorsTest.
    for (int i = random.nextInt(5); i < document.length; i += 5) {
      byte[] altered = document.clone();
      altered[i] ^= (byte) (1 << random.nextInt(8));
      assertThat(refusal(Bytes.of(altered))).as("byte %d", i).isNotEmpty();
    }
    for (int length = 0; length <= document.length + 2; length++) {
      if (length != document.length) {
        assertThat(refusal(Bytes.of(Arrays.copyOf(document, length)))).isNotEmpty();
      }
    }
  }

  /// docs/forgotten-checks.md no. 17: a chain that is consistent in itself.
  @Test
  void anotherHypervisorsChainIsRefused() {
    var other = new TestHypervisor();
    assertThat(refusal(other.evidence(fields(other)).report()))
        .containsExactly("nitro.root", "nitro.chain");
    var mixed = fields();
    mixed.put("certificate", fields(other).getOrDefault("certificate", ZEROS));
    assertThat(refusal(mixed)).containsExactly("nitro.chain", "nitro.signature");
    mixed = fields(other);
    mixed.put("cabundle", fields().getOrDefault("cabundle", ZEROS));
    assertThat(refusal(other.evidence(mixed).report())).containsExactly("nitro.chain");
  }

  @Test
  void theBundleIsWholeAndInOrder() {
    List<TestAuthority> bundle =
        List.of(hypervisor.root, hypervisor.regional, hypervisor.zonal, hypervisor.instance);
    for (int left = 0; left < bundle.size(); left++) {
      var shorter = new java.util.ArrayList<>(bundle);
      shorter.remove(left);
      assertThat(refusal(bundled(shorter)))
          .containsExactlyElementsOf(left == 0 ? List.of("nitro.root") : List.of("nitro.chain"));
    }
    assertThat(refusal(bundled(bundle.reversed()))).contains("nitro.root", "nitro.chain");
    assertThat(refusal(bundled(List.of()))).first().asString().contains("cabundle");
    assertThat(refusal(bundled(java.util.Collections.nCopies(9, hypervisor.root))))
        .first()
        .asString()
        .contains("cabundle");
  }

  @Test
  void anAuthorityOfTheChainIsNoSignerOfDocuments() {
    var fields = fields();
    fields.put("certificate", CborWriting.bytes(hypervisor.instance.der()));
    fields.put(
        "cabundle", array(Stream.of(hypervisor.root, hypervisor.regional, hypervisor.zonal)));
    Evidence evidence =
        TestHypervisor.evidence(
            hypervisor.instance,
            Algorithm.ES384,
            Bytes.hex("a1013822"),
            Bytes.hex("a0"),
            TestHypervisor.payload(fields));
    assertThat(refusal(evidence.report())).containsExactly("nitro.certificate");
  }

  @Test
  void theClockIsHeldAtEachBoundary() {
    Evidence evidence = hypervisor.evidence(fields());
    Instant begins = NOW.minusSeconds(3);
    Instant ends = NOW.plus(Duration.ofHours(3));
    assertThat(at(evidence, begins)).isEmpty();
    assertThat(at(evidence, begins.minusSeconds(1))).containsExactly("nitro.chain");
    assertThat(at(evidence, ends)).isEmpty();
    assertThat(at(evidence, ends.plusSeconds(1))).containsExactly("nitro.chain");
    assertThat(at(evidence, NOW.plus(Duration.ofDays(366)))).contains("nitro.chain");

    var future = fields();
    future.put("timestamp", CborWriting.number(NOW.plusSeconds(60).toEpochMilli()));
    assertThat(refusal(future)).isEmpty();
    future.put("timestamp", CborWriting.number(NOW.plusSeconds(60).toEpochMilli() + 1));
    assertThat(refusal(future)).containsExactly("nitro.timestamp");
  }

  @Test
  void theAlgorithmIsTheOnlyHeader() {
    Bytes payload = TestHypervisor.payload(fields());
    for (String header : new String[] {"a0", "a10126", "a1013823", "a2013822044101"}) {
      assertThat(
              refusal(
                  TestHypervisor.evidence(
                          hypervisor.leaf,
                          Algorithm.ES384,
                          Bytes.hex(header),
                          Bytes.hex("a0"),
                          payload)
                      .report()))
          .contains("nitro.header");
    }
    assertThat(
            refusal(
                TestHypervisor.evidence(
                        hypervisor.leaf,
                        Algorithm.ES384,
                        Bytes.hex("a1013822"),
                        Bytes.hex("a1044101"),
                        payload)
                    .report()))
        .containsExactly("nitro.header");
    Bytes tagged = Bytes.concat(Bytes.hex("d2"), hypervisor.evidence(payload).report());
    assertThat(refusal(tagged)).as("tag 18, which the specification allows").isEmpty();
  }

  /// base/nitro-validator: revoked by the certificate's bytes, a malleated signature evades it.
  @Test
  void aRevokedCertificateIsRefusedByIssuerAndNumber() throws Exception {
    Collateral clean =
        lists(
            hypervisor.root.revocationList(),
            hypervisor.regional.revocationList(),
            hypervisor.zonal.revocationList(),
            hypervisor.instance.revocationList());
    VerifiedReport report = verified(hypervisor.evidence(fields()), clean);
    assertThat(TestPolicies.failures(policy("\"revocation\": [\"checked\"]"), report, NOW))
        .isEmpty();
    assertThat(
            TestPolicies.failures(
                policy("\"revocation\": [\"checked\"]"),
                verified(hypervisor.evidence(fields()), Collateral.none()),
                NOW))
        .containsExactly("nitro.revocation");

    for (Collateral revoked :
        List.of(
            lists(hypervisor.root.revocationList(2)),
            lists(hypervisor.regional.revocationList(3)),
            lists(hypervisor.zonal.revocationList(4)),
            lists(hypervisor.instance.revocationList(9, 5)),
            lists(hypervisor.root.revocationList(NOW.minusSeconds(9), NOW.minusSeconds(1))))) {
      assertThat(
              TestPolicies.refusal(
                  hypervisor.evidence(fields()), revoked, hypervisor.anchors(), NOW))
          .containsExactly("nitro.revocation");
    }
    assertThat(verified(hypervisor.evidence(fields()), lists(hypervisor.root.revocationList(3))))
        .as("the number 3 of another issuer")
        .isNotNull();
    // A list under a name that is not its own is none: it neither refuses nor vouches.
    VerifiedReport unlisted =
        verified(
            hypervisor.evidence(fields()), lists(new TestHypervisor().root.revocationList(2, 3)));
    assertThat(TestPolicies.failures(policy("\"revocation\": [\"checked\"]"), unlisted, NOW))
        .containsExactly("nitro.revocation");
  }

  /// A signature of ECDSA has a twin, s and n − s: whoever holds a revoked certificate can write it
  /// anew in other bytes, and it holds as before.
  @Test
  void aRevokedCertificateInOtherBytesIsRevokedStill() throws Exception {
    var fields = fields();
    fields.put(
        "cabundle",
        CborWriting.array(
            CborWriting.bytes(hypervisor.root.der()),
            CborWriting.bytes(twin(hypervisor.regional)),
            CborWriting.bytes(hypervisor.zonal.der()),
            CborWriting.bytes(hypervisor.instance.der())));
    Evidence evidence = hypervisor.evidence(fields);
    assertThat(verified(evidence, Collateral.none())).isNotNull();
    assertThat(
            TestPolicies.refusal(
                evidence, lists(hypervisor.root.revocationList(2)), hypervisor.anchors(), NOW))
        .containsExactly("nitro.revocation");
  }

  private static Bytes twin(TestAuthority authority) throws Exception {
    var order = ((ECPublicKey) authority.keys().getPublic()).getParams().getOrder();
    var whole = ASN1Sequence.getInstance(authority.der().toArray());
    var scalars =
        ASN1Sequence.getInstance(ASN1BitString.getInstance(whole.getObjectAt(2)).getOctets());
    var r = ASN1Integer.getInstance(scalars.getObjectAt(0));
    var s = ASN1Integer.getInstance(scalars.getObjectAt(1)).getValue();
    var signature =
        new DERSequence(new ASN1Encodable[] {r, new ASN1Integer(order.subtract(s))}).getEncoded();
    Bytes twin =
        Bytes.of(
            new DERSequence(
                    new ASN1Encodable[] {
                      whole.getObjectAt(0), whole.getObjectAt(1), new DERBitString(signature)
                    })
                .getEncoded());
    assertThat(twin).isNotEqualTo(authority.der());
    return twin;
  }

  @Test
  void whatIsNoDocumentIsRefusedByItsFlaw() {
    malformed("module_id", CborWriting.text(""), "module_id has 0 characters");
    malformed("module_id", CborWriting.text("i".repeat(201)), "module_id has 201");
    malformed("module_id", CborWriting.number(1), "module_id is no text");
    malformed("digest", CborWriting.text("SHA256"), "digest is not SHA384");
    malformed("timestamp", CborWriting.number(0), "timestamp");
    malformed("timestamp", CborWriting.number(253_402_300_800_000L), "timestamp");
    malformed("timestamp", Bytes.hex("1bffffffffffffffff"), "2⁶³");
    malformed("timestamp", Bytes.hex("20"), "timestamp");
    malformed("timestamp", TestHypervisor.NULL, "timestamp");
    malformed("timestamp", Bytes.hex("1b0000000000000001"), "shortest");
    malformed("pcrs", Bytes.hex("a0"), "pcrs is no map");
    malformed("pcrs", TestHypervisor.NULL, "pcrs is no map");
    malformed("pcrs", TestHypervisor.registers(0, 33), "pcrs is no map of 1 to 32");
    malformed("pcrs", TestHypervisor.registers(0, 2), "lacks one of the registers");
    malformed("pcrs", with(32, ZEROS), "0 to 31");
    malformed("pcrs", with(3, Bytes.of(new byte[32])), "not 48 bytes");
    malformed(
        "pcrs",
        CborWriting.map(
            CborWriting.number(0),
            CborWriting.bytes(ZEROS),
            CborWriting.number(0),
            CborWriting.bytes(ZEROS)),
        "the same key twice");
    malformed("pcrs", CborWriting.map(Bytes.hex("20"), CborWriting.bytes(ZEROS)), "0 to 31");
    malformed("pcrs", CborWriting.map(CborWriting.text("0"), CborWriting.bytes(ZEROS)), "0 to 31");
    malformed("nitrotpm_pcrs", TestHypervisor.registers(0, 16), "exactly one of them");
    malformed("certificate", TestHypervisor.NULL, "certificate");
    malformed("certificate", CborWriting.bytes(Bytes.of(new byte[0])), "certificate");
    malformed("certificate", CborWriting.bytes(Bytes.of(new byte[1025])), "1 to 1024");
    malformed("certificate", CborWriting.bytes(Bytes.of(new byte[100])), "malformed certificate");
    malformed("cabundle", TestHypervisor.NULL, "cabundle");
    malformed("cabundle", CborWriting.bytes(ZEROS), "cabundle");
    for (String optional : new String[] {"public_key", "user_data", "nonce"}) {
      malformed(optional, CborWriting.bytes(Bytes.of(new byte[1025])), optional + " is neither");
      malformed(optional, CborWriting.text("text"), optional + " is neither");
      malformed(optional, Bytes.hex("f7"), "unknown simple value");
    }
    for (String required :
        new String[] {"module_id", "digest", "timestamp", "certificate", "cabundle"}) {
      var fields = fields();
      fields.remove(required);
      assertThat(refusal(fields)).first().asString().contains(required + " is missing");
    }
    var neither = fields();
    neither.remove("pcrs");
    assertThat(refusal(neither)).first().asString().contains("exactly one of them");
    assertThat(refusal(hypervisor.evidence(Bytes.hex("80")).report()))
        .first()
        .asString()
        .contains("no map");
    assertThat(refusal(Bytes.of(new byte[33_000]))).first().asString().contains("at most");
  }

  @Test
  void aFieldThatThisVersionDoesNotKnowIsShown() throws Exception {
    var fields = fields();
    fields.put("novelty", CborWriting.number(1));
    assertThat(verified(hypervisor.evidence(fields), Collateral.none()).checks())
        .filteredOn(check -> check.name().equals("nitro.field"))
        .singleElement()
        .extracting(Check::outcome)
        .isEqualTo(Check.Outcome.NOTED);
  }

  @Test
  void evidenceIsTheDocumentAlone() {
    var parts =
        new Evidence(
            Tee.NITRO,
            Map.of(
                Evidence.Part.REPORT,
                hypervisor.evidence(fields()).report(),
                Evidence.Part.CERTIFICATES,
                hypervisor.leaf.der()));
    assertThatThrownBy(() -> Report.parse(parts))
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining("no part certificates");
  }

  @Test
  void everyDemandOfThePolicyHasItsCheck() throws Exception {
    VerifiedReport report = verified(hypervisor.evidence(fields()), Collateral.none());
    String other = "[\"sha384:" + "ee".repeat(48) + "\"]";
    for (int index : new int[] {0, 1, 2, 3, 8}) {
      assertThat(TestPolicies.failures(policyWithRegister(index, other), report, NOW))
          .containsExactly("nitro.pcr" + index);
      assertThat(TestPolicies.failures(policyWithRegister(index, "\"any\""), report, NOW))
          .isEmpty();
    }
    assertThat(TestPolicies.failures(policyWithRegister(31, "\"any\""), report, NOW))
        .as("a register that the document does not have")
        .containsExactly("nitro.pcr31");
    assertThat(TestPolicies.failures(policy(), report, NOW.plusSeconds(300))).isEmpty();
    assertThat(TestPolicies.failures(policy(), report, NOW.plusSeconds(301)))
        .containsExactly("nitro.age");
  }

  @Test
  void aPolicyThatSaysLessIsNone() {
    String registers = "\"pcr\": {\"0\": \"any\", \"1\": \"any\", \"2\": \"any\"}";
    String age = "\"maximum-age-seconds\": 300";
    String revocation = "\"revocation\": \"any\"";
    String document = "\"document\": \"enclave\"";
    refusedPolicy("document", registers, age, revocation);
    refusedPolicy("pcr", document, age, revocation);
    refusedPolicy("maximum-age-seconds", document, registers, revocation);
    refusedPolicy("revocation", document, registers, age);
    refusedPolicy("unknown key", document, registers, age, revocation, "\"extra\": 1");
    refusedPolicy("document is malformed", "\"document\": \"vm\"", registers, age, revocation);
    refusedPolicy("maximum-age", document, registers, revocation, "\"maximum-age-seconds\": 0");
    refusedPolicy("maximum-age", document, registers, revocation, "\"maximum-age-seconds\": 86401");
    refusedPolicy("revocation", document, registers, age, "\"revocation\": []");
    refusedPolicy("revocation", document, registers, age, "\"revocation\": [\"unchecked\"]");
    for (String pcr :
        new String[] {
          "{}",
          "{\"0\": \"any\", \"1\": \"any\"}",
          "{\"0\": [], \"1\": \"any\", \"2\": \"any\"}",
          "{\"0\": \"all\", \"1\": \"any\", \"2\": \"any\"}",
          "{\"0\": \"any\", \"1\": \"any\", \"2\": \"any\", \"32\": \"any\"}",
          "{\"0\": \"any\", \"1\": \"any\", \"2\": \"any\", \"08\": \"any\"}",
          "{\"0\": \"any\", \"1\": \"any\", \"2\": \"any\", \"pcr8\": \"any\"}",
          "{\"0\": [\"sha256:" + "00".repeat(32) + "\"], \"1\": \"any\", \"2\": \"any\"}",
          "{\"0\": [\"" + "00".repeat(48) + "\"], \"1\": \"any\", \"2\": \"any\"}"
        }) {
      refusedPolicy("pcr", document, "\"pcr\": " + pcr, age, revocation);
    }
  }

  /// The advisory of nitro-tpm-pcr-compute: without register 12, whoever starts the instance may
  /// put a command line in the place of the measured one. And a document of an instance is none of
  /// an enclave, whatever its registers hold.
  @Test
  void aNitroTpmIsItsOwnKindAndItsPolicyHasRegisterTwelve() throws Exception {
    var fields = fields();
    fields.remove("pcrs");
    fields.put("nitrotpm_pcrs", with(12, ZEROS));
    VerifiedReport report = verified(hypervisor.evidence(fields), Collateral.none());
    assertThat(report.claims().debug()).isEqualTo(Claims.Debug.OFF);
    // printf of the registers 4, 7 and 12 | sha384sum
    assertThat(report.claims().measurement())
        .isEqualTo(
            new Measurement(
                "sha384",
                sha384(
                    Bytes.concat(
                        TestHypervisor.register(0x10, 4).digest(),
                        TestHypervisor.register(0x10, 7).digest(),
                        ZEROS))));
    assertThat(TestPolicies.failures(policy(), report, NOW)).contains("nitro.document");

    String four = "\"4\": [\"" + TestHypervisor.register(0x10, 4) + "\"]";
    String twelve = "\"12\": [\"sha384:" + "00".repeat(48) + "\"]";
    String overridden = "\"12\": [\"" + TestHypervisor.register(0x10, 12) + "\"]";
    assertThat(TestPolicies.failures(tpm(four, "\"7\": \"any\"", twelve), report, NOW)).isEmpty();
    assertThat(TestPolicies.failures(tpm(four, "\"7\": \"any\"", overridden), report, NOW))
        .containsExactly("nitro.pcr12");
    assertThat(
            TestPolicies.failures(
                tpm(four, "\"7\": \"any\"", twelve),
                verified(hypervisor.evidence(fields()), Collateral.none()),
                NOW))
        .contains("nitro.document");
    for (String pcr :
        new String[] {
          tpm(four, "\"7\": \"any\""),
          tpm(four, "\"7\": \"any\"", "\"12\": \"any\""),
          tpm("\"4\": \"any\"", "\"7\": \"any\"", twelve),
          tpm(twelve, "\"7\": \"any\""),
          tpm(four, twelve)
        }) {
      assertThatThrownBy(() -> TestPolicies.accepting(pcr)).isInstanceOf(EvidenceException.class);
    }
    var nothing = fields();
    nothing.remove("pcrs");
    nothing.put("nitrotpm_pcrs", with(4, ZEROS));
    assertThat(verified(hypervisor.evidence(nothing), Collateral.none()).claims().debug())
        .as("nothing was measured")
        .isEqualTo(Claims.Debug.ON);
  }

  private static String tpm(String... registers) {
    return """
    {"tee": "nitro", "document": "nitro-tpm", "pcr": {%s},
     "maximum-age-seconds": 300, "revocation": "any"}
    """
        .formatted(String.join(", ", registers));
  }

  private static void refusedPolicy(String reason, String... members) {
    String entry = "{\"tee\": \"nitro\", " + String.join(", ", members) + "}";
    assertThatThrownBy(() -> TestPolicies.accepting(entry))
        .as(entry)
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining(reason);
  }

  private static String policy() {
    return policy("\"revocation\": \"any\"");
  }

  private static String policy(String revocation) {
    return """
    {"tee": "nitro", "document": "enclave", "maximum-age-seconds": 300, %s,
     "pcr": {"0": ["%s"], "1": ["%s"], "2": ["%s"]}}
    """
        .formatted(
            revocation,
            TestHypervisor.register(0x10, 0),
            TestHypervisor.register(0x10, 1),
            TestHypervisor.register(0x10, 2));
  }

  private static String policyWithRegister(int index, String allowed) {
    var registers = new java.util.TreeMap<>(Map.of(0, "\"any\"", 1, "\"any\"", 2, "\"any\""));
    registers.put(index, allowed);
    String pcr =
        registers.entrySet().stream()
            .map(entry -> "\"%d\": %s".formatted(entry.getKey(), entry.getValue()))
            .collect(java.util.stream.Collectors.joining(", "));
    return """
    {"tee": "nitro", "document": "enclave", "maximum-age-seconds": 300, "revocation": "any",
     "pcr": {%s}}
    """
        .formatted(pcr);
  }

  private void malformed(String field, Bytes value, String flaw) {
    var fields = fields();
    fields.put(field, value);
    assertThat(refusal(fields)).as(flaw).first().asString().contains(flaw);
  }

  private java.util.SequencedMap<String, Bytes> fields() {
    return fields(hypervisor);
  }

  private static java.util.SequencedMap<String, Bytes> fields(TestHypervisor hypervisor) {
    return hypervisor.fields(BINDING.reportData());
  }

  private Map<String, Bytes> bundled(List<TestAuthority> bundle) {
    var fields = fields();
    fields.put("cabundle", array(bundle.stream()));
    return fields;
  }

  private static Bytes array(Stream<TestAuthority> certificates) {
    return CborWriting.array(
        certificates.map(one -> CborWriting.bytes(one.der())).toArray(Bytes[]::new));
  }

  /// Sixteen registers, one of them with this value.
  private static Bytes with(int changed, Bytes value) {
    var entries = new java.util.ArrayList<Bytes>();
    for (int index : new java.util.TreeSet<>(List.of(0, 1, 2, 3, 4, 7, 12, changed))) {
      entries.add(CborWriting.number(index));
      entries.add(
          CborWriting.bytes(
              index == changed ? value : TestHypervisor.register(0x10, index).digest()));
    }
    return CborWriting.map(entries.toArray(Bytes[]::new));
  }

  private VerifiedReport verified(Evidence evidence, Collateral collateral)
      throws EvidenceException {
    return Report.parse(evidence).verify(collateral, hypervisor.anchors(), NOW);
  }

  private List<String> refusal(Map<String, Bytes> fields) {
    return refusal(hypervisor.evidence(fields).report());
  }

  private List<String> refusal(Bytes document) {
    return at(new Evidence(Tee.NITRO, document), NOW);
  }

  private List<String> at(Evidence evidence, Instant at) {
    return TestPolicies.refusal(evidence, Collateral.none(), hypervisor.anchors(), at);
  }

  private static List<String> appraised(VerifiedReport report, Binding binding)
      throws EvidenceException {
    Policy policy = TestPolicies.accepting(policyWithRegister(0, "\"any\""));
    var requirements =
        new Requirements(
            Set.of(Tee.NITRO), Set.of(report.claims().measurement()), Optional.of(policy.digest()));
    Appraisal appraisal =
        new Trust(requirements, List.of(policy), SimulatedEvidence.REFUSE)
            .appraise(List.of(report), binding, NOW);
    return TestPolicies.failed(appraisal.checks());
  }

  private static Collateral lists(Bytes... lists) throws EvidenceException {
    return Collateral.of(
        Arrays.stream(lists)
            .map(list -> new Collateral.Item(Collateral.Kind.REVOCATION_LIST, "a test", list))
            .toList());
  }

  private static Bytes sha384(Bytes content) throws java.security.NoSuchAlgorithmException {
    return Bytes.of(java.security.MessageDigest.getInstance("SHA-384").digest(content.toArray()));
  }
}
