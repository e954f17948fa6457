package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Evidence.Part;
import cloister.crypto.Bytes;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Every parser of this module, given whatever bytes there are: each reads them or refuses them by
/// an [EvidenceException], and what was read can be shown, looked for and verified without another
/// failure. `make fuzz` searches for inputs that break that; [ParserInputsTest] tries those that
/// are kept.
class ParserFuzzTest {
  private static final Instant AT = Instant.parse("2025-06-20T00:00:00Z");
  private static final int MAX_BYTES = 1 << 20;
  private static final List<Tee> TEES = List.of(Tee.values());
  private static final List<Part> PARTS = List.of(Part.values());

  /// So that verification goes as far as it can.
  private static final List<Collateral.Item> COLLATERAL =
      Stream.of(
              List.of(
                  item(Collateral.Kind.CERTIFICATES, "snp/ask-milan.der"),
                  item(Collateral.Kind.REVOCATION_LIST, "snp/ark-milan.crl")),
              DcapEvidenceTest.items(Tee.TDX, Set.of()),
              DcapEvidenceTest.items(Tee.SGX, Set.of()))
          .flatMap(List::stream)
          .toList();

  private static final Bytes QUOTE = Repository.read("tdx/quote.bin");

  private static final Bytes SWITCH_CHAIN = Repository.read("nvidia/switch-chain.txt");

  private static final VerifiedReport VERIFIED = verified();

  private static final List<Collateral.Kind> KINDS = List.of(Collateral.Kind.values());

  private static final List<Tee.Family> FAMILIES = List.of(Tee.Family.values());

  /// Where an item may say that it comes from: by some, verification finds it.
  private static final List<String> SOURCES =
      List.of(
          "https://localhost/",
          "https://rim.attestation.nvidia.com/v1/rim/NV_SWITCH_BIOS_5612_0002_890_9610550001",
          "https://sharedeus.eus.attest.azure.net/certs");

  private static final List<Evidence> BUNDLED =
      List.of(
          new Evidence(Tee.TDX, QUOTE),
          new Evidence(
              Tee.NVIDIA,
              Map.of(
                  Part.REPORT,
                  Bytes.hex(text(Repository.read("nvidia/switch-report.txt").toArray()).strip()),
                  Part.CERTIFICATES,
                  SWITCH_CHAIN)),
          new Evidence(Tee.AZURE_MAA, Repository.read("azure-maa/sgx-token.jwt")));

  private static final Bytes NO_DENIAL = Bytes.utf8("{}");

  /// An entry of a policy for each vendor.
  private static final String SIMULATED = "{\"tee\":\"simulated\",\"measurement\":\"any\"}";

  private static final List<String> ENTRIES =
      Stream.of("simulated", "sev-snp", "tdx", "nitro", "azure-maa", "nvidia", "sgx")
          .map(ParserFuzzTest::entry)
          .toList();

  /// Entries with room for keys.
  private static final List<String> KEYED =
      List.of(
          entry("confidential-space")
              .replace("[\"PKI\"]", "[\"PKI\",\"OIDC\"],\"signing-keys\":%s"),
          entry("azure-maa").replace("\"signing-keys\":\"any\"", "\"signing-keys\":%s"),
          entry("nvidia").replaceFirst("\"nras-keys\":\\[[^]]*]", "\"nras-keys\":%s"));

  /// Reads something from outside.
  private interface Parsing {
    void run() throws EvidenceException, IOException;
  }

  @FuzzTest
  void json(byte[] input) {
    parseOrRefuse(() -> everyMember(Json.parse("json", Bytes.of(input), MAX_BYTES)));
    parseOrRefuse(() -> Json.parseArray("json", Bytes.of(input), MAX_BYTES));
  }

  @FuzzTest
  void cbor(byte[] input) {
    parseOrRefuse(() -> assertThat(Cbor.parse("cbor", Bytes.of(input))).isNotNull());
  }

  @FuzzTest
  void der(byte[] input) {
    parseOrRefuse(() -> everyElement(Der.of("der", Bytes.of(input)), 0));
  }

