package cloister.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Check;
import cloister.attestation.Collateral;
import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.attestation.Evidence;
import cloister.attestation.Evidence.Part;
import cloister.attestation.Tee;
import cloister.client.Home;
import cloister.crypto.Bytes;
import cloister.protocol.AttestationResult;
import cloister.protocol.CollateralFile;
import cloister.protocol.EvidenceFormat;
import cloister.protocol.Json;
import cloister.protocol.PolicyDocument;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The verbs about evidence, policies and collateral, over the published evidence in
/// `vectors/attestation` and the policies that `docs/evidence.md` shows.
final class EvidenceCommandTest {
  private static final Path VECTORS = Path.of("..", "vectors", "attestation");
  private static final String MILAN = "snp/milan-v2-report.bin";
  private static final String GENOA = "snp/genoa-v5-report.bin";
  private static final String CLOCK = "2025-09-01T00:00:00Z";
  private static final String AMD = "https://kdsintf.amd.com/vcek/v1/";

  @TempDir private Path folder;
  private final Console console = new Console();

  @Test
  void evidenceIsRecognisedInBinaryAndInText() throws Exception {
    var kinds = new TreeMap<String, Tee>();
    for (String name : List.of("milan-v2", "milan-v3-vlek", "milan-v4", "genoa-v3", "genoa-v5")) {
      kinds.put("snp/" + name + "-report.bin", Tee.SEV_SNP);
    }
    kinds.put("snp/turin-v5-report.bin", Tee.SEV_SNP);
    kinds.put("azure/aci-report.bin", Tee.SEV_SNP);
    kinds.put("nitro/app.cose", Tee.NITRO);
    kinds.put("nitro/app_dbg.cose", Tee.NITRO);
    kinds.put("confidential-space/sample.jwt", Tee.CONFIDENTIAL_SPACE);
    kinds.put("azure-maa/sgx-token.jwt", Tee.AZURE_MAA);
    for (Map.Entry<String, Tee> kind : kinds.entrySet()) {
      byte[] bytes = Files.readAllBytes(VECTORS.resolve(kind.getKey()));
      Path hex = Files.writeString(folder.resolve("hex"), HexFormat.of().formatHex(bytes) + "\n");
      for (Path file : List.of(VECTORS.resolve(kind.getKey()), hex)) {
        assertThat(console.run("evidence", "show", file.toString())).as(kind.getKey()).isZero();
        assertThat(console.out())
            .containsPattern("^tee +" + kind.getValue())
            .endsWith("Nothing of this is verified.\n");
      }
    }
  }

  @Test
  void evidenceOfSeveralPartsIsReadFromOneFile() throws Exception {
    assertThat(console.run("evidence", "show", containerGroup().toString())).isZero();
    assertThat(console.out()).containsPattern("^tee +azure-aci").contains("uvm-svn");
    assertThat(console.run("evidence", "show", machine().toString(), "--json")).isZero();
    assertThat(result().string("tee", 64)).isEqualTo("azure-cvm");
    assertThat(result().has("pcr-12")).isTrue();
  }

  @Test
  void whatALiveEnclaveShowsIsKeptAndBelievedByNobody() throws Exception {
    Path file = folder.resolve("evidence.json");
    try (var server = Trio.serve(folder.resolve("state"))) {
      String url = Trio.uri(server).toString();
      assertThat(console.run("evidence", "fetch", "--enclave", url, "-o", file.toString()))
          .isZero();
      assertThat(console.out()).contains("simulated").contains("Nothing of this is verified.");
      assertThat(console.run("evidence", "show", file.toString())).isZero();
      assertThat(console.out()).containsPattern("tee +simulated");
      assertThat(console.run("collateral", "fetch", file.toString(), "--dry-run")).isZero();
      assertThat(console.run("evidence", "fetch", "--enclave", url, "-o", file.toString()))
          .isEqualTo(2);
      assertThat(console.err()).contains("is there already");
    }
    assertThat(console.run("evidence", "fetch", "-o", folder.resolve("other").toString()))
        .isEqualTo(2);
    assertThat(console.err()).contains("--enclave URL");
  }

