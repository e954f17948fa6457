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
import cloister.protocol.AttestationResult.Verdict;
import cloister.protocol.CollateralFile;
import cloister.protocol.EvidenceFormat;
import cloister.protocol.Json;
import cloister.protocol.PolicyDocument;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractStringAssert;
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
    kinds.put("azure/cvm-evidence.json", Tee.AZURE_CVM);
    kinds.put("nvidia/hopper-report.txt", Tee.NVIDIA);
    kinds.put("nvidia/switch-report.txt", Tee.NVIDIA);
    for (Map.Entry<String, Tee> kind : kinds.entrySet()) {
      byte[] bytes = Files.readAllBytes(VECTORS.resolve(kind.getKey()));
      var files = new ArrayList<>(List.of(VECTORS.resolve(kind.getKey())));
      if (!kind.getKey().matches(".*\\.(txt|json)")) {
        files.add(Files.writeString(folder.resolve("hex"), HexFormat.of().formatHex(bytes) + "\n"));
      }
      for (Path file : files) {
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
      String[] fetch = {"evidence", "fetch", "--enclave", url, "-o", file.toString()};
      assertThat(console.run(fetch)).isEqualTo(3);
      assertThat(console.err()).contains("simulated evidence", "--accept-simulated");
      assertThat(file).doesNotExist();
      fetch = Arrays.copyOf(fetch, fetch.length + 1);
      fetch[fetch.length - 1] = "--accept-simulated";
      assertThat(console.run(fetch)).isZero();
      assertThat(console.out()).contains("simulated").contains("Nothing of this is verified.");
      assertThat(console.run("evidence", "show", file.toString())).isZero();
      assertThat(console.out()).containsPattern("tee +simulated");
      assertThat(console.run("collateral", "fetch", file.toString(), "--dry-run")).isZero();
      assertThat(console.run(fetch)).isEqualTo(2);
      assertThat(console.err()).contains("is there already");
      // A policy that accepts it does not say that this person does.
      Path policy = Files.writeString(folder.resolve("simulated.yaml"), SIMULATED);
      String now = Instant.now().toString();
      assertThat(verify(file, policy, bundle(), now)).isEqualTo(3);
      assertThat(console.err()).contains("evidence.json is simulated", "[evidence-simulated]");
      assertThat(console.out()).isEmpty();
      assertThat(verify(file, policy, bundle(), now, "--accept-simulated")).isZero();
      assertThat(console.err()).contains("SIMULATED ENCLAVE");
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
    String endorsement = VECTORS.resolve("azure/endorsement-2026.cose").toString();
    assertThat(console.run("evidence", "show", endorsement)).isEqualTo(2);
    assertThat(console.err()).contains("an endorsement of a utility VM", "[file-unreadable]");
    String other = VECTORS.resolve("tdx/tcb-info.json").toString();
    assertThat(console.run("evidence", "show", other)).isEqualTo(2);
    assertThat(console.err()).contains("tcb-info.json: not evidence", "[file-unreadable]");
    Path ours = Files.writeString(folder.resolve("ours.json"), "{\"parts\":{}}");
    assertThat(console.run("evidence", "show", ours.toString())).isEqualTo(2);
    assertThat(console.err()).contains("ours.json is no evidence", "[file-unreadable]");
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
    accepted("azure-vm", vector("azure/cvm-evidence.json"), amd, CLOCK, "");
    // What a GPU says needs its chain, which is in a file of its own.
    assertThat(verify(vector("nvidia/hopper-report.txt"), "tdx", nothing, CLOCK)).isEqualTo(3);
    assertThat(console.out()).endsWith("✗ not believed: nvidia.chain\n");
    accepted("maa", vector("azure-maa/sgx-token.jwt"), keys(), "2023-09-26T14:20:00Z", "");
    // Microsoft's revocation lists were not recorded, and nothing else fails.
    assertThat(verify(containerGroup(), "azure-group", amd, CLOCK)).isEqualTo(3);
    assertThat(console.out()).endsWith("✗ not believed: azure-aci.uvm.revocation\n");
  }

  private void accepted(String policy, Path evidence, Path bundle, String at, String replaced)
      throws Exception {
    // Of AWS's lists none was recorded.
    String text =
        replaced.isEmpty() ? text(policy) : text(policy).replace("[\"checked\"]", "\"any\"");
    Path file = Files.writeString(folder.resolve(policy + ".json"), text);
    assertThat(verify(evidence, file, bundle, at)).as(policy + "\n" + console.out()).isZero();
    assertThat(console.out()).contains("measurement  sha", "! binding  not compared");
    assertThat(console.out().lines().toList().getLast())
        .startsWith("✓ accepted: it meets " + policy + "; nobody demanded anything of ")
        .endsWith("binding");
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
    assertThat(snp.string("cloister.verdict", 64)).isEqualTo("accepted");
    assertThat(snp.string("ear.appraisal-policy-id", 71))
        .isEqualTo(document("snp").digest().toString());
    assertThat(snp.array("cloister.checks", 1000)).hasSizeGreaterThan(20);
    assertThat(snp.object("cloister.claims").string("product", 64)).isEqualTo("Genoa");

    assertThat(verify(vector(MILAN), policy, amd, CLOCK, "--json")).isEqualTo(3);
    assertThat(status("sev-snp")).isEqualTo(96);
    assertThat(verdict("sev-snp")).isEqualTo("refused");
    assertThat(console.err()).isEmpty();
    assertThat(verify(evidence, policy, bundle(), CLOCK, "--json")).isEqualTo(3);
    assertThat(status("sev-snp")).isEqualTo(96);
    assertThat(verdict("sev-snp")).isEqualTo("not believed");

    // Every vector leaves something to be noted.
    var all = new Check("all", Check.Outcome.HOLDS, "holds");
    assertThat(
            AttestationResult.write(
                    Tee.SEV_SNP,
                    Verdict.ACCEPTED,
                    List.of(all),
                    List.of(),
                    Optional.empty(),
                    document("snp").digest(),
                    Instant.EPOCH)
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
    assertThat(console.out()).endsWith("✗ not believed: snp.revocation\n");
    Path ended =
        Files.writeString(
            folder.resolve("ended.json"),
            text("snp").replace("2027-01-01T00:00:00Z", "2025-08-01T00:00:00Z"));
    assertThat(verify(vector(GENOA), ended, amd(), CLOCK)).isEqualTo(3);
    assertThat(console.out()).endsWith("✗ refused: policy.valid\n");
    Path later =
        Files.writeString(
            folder.resolve("later.json"),
            text("snp").replace("2025-01-01T00:00:00Z", "2025-10-01T00:00:00Z"));
    assertThat(verify(vector(GENOA), later, amd(), CLOCK)).isEqualTo(3);
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

    assertThat(explain(file, CLOCK)).contains("snp  sha256").doesNotContain("! ");
    assertThat(result(file, CLOCK).bool("valid")).isTrue();
    String expired = "! snp expired at 2027-01-01T00:00:00Z, and it is 2027-01-01T00:00:00Z";
    assertThat(explain(file, "2027-01-01T00:00:00Z")).contains(expired, "It accepts nothing.");
    assertThat(result(file, "2027-01-01T00:00:00Z").bool("valid")).isFalse();
    assertThat(explain(file, "2024-12-31T23:59:59Z"))
        .contains("! snp is not valid before 2025-01-01T00:00:00Z");
    assertThat(result(file, "2024-12-31T23:59:59Z").bool("valid")).isFalse();

    Path wrong =
        Files.writeString(
            folder.resolve("wrong.yaml"), "policy: p\nvalid: {}\nfamilies: 1\naccept: []\n");
    assertThat(console.run("policy", "explain", wrong.toString())).isEqualTo(2);
    assertThat(console.err()).contains("wrong.yaml:2:1: policy.valid.from is missing");
  }

  private String explain(Path policy, String at, String... more) {
    var arguments = new ArrayList<>(List.of("policy", "explain", policy.toString(), "--at", at));
    arguments.addAll(List.of(more));
    assertThat(console.run(arguments.toArray(String[]::new))).isZero();
    return console.out();
  }

  private Json.Fields result(Path policy, String at) {
    explain(policy, at, "--json");
    return result();
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

  /// What a policy says is shown as it is said: words alone are not lists, and no list is a word.
  @Test
  void policiesThatMeanSomethingElseAreNeverTheSame() throws Exception {
    Path before = policy("space");
    String arguments = "\"arguments\":[\"/usr/local/bin/ctf_sha2\"]";
    assertThat(text("space")).contains(arguments, "\"overrides\":{\"command\":[],");
    differ(before, edited("space", arguments, "\"arguments\":\"any\""))
        .isEqualTo(
            """
            - accept[0].arguments  ["/usr/local/bin/ctf_sha2"]  (in this order)
            + accept[0].arguments  any
            """);
    differ(
            edited("space", arguments, "\"arguments\":[\"a or b\"]"),
            edited("space", arguments, "\"arguments\":[\"a\",\"b\"]"))
        .contains("[\"a or b\"]", "[\"a\", \"b\"]");
    differ(
            edited("space", arguments, "\"arguments\":[\"a\",\"b\"]"),
            edited("space", arguments, "\"arguments\":[\"b\",\"a\"]"))
        .contains("- accept[0].arguments", "+ accept[0].arguments");
    differ(before, edited("space", "\"command\":[]", "\"command\":\"any\""))
        .isEqualTo(
            """
            - accept[0].overrides.command  []  (in this order)
            + accept[0].overrides.command  any
            """);
    differ(
            before,
            edited(
                "space",
                "\"overrides\":{\"command\":[],\"environment\":{}}",
                "\"overrides\":{\"command\":[],\"environment\":\"any\"}"))
        .isEqualTo(
            "- accept[0].overrides.environment  {}\n+ accept[0].overrides.environment  any\n");

    // Of a set the order means nothing, and the digests differ all the same.
    String models = "\"hardware-models\":[\"GCP_INTEL_TDX\"]";
    Path one = edited("space", models, "\"hardware-models\":[\"A\",\"B\"]");
    Path other = edited("space", models, "\"hardware-models\":[\"B\",\"A\"]");
    differ(one, other).startsWith("No demand differs, but ").doesNotContain("the same");

    assertThat(console.run("policy", "explain", before.toString())).isZero();
    assertThat(console.out())
        .containsPattern("accept\\[0]\\.overrides\\.environment +\\{}\n")
        .containsPattern("accept\\[0]\\.overrides\\.command +\\[]  \\(in this order\\)\n")
        .containsPattern("accept\\[0]\\.hardware-models +\\[\"GCP_INTEL_TDX\"]\n");
    Path named = edited("snp", "\"policy\":\"snp\"", "\"policy\":\"any\"");
    assertThat(console.run("policy", "explain", named.toString(), "--json")).isZero();
    assertThat(result().strings("any", 100, 100)).isNotEmpty().doesNotContain("policy");
  }

  @Test
  void entriesOfAcceptAreComparedWithTheirLikes() throws Exception {
    Path before = policy("tdx");
    Json.Obj tdx = document("tdx").json();
    List<Json> entries = ((Json.Arr) tdx.get("accept").orElseThrow()).elements();
    var swapped = new TreeMap<>(tdx.members());
    swapped.put("accept", Json.array(entries.reversed()));
    Path after = folder.resolve("swapped.json");
    Files.write(after, new Json.Obj(swapped).canonical());
    differ(before, after).startsWith("No demand differs");
    Files.writeString(
        after,
        Files.readString(after)
            .replace(
                "\"verifiers\":[\"local\"]",
                "\"verifiers\":[\"local\",\"nras\"],\"nras-keys\":\"any\""));
    differ(before, after)
        .isEqualTo(
            """
            + accept[1].nras-keys  any
            - accept[1].verifiers  ["local"]
            + accept[1].verifiers  ["local", "nras"]
            """);
  }

  private AbstractStringAssert<?> differ(Path before, Path after) {
    assertThat(console.run("policy", "diff", before.toString(), after.toString()))
        .as(console.err())
        .isZero();
    return assertThat(console.out());
  }

  /// A policy of the page with one part of its canonical JSON in another way.
  private Path edited(String policy, String part, String instead) throws IOException {
    String text = text(policy);
    assertThat(text).contains(part);
    return Files.writeString(
        Files.createTempFile(folder, policy, ".json"), text.replace(part, instead));
  }

  @Test
  void mistakesInAPolicySayWhatToWrite() throws Exception {
    mistake(
        "\"chip-ids\":\"any\"", "\"chip-ids\":[\"any\"]", "chip-ids[0] is the word any in a list");
    mistake("\"chip-ids\":\"any\"", "\"chip-ids\":[\"abc\"]", "3 hexadecimal digits");
    mistake(
        "\"products\":[\"genoa\"]",
        "\"products\":[\"genoa\",\"rome\"]",
        "products[1] is malformed: not one of milan, genoa, turin");
    mistake("\"products\":[\"genoa\"]", "\"products\":\"any\"", "products is not a list");
    mistake("sha384:c5", "sha384:C5", "measurement[0] is malformed", "lower-case");
    mistake(
        "\"families\"",
        "\"deny\":{\"chip-id\":[]},\"families\"",
        "chip-id is empty: name at least one");
    mistake(
        "\"families\"",
        "\"deny\":{\"chip-id\":\"any\"},\"families\"",
        "chip-id is not a list, and cannot be any");
    assertThat(console.err()).contains("run the command again").doesNotContain("apply");
  }

  private void mistake(String part, String instead, String... said) throws Exception {
    assertThat(console.run("policy", "explain", edited("snp", part, instead).toString()))
        .isEqualTo(2);
    assertThat(console.err()).contains(said);
  }

  /// Without `--replace`, what a home demands is not weakened by a file of the same name.
  @Test
  void aDemandIsReplacedOnlyByWhoeverSaysSo() throws Exception {
    String home = home();
    String policy = policy("snp").toString();
    String weaker = edited("snp", "\"vmpl\":0", "\"vmpl\":1").toString();
    assertThat(console.run("policy", "require", policy, "--home", home)).isZero();
    assertThat(console.run("policy", "require", policy, "--home", home)).isZero();
    assertThat(console.run("policy", "require", weaker, "--home", home)).isEqualTo(2);
    assertThat(console.err())
        .contains("--replace", "- accept[0].vmpl  0", "+ accept[0].vmpl  1", "[parameter-invalid]");
    assertThat(console.run("policy", "list", "--home", home)).isZero();
    assertThat(console.out()).contains(document("snp").digest().toString());
    assertThat(console.run("policy", "require", weaker, "--replace", "--home", home)).isZero();
    assertThat(console.out()).contains("+ accept[0].vmpl  1");
    assertThat(console.run("policy", "list", "--home", home)).isZero();
    assertThat(console.out()).doesNotContain(document("snp").digest().toString());
  }

  @Test
  void aPolicyThatAcceptsNothingNowIsKeptWithAWarning() throws Exception {
    String home = home();
    String ended = edited("snp", "2027-01-01", "2025-08-01").toString();
    for (String verb : List.of("add", "require")) {
      assertThat(console.run("policy", verb, ended, "--home", home)).isZero();
      assertThat(console.err()).contains("! snp expired at 2025-08-01", "It accepts nothing.");
    }
    assertThat(console.run("policy", "list", "--home", home)).isZero();
    assertThat(console.out()).contains("expired at 2025-08-01T00:00:00Z");
    assertThat(console.run("policy", "list", "--home", home, "--json")).isZero();
    Json kept = result().array("known", 10).getFirst();
    assertThat(((Json.Obj) kept).fields("kept").bool("valid")).isFalse();

    String digest = ((Json.Obj) kept).fields("kept").string("digest", 71);
    assertThat(console.run("policy", "drop", digest, "--home", home)).isZero();
    assertThat(console.run("policy", "drop", digest, "--home", home)).isEqualTo(2);
    assertThat(console.err()).contains("keeps no policy " + digest);
    assertThat(console.run("policy", "drop", "sha256:00", "--home", home)).isEqualTo(2);
    assertThat(console.run("policy", "list", "--home", home, "--json")).isZero();
    assertThat(result().array("known", 10)).isEmpty();
    assertThat(result().array("required", 10)).hasSize(1);
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
              tdx  %s  valid until 2027-01-01T00:00:00Z
            Kept for the collaborations that name them:
              snp  %s  valid until 2027-01-01T00:00:00Z
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
    assertThat(console.err()).contains("no collateral of a known kind", "[collateral-invalid]");
    assertThat(console.run("collateral", "export", out, "--home", home)).isEqualTo(2);
    assertThat(console.err()).contains("is there already");
  }

  /// As vendors publish it, and nothing of it in a bundle.
  @Test
  void whatVendorsPublishIsImportedAsItIs() throws Exception {
    String home = folder.resolve("none").toString();
    imported(home, "snp/genoa-v5-vcek.der", "certificates", "SEV-VCEK");
    imported(home, "snp/ask-genoa.der", "certificates", "SEV-Genoa");
    imported(home, "tdx/tcb-signing.pem", "certificates", "Intel SGX TCB Signing");
    imported(home, "tdx/tcb-info.json", "tcb-info", "TCB levels of B0C06F000000");
    imported(home, "tdx/qe-identity.json", "enclave-identity", "identity of the TD_QE");
    imported(home, "nvidia/NV_SWITCH_BIOS_5612_0002_890_9610550001.xml", "reference-manifest", "");
    imported(home, "snp/ark-genoa.crl", "revocation-list", "");
    imported(home, "tdx/2026-02.json", "tcb-info", "certificates", "revocation-list");
    String keys = vector("azure-maa/jwks.json").toString();
    assertThat(console.run("collateral", "import", keys, "--home", home)).isEqualTo(2);
    assertThat(console.err()).contains("jwks.json: a key set", "--source URL");
    String source = "https://sharedeus.eus.attest.azure.net/certs";
    assertThat(console.run("collateral", "import", keys, "--source", source, "--home", home))
        .isZero();
    assertThat(console.run("collateral", "show", "--home", home)).isZero();
    assertThat(console.out()).contains(source);
    // What became a folder of collateral can still become a home.
    assertThat(console.run("init", "airline", "--home", home)).as(console.err()).isZero();
    assertThat(console.run("collateral", "show", "--home", home)).isZero();
    assertThat(console.out()).contains(source);

    // And it verifies: two files in place of what the vendor's service would give.
    String[] files = {"snp/genoa-v5-vcek.der", "snp/ask-genoa.der", "snp/ark-genoa.crl"};
    for (String file : files) {
      Path text =
          Files.writeString(folder.resolve("text"), HexFormat.of().formatHex(read(file)) + "\n");
      assertThat(console.run("collateral", "show", text.toString())).as(console.err()).isZero();
    }
    String evidence = vector(GENOA).toString();
    String[] verify = {"evidence", "verify", evidence, "--policy", policy("snp").toString()};
    assertThat(run(verify, "--at", CLOCK, "--home", folder.resolve("empty").toString()))
        .isEqualTo(3);
    assertThat(console.err()).contains("--collateral FILE", "collateral fetch");
    // AMD's list of then has ended long ago, so that a home does not take it up.
    assertThat(run(verify, "--at", CLOCK, "--home", home)).isEqualTo(3);
    assertThat(console.out()).endsWith("✗ not believed: snp.revocation\n");
  }

  private void imported(String home, String vector, String... shown) {
    String file = vector(vector).toString();
    assertThat(console.run("collateral", "show", file)).as(console.err()).isZero();
    assertThat(console.out()).contains(shown);
    assertThat(console.run("collateral", "import", file, "--home", home))
        .as(console.err())
        .isZero();
  }

  private int run(String[] arguments, String... more) {
    return console.run(Stream.of(arguments, more).flatMap(Arrays::stream).toArray(String[]::new));
  }

  private static byte[] read(String vector) throws IOException {
    return Files.readAllBytes(vector(vector));
  }

  @Test
  void evidenceIsPutTogetherFromItsParts() throws Exception {
    Path report = vector("azure/aci-report.bin");
    String[] parts = {
      "--part", "certificates=" + vector("azure/aci-certificates.pem"),
      "--part", "policy=" + vector("azure/aci-policy.base64"),
      "--part", "endorsement=" + vector("azure/aci-endorsement.cose")
    };
    assertThat(run(new String[] {"evidence", "show", report.toString()}, parts)).isZero();
    assertThat(console.out()).containsPattern("^tee +azure-aci").contains("uvm-svn");
    assertThat(verify(report, policy("azure-group"), amd(), CLOCK, parts)).isEqualTo(3);
    assertThat(console.out()).endsWith("✗ not believed: azure-aci.uvm.revocation\n");
    assertThat(verify(report, policy("azure-group"), amd(), CLOCK, parts[2], parts[3]))
        .isEqualTo(2);
    assertThat(console.err())
        .contains("aci-report.bin: ", "missing", "endorsement", "--part NAME=FILE");

    // Azure's file of certificates is base64 of JSON with PEM in it.
    String pem = new String(read("azure/aci-certificates.pem"), US_ASCII);
    String json = Json.object().put("vcekCert", pem).put("tcbm", "0").build().pretty();
    Path certificates =
        Files.writeString(
            folder.resolve("host-amd-cert-base64"),
            Base64.getEncoder().encodeToString(json.getBytes(US_ASCII)));
    String[] azures = parts.clone();
    azures[1] = "certificates=" + certificates;
    assertThat(verify(report, policy("azure-group"), amd(), CLOCK, azures)).isEqualTo(3);
    assertThat(console.out()).endsWith("✗ not believed: azure-aci.uvm.revocation\n");
    String[] fetch = {"collateral", "fetch", report.toString(), "--dry-run"};
    assertThat(run(fetch, azures)).isZero();
    assertThat(console.out()).contains("microsoft.com/");
    assertThat(run(fetch, "--part", azures[1], report.toString())).isEqualTo(2);

    String gpu = vector("nvidia/hopper-report.txt").toString();
    assertThat(console.run("evidence", "show", gpu)).isZero();
    assertThat(console.out()).contains("lacks the parts certificates");
    String chain = "certificates=" + vector("nvidia/hopper-chain.txt");
    assertThat(console.run("evidence", "show", gpu, "--part", chain)).isZero();
    assertThat(console.out()).doesNotContain("lacks").containsPattern("chip +GH100");

    Path hcl = folder.resolve("hcl.bin");
    Json.Fields recorded =
        ((Json.Obj) Json.parse(bytes("azure/cvm-evidence.json").toArray())).fields("evidence");
    Files.write(hcl, base64(recorded.string("hcl_report", 8192)).toArray());
    assertThat(console.run("evidence", "show", hcl.toString(), "--json")).isZero();
    assertThat(result().string("tee", 64)).isEqualTo("azure-cvm");
    assertThat(result().strings("missing", 9, 64)).containsExactly("tpm-quote", "tpm-registers");
    assertThat(result().has("vm-unique-id")).isTrue();
    assertThat(verify(hcl, policy("azure-vm"), amd(), CLOCK)).isEqualTo(2);
    assertThat(console.err()).contains("hcl.bin: ", "missing tpm-quote, tpm-registers");
    assertThat(console.run("evidence", "show", gpu, "--part", "chain=x")).isEqualTo(2);
    assertThat(console.err()).contains("--part chain: there are certificates, hardware-quote");
  }

  @Test
  void malformedEvidenceIsNamedAndSentBackToWhoeverNamedIt() throws Exception {
    byte[] report = read(GENOA);
    malformed(Arrays.copyOf(report, 1183), "an SNP report has 1184 bytes, not 1183");
    malformed(Arrays.copyOf(report, 1185), "an SNP report has 1184 bytes, not 1185");
    malformed(Arrays.copyOf(read("tdx/quote.bin"), 700), "");
    malformed(Arrays.copyOf(read("nitro/app.cose"), 700), "");
    malformed("[]".getBytes(UTF_8), "not evidence of a known kind");
    malformed("[[1]]".getBytes(UTF_8), "not evidence of a known kind");
    malformed("{\"quote\":".getBytes(UTF_8), "");
    String missing = folder.resolve("missing").toString();
    assertThat(console.run("evidence", "show", missing)).isEqualTo(2);
    assertThat(console.err()).contains("there is no file " + missing);
    assertThat(console.run("evidence", "show", folder.toString())).isEqualTo(2);
    assertThat(console.err()).contains(folder + " is a directory");
    assertThat(console.run("collateral", "import", folder.toString())).isEqualTo(2);
    assertThat(console.err()).contains(folder + " is a directory");
  }

  private void malformed(byte[] bytes, String problem) throws Exception {
    Path file = Files.write(folder.resolve("malformed.bin"), bytes);
    String policy = policy("snp").toString();
    for (String[] line :
        new String[][] {
          {"evidence", "show", file.toString()},
          {"evidence", "verify", file.toString(), "--policy", policy},
          {"collateral", "fetch", file.toString(), "--dry-run"}
        }) {
      assertThat(console.run(line)).as(console.err()).isEqualTo(2);
      assertThat(console.err())
          .contains("malformed.bin", problem, "[file-unreadable]")
          .doesNotContain("policy drop", "NVIDIA token bundle");
    }
  }

  @Test
  void whatAPolicyAsksForIsShown() throws Exception {
    show(MILAN).containsPattern("reported-tcb-components +bootloader [0-9]+, tee .*, microcode ");
    show(GENOA).containsPattern("product +genoa").contains("reported-tcb-components");
    show("tdx/quote.bin").containsPattern("td-attributes-on +sept-ve-disable");
    show("nitro/app.cose").containsPattern("measurement +sha384:");
    show("confidential-space/sample.jwt")
        .containsPattern("token-type +PKI")
        .containsPattern("issued-at +2025-09-05T")
        .containsPattern("expires-at +2025-09-05T")
        .contains("SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt");
    assertThat(
            console.run(
                "evidence", "show", vector("confidential-space/sample.jwt").toString(), "--json"))
        .isZero();
    assertThat(result().strings("arguments", 9, 100)).containsExactly("/usr/local/bin/ctf_sha2");
    assertThat(result().bool("secure-boot")).isTrue();

    Path any =
        Files.writeString(
            folder.resolve("nitro.json"), text("release-1").replace("[\"checked\"]", "\"any\""));
    String at = "2025-12-25T16:04:30Z";
    assertThat(verify(vector("nitro/app.cose"), any, bundle(), at, "--json")).isZero();
    assertThat(result().object("submods").object("nitro").string("cloister.measurement", 200))
        .startsWith("sha384:");
    // The document's certificate lived for three hours.
    String[] now = {
      "evidence", "verify", vector("nitro/app.cose").toString(), "--policy", any.toString()
    };
    assertThat(run(now, "--collateral", bundle().toString())).isEqualTo(3);
    assertThat(console.out()).containsPattern("nitro.chain .*the certificate .* expired at 20");
    assertThat(console.err()).contains("--at TIME");
  }

  private AbstractStringAssert<?> show(String vector) {
    assertThat(console.run("evidence", "show", vector(vector).toString())).isZero();
    return assertThat(console.out());
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
    assertThat(
            console.run(
                "collateral",
                "fetch",
                report,
                "--mirror",
                "https://kdsintf.amd.org=http://a.example"))
        .isEqualTo(2);
    assertThat(console.err()).contains("https://kdsintf.amd.org; it is at", AMD + "Genoa/crl");
    // Behind a PCCS nothing is asked of Intel.
    String pccs = "https://pccs.example:8081";
    String root = "https://certificates.trustedservices.intel.com";
    assertThat(
            console.run(
                "collateral",
                "fetch",
                vector("tdx/quote.bin").toString(),
                "--dry-run",
                "--mirror",
                "https://api.trustedservices.intel.com=" + pccs,
                "--mirror",
                root + "=" + pccs + "/sgx/certification/v4/crl?uri=" + root))
        .isZero();
    assertThat(console.out().lines())
        .allMatch(line -> line.startsWith(pccs))
        .anyMatch(line -> line.endsWith("crl?uri=" + root + "/IntelSGXRootCA.der"));
  }

  /// A bundle of what is older adds to a home and takes nothing from it.
  @Test
  void collateralIsNotRolledBack() throws Exception {
    String home = home();
    Item chain = item(Kind.CERTIFICATES, AMD + "Milan/cert_chain", "snp/ask-milan.der");
    Item newer = item(Kind.KEY_SET, "https://a.example/certs", "azure-maa/jwks.json");
    var older = new Item(Kind.KEY_SET, newer.source(), Bytes.utf8("{\"keys\":[]}"));
    String both = bundle(chain, newer).toString();
    assertThat(console.run("collateral", "import", both, "--home", home)).isZero();
    Collateral before = Home.open(Path.of(home)).collateral().read();
    assertThat(console.run("collateral", "import", bundle(older).toString(), "--home", home))
        .isZero();
    assertThat(Home.open(Path.of(home)).collateral().read().items())
        .containsAll(before.items())
        .hasSize(3);

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

  private String verdict(String tee) {
    return result().object("submods").object(tee).string("cloister.verdict", 64);
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
        item(Kind.KEY_SET, "https://sharedeus.eus.attest.azure.net/certs", "azure-maa/jwks.json"));
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