  @FuzzTest
  void certificates(byte[] input) {
    parseOrRefuse(() -> NvidiaChain.parse(Bytes.of(input)).revocationLists());
    parseOrRefuse(() -> {
      List<X509Certificate> read = Certificates.read("certificates", Bytes.of(input), 8);
      Revocation.sources(read, Pattern.compile(".*"));
      Chain.path(read.getFirst(), read);
      for (X509Certificate one : read) {
        Chain.of(one);
        Certificates.key(one);
        parseOrRefuse(() -> PckCertificate.of(one));
        parseOrRefuse(() -> SnpEndorsement.read(one));
        parseOrRefuse(() -> NvidiaFirmware.of(one));
      }
    });
  }

  @FuzzTest
  void collateral(byte[] input) {
    for (Collateral.Kind kind : Collateral.Kind.values()) {
      var item = new Collateral.Item(kind, "https://localhost/", Bytes.of(input));
      parseOrRefuse(() -> {
        Collateral.Dates dates = Collateral.dates(item);
        if (dates.until().isPresent()) {
          var all = new ArrayList<>(COLLATERAL);
          all.add(item);
          verify(new Evidence(Tee.TDX, QUOTE), Collateral.of(all));
        }
      });
    }
  }

  @FuzzTest
  void cose(byte[] input) {
    parseOrRefuse(() -> {
      Cose message = Cose.parse("cose", Bytes.of(input));
      assertThat(message.signedBytes().size()).isPositive();
      message.certificates(8);
    });
  }

  @FuzzTest
  void jws(byte[] input) {
    parseOrRefuse(() -> {
      Jws token = Jws.parse("jws", Bytes.of(input));
      parseOrRefuse(() -> token.certificates(8));
      token.requireCurrent(new Checks(), "jws", Duration.ofHours(1), AT);
    });
  }

  @FuzzTest
  void keySet(byte[] input) {
    parseOrRefuse(() ->
        KeySet.parse("https://localhost/", Bytes.of(input))
            .keys()
            .forEach(KeySet.Key::fingerprint));
  }

  @FuzzTest
  void snpReport(byte[] input) {
    report(new Evidence(Tee.SEV_SNP, Bytes.of(input)));
  }

  @FuzzTest
  void snpCertificates(byte[] input) {
    parseOrRefuse(() -> SnpCertificates.read(Bytes.of(input)));
  }

  @FuzzTest
  void dcapQuote(byte[] input) {
    report(new Evidence(Tee.SGX, Bytes.of(input)));
    report(new Evidence(Tee.TDX, Bytes.of(input)));
  }

  @FuzzTest
  void tcbInfo(byte[] input) {
    parseOrRefuse(() -> TcbInfo.parse(Bytes.of(input)));
  }

  @FuzzTest
  void enclaveIdentity(byte[] input) {
    parseOrRefuse(() -> EnclaveIdentity.parse(Bytes.of(input)));
  }

  @FuzzTest
  void eventLog(byte[] input) {
    for (EventLog.Algorithm algorithm : EventLog.Algorithm.values()) {
      parseOrRefuse(() -> EventLog.parse(Bytes.of(input), algorithm).replay(1));
    }
  }

  @FuzzTest
  void nitroReport(byte[] input) {
    report(new Evidence(Tee.NITRO, Bytes.of(input)));
  }

  /// What is inside the signed message.
  @FuzzTest
  void nitroDocument(byte[] input) {
    parseOrRefuse(() -> NitroDocument.parse(Bytes.of(input)).claims());
  }

  /// The claims of a token, which mutated base64 would hardly reach.
  @FuzzTest
  void spaceReport(byte[] input) {
    report(new Evidence(Tee.CONFIDENTIAL_SPACE, token(input)));
  }

  @FuzzTest
  void maaReport(byte[] input) {
    report(new Evidence(Tee.AZURE_MAA, token(input)));
  }

  @FuzzTest
  void hclReport(byte[] input) {
    parseOrRefuse(() -> HclReport.parse(Bytes.of(input)).claims().claims());
  }

  @FuzzTest
  void hclClaims(byte[] input) {
    parseOrRefuse(() -> HclClaims.parse(Bytes.of(input)).claims());
  }

  @FuzzTest
  void tpmQuote(byte[] input) {
    parseOrRefuse(() -> TpmQuote.parse(Bytes.of(input)).claims());
  }