  @Test
  void whatIsNoEvidenceIsNamed() throws Exception {
    String crl = VECTORS.resolve("snp/ark-milan.crl").toString();
    assertThat(console.run("evidence", "show", crl)).isEqualTo(2);
    assertThat(console.err()).contains("ark-milan.crl", "not evidence of a known kind");
    String other = VECTORS.resolve("azure/cvm-evidence.json").toString();
    assertThat(console.run("evidence", "show", other)).isEqualTo(2);
    assertThat(console.err()).contains("cvm-evidence.json is no evidence", "[file-unreadable]");
    assertThat(console.run("evidence", "show", folder.resolve("none").toString())).isEqualTo(2);
  }

  /// Each policy of the page accepts the evidence that its values are of.
  @Test
  void thePagesPoliciesAcceptThePublishedEvidence() throws Exception {
    Path nothing = bundle();
    Path amd = amd();
    accepted("release-1", vector("nitro/app.cose"), nothing, "2025-12-25T16:04:30Z", "any");
    accepted("snp", vector(GENOA), amd, CLOCK, "");
    accepted("space", vector("confidential-space/sample.jwt"), nothing, "2025-09-05T08:18:30Z", "");
    accepted("azure-vm", machine(), amd, CLOCK, "");
    accepted("maa", vector("azure-maa/sgx-token.jwt"), keys(), "2023-09-26T14:20:00Z", "");
    // Microsoft's revocation lists were not recorded, and nothing else fails.
    assertThat(verify(containerGroup(), "azure-group", amd, CLOCK)).isEqualTo(3);
    assertThat(console.out()).endsWith("✗ refused: azure-aci.uvm.revocation\n");
  }

  private void accepted(String policy, Path evidence, Path bundle, String at, String replaced)
      throws Exception {
    // Of AWS's lists none was recorded.
    String text =
        replaced.isEmpty() ? text(policy) : text(policy).replace("[\"checked\"]", "\"any\"");
    Path file = Files.writeString(folder.resolve(policy + ".json"), text);
    assertThat(verify(evidence, file, bundle, at)).as(policy + "\n" + console.out()).isZero();
    assertThat(console.out()).contains("measurement  sha", "! binding  not compared");
  }

  @Test
  void aVerdictForProgramsIsOneObjectWithItsStatus() throws Exception {
    Path evidence = vector(GENOA);
    Path policy = policy("snp");
    Path amd = amd();
    assertThat(verify(evidence, policy, amd, CLOCK, "--json")).isZero();
    assertThat(result().string("eat_profile", 64)).isEqualTo("tag:cloister,2026:ear");
    assertThat(result().integer("iat", 0, Long.MAX_VALUE))
        .isEqualTo(Instant.parse(CLOCK).getEpochSecond());
    Json.Fields snp = result().object("submods").object("sev-snp");
    assertThat(snp.integer("ear.status", 0, 127)).isEqualTo(32);
    assertThat(snp.string("ear.appraisal-policy-id", 71))
        .isEqualTo(document("snp").digest().toString());
    assertThat(snp.array("cloister.checks", 1000)).hasSizeGreaterThan(20);
    assertThat(snp.object("cloister.claims").string("product", 64)).isEqualTo("Genoa");

    assertThat(verify(vector(MILAN), policy, amd, CLOCK, "--json")).isEqualTo(3);
    assertThat(status("sev-snp")).isEqualTo(96);
    assertThat(console.err()).isEmpty();

    // Every vector leaves something to be noted.
    var all = new Check("all", Check.Outcome.HOLDS, "holds");
    assertThat(
            AttestationResult.write(
                    Tee.SEV_SNP, List.of(all), List.of(), document("snp").digest(), Instant.EPOCH)
                .fields("result")
                .object("submods")
                .object("sev-snp")
                .integer("ear.status", 0, 127))
        .isEqualTo(2);
  }

  @Test
  void evidenceThatWasMadeForSomethingElseIsRefused() throws Exception {
    String made = HexFormat.of().formatHex(Files.readAllBytes(VECTORS.resolve(GENOA)), 0x50, 0x90);
    Path policy = policy("snp");
    Path amd = amd();
    assertThat(verify(vector(GENOA), policy, amd, CLOCK, "--report-data", made)).isZero();
    assertThat(console.out()).contains("✓ binding");
    String other = made.replaceFirst("^..", "ff");
    assertThat(verify(vector(GENOA), policy, amd, CLOCK, "--report-data", other)).isEqualTo(3);
    assertThat(console.out()).endsWith("✗ refused: binding\n");
    assertThat(verify(vector(GENOA), policy, amd, CLOCK, "--report-data", "00")).isEqualTo(2);
    assertThat(console.err()).contains("--report-data is 128 hexadecimal digits");
    assertThat(verify(vector(GENOA), policy, amd, "yesterday")).isEqualTo(2);
  }

  @Test
  void whatIsDebuggableDeniedOrTooOldIsRefused() throws Exception {
    Path debugging =
        Files.writeString(
            folder.resolve("debug.json"),
            text("release-1").replaceAll("\\[\"(checked|sha384:[0-9a-f]+)\"\\]", "\"any\""));
    Path debugged = vector("nitro/app_dbg.cose");
    assertThat(verify(debugged, debugging, bundle(), "2025-12-25T08:20:50Z")).isEqualTo(3);
    assertThat(console.out()).contains("✗ debug  ");

    String chip =
        HexFormat.of().formatHex(Files.readAllBytes(VECTORS.resolve(GENOA)), 0x1a0, 0x1e0);
    Path denied =
        Files.writeString(
            folder.resolve("denied.json"),
            text("snp")
                .replace("\"families\"", "\"deny\":{\"chip-id\":[\"" + chip + "\"]},\"families\""));
    assertThat(verify(vector(GENOA), denied, amd(), CLOCK)).isEqualTo(3);
    assertThat(console.out()).endsWith("✗ refused: policy.deny\n");

    // After the end of the revocation list, and of the policy.
    assertThat(verify(vector(GENOA), policy("snp"), amd(), "2025-12-01T00:00:00Z")).isEqualTo(3);
    assertThat(console.out()).endsWith("✗ refused: snp.revocation\n");
    Path ended =
        Files.writeString(
            folder.resolve("ended.json"),
            text("snp").replace("2027-01-01T00:00:00Z", "2025-08-01T00:00:00Z"));
    assertThat(verify(vector(GENOA), ended, amd(), CLOCK)).isEqualTo(3);
    assertThat(console.out()).endsWith("✗ refused: policy.valid\n");
    // Without collateral.
    assertThat(verify(vector(GENOA), policy("snp"), bundle(), CLOCK)).isEqualTo(3);
    assertThat(console.out()).contains("✗ snp.certificate", AMD + "Genoa/");
  }

  @Test
  void aPolicyIsExplainedWithItsDigestAndItsGaps() throws Exception {
    Path file = policy("snp");
    assertThat(console.run("policy", "explain", file.toString())).isZero();
    assertThat(console.out())
        .startsWith("snp  " + document("snp").digest() + "\n")
        .contains("any  (nothing is demanded)");
    assertThat(console.run("policy", "explain", file.toString(), "--json")).isZero();
    assertThat(result().strings("any", 100, 100)).contains("accept[0].chip-ids");

    Path wrong =
        Files.writeString(
            folder.resolve("wrong.yaml"), "policy: p\nvalid: {}\nfamilies: 1\naccept: []\n");
    assertThat(console.run("policy", "explain", wrong.toString())).isEqualTo(2);
    assertThat(console.err()).contains("wrong.yaml:2:1: policy.valid.from is missing");
  }

  @Test
  void twoPoliciesAreComparedDemandByDemand() throws Exception {
    Path before = policy("snp");
    Path after =
        Files.writeString(
            folder.resolve("after.json"), text("snp").replace("\"vmpl\":0", "\"vmpl\":1"));
    assertThat(console.run("policy", "diff", before.toString(), after.toString())).isZero();
    assertThat(console.out()).isEqualTo("- accept[0].vmpl  0\n+ accept[0].vmpl  1\n");
    assertThat(console.run("policy", "diff", before.toString(), before.toString())).isZero();
    assertThat(console.out()).isEqualTo("They demand the same.\n");
  }

  @Test
  void policiesAreKeptDemandedListedAndDropped() throws Exception {
    String home = home();
    assertThat(console.run("policy", "list", "--home", home)).isZero();
    assertThat(console.out())
        .isEqualTo("Your home demands nothing beside what collaborations demand.\n");
    assertThat(console.run("policy", "add", policy("snp").toString(), "--home", home)).isZero();
    assertThat(console.run("policy", "require", policy("tdx").toString(), "--home", home)).isZero();
    assertThat(console.run("policy", "list", "--home", home)).isZero();
    assertThat(console.out())
        .isEqualTo(
            """
            Demanded of every enclave:
              tdx  %s
            Kept for the collaborations that name them:
              snp  %s
            """
                .formatted(document("tdx").digest(), document("snp").digest()));
    assertThat(console.run("policy", "drop", "snp", "--home", home)).isEqualTo(2);
    assertThat(console.err()).contains("demands no policy snp");
    assertThat(console.run("policy", "drop", "tdx", "--home", home)).isZero();
    assertThat(console.run("policy", "list", "--home", home, "--json")).isZero();
    assertThat(result().array("required", 10)).isEmpty();
    assertThat(result().array("known", 10)).hasSize(1);
  }