  @FuzzTest
  void tpmRegisters(byte[] input) {
    parseOrRefuse(() -> {
      TpmRegisters registers = TpmRegisters.parse(Bytes.of(input));
      registers.claims();
      assertThat(registers.encoded()).isEqualTo(Bytes.of(input));
    });
  }

  @FuzzTest
  void uvmEndorsement(byte[] input) {
    parseOrRefuse(() -> {
      UvmEndorsement endorsement = UvmEndorsement.parse(Bytes.of(input));
      endorsement.claims();
      endorsement.require(new Checks(), "uvm", Collateral.none(), Anchors.pinned(), AT);
    });
  }

  @FuzzTest
  void vendorFile(byte[] input) {
    parseOrRefuse(() -> {
      for (Collateral.Item item : VendorFile.read("file", Optional.empty(), Bytes.of(input))) {
        Collateral.dates(item);
      }
    });
  }

  /// A report alone, of each kind that has parts.
  @FuzzTest
  void evidenceWithoutItsParts(byte[] input) {
    for (Tee tee : List.of(Tee.AZURE_CVM, Tee.AZURE_ACI, Tee.NVIDIA)) {
      parseOrRefuse(() -> EvidenceParts.claims(new Evidence(tee, Bytes.of(input))));
    }
  }

  @FuzzTest
  void eifMeasurement(byte[] input) {
    parseOrRefuse(() -> EifMeasurement.of(new ByteArrayInputStream(input)).measurement());
  }

  @FuzzTest
  void nvidiaReport(byte[] input) {
    report(
        new Evidence(
            Tee.NVIDIA, Map.of(Part.REPORT, Bytes.of(input), Part.CERTIFICATES, SWITCH_CHAIN)));
  }

  /// The claims of the device's token.
  @FuzzTest
  void nvidiaToken(byte[] input) {
    report(
        new Evidence(
            Tee.NVIDIA,
            Bytes.concat(
                Bytes.utf8("[[\"JWT\",\""),
                token("{}".getBytes(StandardCharsets.UTF_8)),
                Bytes.utf8("\"],{\"GPU-0\":\""),
                token(input),
                Bytes.utf8("\"}]"))));
  }

  @FuzzTest
  void nvidiaManifest(byte[] input) {
    parseOrRefuse(() -> {
      SignedXml xml = SignedXml.parse("manifest", Bytes.of(input));
      xml.path();
      xml.isSignedBySigner();
    });
    parseOrRefuse(() -> NvidiaManifest.parse("manifest", Bytes.of(input)));
  }

  @FuzzTest
  void policy(byte[] input) {
    parseOrRefuse(() -> Policy.parse(Bytes.of(input)));
  }

  /// The deny-list of an otherwise good policy, which evidence is then held against.
  @FuzzTest
  void denyList(byte[] input) {
    parseOrRefuse(() -> {
      Policy policy = policy("1", List.of(SIMULATED), Bytes.of(input));
      assertThat(policy.compare(VERIFIED, AT)).isNotEmpty();
    });
  }

  /// How many vendors have to vouch: the number as text, a semicolon, and a byte for each of what
  /// is accepted. The rest are the vendors that pieces of evidence rest on, two for each.
  @FuzzTest
  void families(byte[] input) {
    String text = text(input);
    int end = text.indexOf(';');
    if (end < 0) {
      return;
    }
    var entries = new ArrayList<String>();
    int at = end + 1;
    for (; at < input.length && input[at] >= 0 && entries.size() < 8; at++) {
      entries.add(ENTRIES.get(input[at] % ENTRIES.size()));
    }
    parseOrRefuse(() -> {
      Policy policy = policy(text.substring(0, end), entries, NO_DENIAL);
      assertThat(policy.families()).isBetween(1, 4).isLessThanOrEqualTo(entries.size());
      Appraisal appraisal =
          new Trust(
                  new Requirements(
                      Set.of(Tee.TDX),
                      Set.of(VERIFIED.claims().measurement()),
                      Optional.of(policy.digest())),
                  List.of(policy),
                  SimulatedEvidence.REFUSE)
              .appraise(List.of(VERIFIED), Binding.of("another"), AT);
      boolean tooFew =
          appraisal.checks().stream()
              .anyMatch(check -> check.failed() && check.name().equals("policy.families"));
      assertThat(tooFew)
          .as("one piece of evidence is of one vendor")
          .isEqualTo(policy.families() > 1);
    });
    var restsOn = new ArrayList<Set<Tee.Family>>();
    for (; at < input.length && restsOn.size() < 8; at++) {
      restsOn.add(
          Set.copyOf(
              List.of(
                  FAMILIES.get((input[at] & 0xf) % FAMILIES.size()),
                  FAMILIES.get((input[at] >>> 4 & 0xf) % FAMILIES.size()))));
    }
    assertThat(Trust.independent(restsOn)).isEqualTo(mostDisjoint(restsOn));
  }