  @Test
  void collateralIsImportedOnceShownAndExported() throws Exception {
    String home = home();
    assertThat(console.run("collateral", "show", "--home", home)).isZero();
    assertThat(console.out()).startsWith("There is none.");
    String authority =
        bundle(item(Kind.CERTIFICATES, AMD + "Milan/cert_chain", "snp/ask-milan.der")).toString();
    assertThat(console.run("collateral", "import", authority, "--home", home)).isZero();
    assertThat(console.out()).isEqualTo("1 new item imported.\n");
    assertThat(console.run("collateral", "import", authority, "--home", home)).isZero();
    assertThat(console.out()).isEqualTo("0 new items imported.\n");
    assertThat(console.run("collateral", "show", "--home", home)).isZero();
    assertThat(console.out()).contains("certificates", "SEV-Milan", "2045-10-22T18:24:20Z");
    String out = folder.resolve("out.json").toString();
    assertThat(console.run("collateral", "export", out, "--home", home)).isZero();
    assertThat(console.run("collateral", "show", out, "--json")).isZero();
    assertThat(result().array("items", 10)).hasSize(1);

    String report = VECTORS.resolve(GENOA).toString();
    assertThat(console.run("collateral", "import", report, "--home", home)).isEqualTo(2);
    assertThat(console.err()).contains("is no bundle", "[collateral-invalid]");
  }

  @Test
  void whatWouldBeFetchedIsShownAndNothingAsked() {
    String report = VECTORS.resolve(GENOA).toString();
    assertThat(console.run("collateral", "fetch", report, "--dry-run")).isZero();
    assertThat(console.out().lines())
        .hasSize(3)
        .anyMatch(line -> line.startsWith(AMD + "Genoa/") && line.contains("?blSPL=10&"))
        .contains(AMD + "Genoa/cert_chain", AMD + "Genoa/crl");
    String mirror = "https://kdsintf.amd.com=http://mirror.example:81";
    assertThat(console.run("collateral", "fetch", report, "--dry-run", "--mirror", mirror))
        .isZero();
    assertThat(console.out().lines())
        .allMatch(line -> line.startsWith("http://mirror.example:81/vcek/v1/Genoa/"));
    assertThat(console.run("collateral", "fetch", report, "--mirror", "https://a=b")).isEqualTo(2);
    assertThat(console.err()).contains("a mirror is an address");
  }

  /// A bundle of what is older adds to a home and takes nothing from it.
  @Test
  void collateralIsNotRolledBack() throws Exception {
    String home = home();
    Item chain = item(Kind.CERTIFICATES, AMD + "Milan/cert_chain", "snp/ask-milan.der");
    Instant now = Instant.now();
    Item newer = keySet("https://a.example/certs", bytes("azure-maa/jwks.json"), now);
    Item older = keySet(newer.source(), Bytes.utf8("{\"keys\":[]}"), now.minus(Duration.ofDays(1)));
    String both = bundle(chain, newer).toString();
    assertThat(console.run("collateral", "import", both, "--home", home)).isZero();
    Collateral before = Home.open(Path.of(home)).collateral().read();
    assertThat(console.run("collateral", "import", bundle(older).toString(), "--home", home))
        .isZero();
    assertThat(Home.open(Path.of(home)).collateral().read().items())
        .containsExactlyElementsOf(before.items());
    Item next = keySet(newer.source(), older.bytes(), now.plusSeconds(1));
    assertThat(console.run("collateral", "import", bundle(next).toString(), "--home", home))
        .isZero();
    assertThat(Home.open(Path.of(home)).collateral().read().items()).containsExactly(chain, next);
    Item future = keySet(newer.source(), newer.bytes(), now.plus(Duration.ofDays(1)));
    assertThat(console.run("collateral", "import", bundle(future).toString(), "--home", home))
        .isNotZero();
    assertThat(console.err()).contains("says that it was fetched at");
    assertThat(console.run("collateral", "drop", next.source(), "--home", home)).isZero();
    assertThat(console.out()).isEqualTo("1 item dropped.\n");
    assertThat(Home.open(Path.of(home)).collateral().read().items()).containsExactly(chain);
    assertThat(console.run("collateral", "drop", next.source(), "--home", home)).isEqualTo(2);

    // What ended long ago is not taken up at all: AMD's list, on 2025-11-03.
    Path ended = bundle(item(Kind.REVOCATION_LIST, AMD + "Genoa/crl", "snp/ark-genoa.crl"));
    assertThat(console.run("collateral", "import", ended.toString(), "--home", home)).isZero();
    assertThat(console.out())
        .isEqualTo("0 new items imported; 1 left out that ended more than 90 days ago.\n");
  }