  /// The same by trying every choice.
  private static int mostDisjoint(List<Set<Tee.Family>> sets) {
    int most = 0;
    for (int choice = 0; choice < 1 << sets.size(); choice++) {
      int size = 0;
      var union = EnumSet.noneOf(Tee.Family.class);
      for (int i = 0; i < sets.size(); i++) {
        if ((choice >>> i & 1) == 1) {
          size += sets.get(i).size();
          union.addAll(sets.get(i));
        }
      }
      most = size == union.size() ? Math.max(most, Integer.bitCount(choice)) : most;
    }
    return most;
  }

  /// The keys that a policy names for the issuer of a token: in the entry of each kind of TEE that
  /// has them.
  @FuzzTest
  void policyKeys(byte[] input) {
    for (String entry : KEYED) {
      parseOrRefuse(() -> policy("1", List.of(SIMULATED, entry.formatted(text(input))), NO_DENIAL));
    }
  }

  /// A bundle of collateral: items of any kind, each with one byte for its kind, one for its source
  /// and three for its length, of which the last may be cut; and evidence verified with them.
  @FuzzTest
  void bundle(byte[] input) {
    var at = ByteBuffer.wrap(input);
    var items = new ArrayList<Collateral.Item>();
    while (at.remaining() >= 5) {
      Collateral.Kind kind = KINDS.get(Byte.toUnsignedInt(at.get()) % KINDS.size());
      int head = at.getInt();
      byte[] content = new byte[Math.min(head & 0xff_ffff, at.remaining())];
      at.get(content);
      items.add(
          new Collateral.Item(
              kind, SOURCES.get((head >>> 24) % SOURCES.size()), Bytes.of(content)));
    }
    parseOrRefuse(() -> {
      Collateral bundle = Collateral.of(items);
      for (Collateral.Item item : bundle.items()) {
        parseOrRefuse(() -> Collateral.dates(item));
      }
      Collateral both = bundle.and(Collateral.of(COLLATERAL));
      assertThat(both.items()).containsAll(bundle.items());
      for (Evidence evidence : BUNDLED) {
        parseOrRefuse(() -> verify(evidence, both));
      }
    });
  }

  @FuzzTest
  void recognition(byte[] input) {
    parseOrRefuse(() -> report(Recognition.recognise(Bytes.of(input))));
  }

  /// Of every TEE and with any parts. One byte names the TEE; then come parts, each with one byte
  /// for its kind and three for its length, of which the last may be cut.
  @FuzzTest
  void evidence(byte[] input) {
    var at = ByteBuffer.wrap(input);
    if (!at.hasRemaining()) {
      return;
    }
    Tee tee = TEES.get(Byte.toUnsignedInt(at.get()) % TEES.size());
    var parts = new EnumMap<Part, Bytes>(Part.class);
    parts.put(Part.REPORT, Bytes.of(new byte[0]));
    while (at.remaining() >= 4) {
      int head = at.getInt();
      byte[] content = new byte[Math.min(head & 0xff_ffff, at.remaining())];
      at.get(content);
      parts.put(PARTS.get((head >>> 24) % PARTS.size()), Bytes.of(content));
    }
    report(new Evidence(tee, parts));
  }

  private static Policy policy(String families, List<String> entries, Bytes deny)
      throws EvidenceException {
    return Policy.parse(
        Bytes.concat(
            Bytes.utf8("{\"policy\":\"a\",\"families\":"),
            latin1(families),
            latin1(",\"accept\":[" + String.join(",", entries) + "],\"deny\":"),
            deny,
            Bytes.utf8(
                ",\"valid\":{\"from\":\"2015-01-01T00:00:00Z\","
                    + "\"until\":\"2035-01-01T00:00:00Z\"}}")));
  }