  @Test
  void signingKeepsThePolicyBesideTheCollaborationOrAsksForIt() throws Exception {
    try (var server = Trio.serve(folder.resolve("state"));
        var trio = Trio.at(folder, Trio.uri(server))) {
      Path file = trio.collaboration(1, Trio.measured());
      PolicyDocument policy = PolicyDocument.parse("p", SIMULATED);
      Files.writeString(
          file,
          Files.readString(file)
              .replace("accept: [simulated]", "accept: [simulated]\n  policy: " + policy.digest()));
      String[] sign = {
        "sign",
        file.toString(),
        "--home",
        trio.homeOf(Trio.AIRLINE).toString(),
        "--enclave",
        Trio.uri(server).toString(),
        "--accept-simulated"
      };
      assertThat(console.run(sign)).isEqualTo(2);
      assertThat(console.err())
          .contains(policy.digest().toString(), "cloister policy add FILE", "[policy-unknown]");

      Path policies = Files.createDirectory(folder.resolve("policies"));
      Files.writeString(policies.resolve("agreed.yaml"), SIMULATED);
      assertThat(console.run(sign)).as(console.err()).isZero();
      assertThat(console.out()).startsWith("Signed trio, version 1, as airline:");

      // The noted `any` of the policy is shown where the evidence is.
      assertThat(
              console.run(
                  "attest", "--home", trio.homeOf(Trio.AIRLINE).toString(), "--accept-simulated"))
          .isZero();
      assertThat(console.out()).contains("! simulated.measurement  ", "! simulated  ");

      // A policy of one's own that the enclave does not meet holds beside it.
      String own = trio.homeOf(Trio.MEDIA).toString();
      assertThat(console.run("policy", "require", policy("snp").toString(), "--home", own))
          .isZero();
      sign[3] = own;
      assertThat(console.run(sign)).isEqualTo(3);
      assertThat(console.err()).contains("snp does not accept simulated", "[evidence-refused]");
      assertThat(console.run("policy", "drop", "snp", "--home", own)).isZero();
      assertThat(console.run(sign)).isZero();
    }
  }

  private static final String SIMULATED =
      """
      policy: agreed
      valid: {from: "2026-01-01T00:00:00Z", until: "2099-01-01T00:00:00Z"}
      families: 1
      accept: [{tee: simulated, measurement: any}]
      """;

  private int verify(Path evidence, String policy, Path bundle, String at) throws Exception {
    return verify(evidence, policy(policy), bundle, at);
  }

  private int verify(Path evidence, Path policy, Path bundle, String at, String... more) {
    var arguments =
        new ArrayList<>(
            List.of("evidence", "verify", evidence.toString(), "--policy", policy.toString()));
    arguments.addAll(List.of("--collateral", bundle.toString(), "--at", at));
    arguments.addAll(Arrays.asList(more));
    return console.run(arguments.toArray(String[]::new));
  }

  /// What was printed for programs: one object, and nothing after it.
  private Json.Fields result() {
    return ((Json.Obj) Json.parse(console.out().getBytes(UTF_8))).fields("out");
  }

  private long status(String tee) {
    return result().object("submods").object(tee).integer("ear.status", 0, 127);
  }

  private String home() {
    Path home = folder.resolve("home");
    assertThat(console.run("init", "airline", "--home", home.toString())).isZero();
    return home.toString();
  }