  /// What the kept policy for a TEE demands of it.
  private static String entry(String tee) {
    try (var in =
        ParserFuzzTest.class.getResourceAsStream("ParserFuzzTestInputs/policy/" + tee + ".json")) {
      Fields policy =
          Json.parse(tee, Bytes.of(Objects.requireNonNull(in).readAllBytes()), MAX_BYTES);
      String accept = text(policy.raw("accept").toArray());
      return accept.substring(1, accept.length() - 1);
    } catch (IOException | EvidenceException e) {
      throw new IllegalStateException("a kept input is good", e);
    }
  }

  private static VerifiedReport verified() {
    try {
      return Report.parse(new Evidence(Tee.TDX, QUOTE))
          .verify(Collateral.of(COLLATERAL), Anchors.pinned(), AT);
    } catch (EvidenceException e) {
      throw new IllegalStateException("a kept quote is genuine", e);
    }
  }

  /// Bytes as they are, one character each.
  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static Bytes latin1(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static void report(Evidence evidence) {
    parseOrRefuse(() -> verify(evidence, Collateral.of(COLLATERAL)));
  }

  private static void verify(Evidence evidence, Collateral collateral) throws EvidenceException {
    Report report = Report.parse(evidence);
    assertThat(report.claims()).isNotEmpty();
    assertThat(report.sources()).isNotNull();
    VerifiedReport verified = report.verify(collateral, Anchors.pinned(), AT);
    assertThat(verified.claims().claims()).isNotEmpty();
  }

  private static Collateral.Item item(Collateral.Kind kind, String file) {
    return new Collateral.Item(kind, file, Repository.read(file));
  }

  private static void parseOrRefuse(Parsing parsing) {
    try {
      parsing.run();
    } catch (EvidenceException e) {
      assertThat(e.getMessage()).isNotBlank();
    } catch (IOException e) {
      throw new UncheckedIOException("an array cannot fail", e);
    }
  }

  /// Reads each member as every type that there is.
  private static void everyMember(Fields fields) {
    for (String name : fields.names()) {
      parseOrRefuse(() -> assertThat(fields.raw(name).size()).isPositive());
      parseOrRefuse(() -> everyMember(fields.object(name)));
      parseOrRefuse(() -> fields.objects(name, 1000).forEach(ParserFuzzTest::everyMember));
      parseOrRefuse(() -> fields.stringOrStrings(name, 1000));
      parseOrRefuse(() -> fields.texts(name));
      parseOrRefuse(() -> fields.integer(name, Long.MIN_VALUE, Long.MAX_VALUE));
      parseOrRefuse(() -> fields.flag(name));
      parseOrRefuse(() -> fields.instant(name));
      parseOrRefuse(() -> fields.hex(name));
      parseOrRefuse(() -> fields.parsed(name, Measurement::parse));
      parseOrRefuse(() -> fields.allowed(name, Bytes::base64));
    }
  }

  private static void everyElement(Der at, int depth) throws EvidenceException {
    while (at.hasMore()) {
      switch (at.tag()) {
        case Der.INTEGER -> assertThat(at.integer()).isNotNegative();
        case Der.ENUMERATED -> assertThat(at.enumerated()).isNotNegative();
        case Der.BOOLEAN -> at.flag();
        case Der.OBJECT_IDENTIFIER -> assertThat(at.objectIdentifier()).isNotEmpty();
        case Der.SEQUENCE, Der.SET -> {
          Der inside = at.inside(at.tag());
          if (depth < 100) {
            everyElement(inside, depth + 1);
          }
        }
        default -> at.any();
      }
    }
    at.end();
  }

  private static Bytes token(byte[] claims) {
    return Bytes.utf8(
        String.join(
            ".",
            Arrays.asList(
                Base64Url.encode(Bytes.utf8("{\"alg\":\"RS256\",\"kid\":\"one\"}")),
                Base64Url.encode(Bytes.of(claims)),
                Base64Url.encode(Bytes.of(new byte[256])))));
  }
}