  /// A policy that the page shows, by its name.
  private static PolicyDocument document(String name) throws IOException {
    return EvidenceDocsTest.policies().stream()
        .filter(document -> document.policy().name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static String text(String name) throws IOException {
    return new String(document(name).canonical().toArray(), UTF_8);
  }

  private Path policy(String name) throws IOException {
    return Files.writeString(folder.resolve(name + ".json"), text(name));
  }

  private static Path vector(String file) {
    return VECTORS.resolve(file);
  }

  private static Bytes bytes(String vector) throws IOException {
    return Bytes.of(Files.readAllBytes(VECTORS.resolve(vector)));
  }

  private static Item keySet(String source, Bytes json, Instant fetched) {
    return new Item(Kind.KEY_SET, source, json, Optional.of(fetched));
  }

  private static Item item(Kind kind, String source, String vector) throws IOException {
    return new Item(kind, source, bytes(vector));
  }

  private Path bundle(Item... items) throws Exception {
    return Files.write(
        Files.createTempFile(folder, "bundle", ".json"),
        CollateralFile.write(Collateral.of(List.of(items))).canonical());
  }

  private Path amd() throws Exception {
    return bundle(
        item(Kind.CERTIFICATES, AMD + "Milan/vcek", "snp/milan-v2-vcek.der"),
        item(Kind.CERTIFICATES, AMD + "Milan/cert_chain", "snp/ask-milan.der"),
        item(Kind.REVOCATION_LIST, AMD + "Milan/crl", "snp/ark-milan.crl"),
        item(Kind.CERTIFICATES, AMD + "Genoa/vcek", "snp/genoa-v5-vcek.der"),
        item(Kind.CERTIFICATES, AMD + "Genoa/cert_chain", "snp/ask-genoa.der"),
        item(Kind.REVOCATION_LIST, AMD + "Genoa/crl", "snp/ark-genoa.crl"));
  }

  private Path keys() throws Exception {
    return bundle(
        keySet(
            "https://sharedeus.eus.attest.azure.net/certs",
            bytes("azure-maa/jwks.json"),
            Instant.parse("2023-09-26T14:00:00Z")));
  }

  private Path evidence(Tee tee, Map<Part, Bytes> parts) throws IOException {
    return Files.write(
        Files.createTempFile(folder, "evidence", ".json"),
        EvidenceFormat.write(new Evidence(tee, parts)).canonical());
  }

  private Path containerGroup() throws IOException {
    String policy = new String(bytes("azure/aci-policy.base64").toArray(), US_ASCII).strip();
    return evidence(
        Tee.AZURE_ACI,
        Map.of(
            Part.REPORT,
            bytes("azure/aci-report.bin"),
            Part.CERTIFICATES,
            bytes("azure/aci-certificates.pem"),
            Part.POLICY,
            Bytes.base64(policy),
            Part.ENDORSEMENT,
            bytes("azure/aci-endorsement.cose")));
  }

  /// The machine's evidence in the parts of `AzureCvmReport`; its recorder had it in another form.
  private Path machine() throws IOException {
    Json.Fields recorded =
        ((Json.Obj) Json.parse(bytes("azure/cvm-evidence.json").toArray())).fields("evidence");
    Json.Fields quote = recorded.object("tpm_quote");
    Bytes message = Bytes.hex(quote.string("message", 4096));
    Bytes signature = Bytes.hex(quote.string("signature", 4096));
    var registers = new ArrayList<Bytes>();
    registers.add(Bytes.hex("000b"));
    List<String> values = quote.strings("pcrs", 24, 64);
    for (int index = 0; index < values.size(); index++) {
      registers.add(Bytes.hex("%02x%s".formatted(index, values.get(index))));
    }
    return evidence(
        Tee.AZURE_CVM,
        Map.of(
            Part.REPORT,
            base64(recorded.string("hcl_report", 8192)),
            Part.CERTIFICATES,
            base64(recorded.string("vcek", 8192)),
            Part.TPM_QUOTE,
            Bytes.concat(sized(message), Bytes.hex("0014000b"), sized(signature)),
            Part.TPM_REGISTERS,
            Bytes.concat(registers.toArray(Bytes[]::new))));
  }

  private static Bytes base64(String url) {
    return Bytes.of(Base64.getUrlDecoder().decode(url));
  }

  /// TPM2B: its size in two bytes, and it.
  private static Bytes sized(Bytes content) {
    return Bytes.concat(Bytes.hex("%04x".formatted(content.size())), content);
  }
}
