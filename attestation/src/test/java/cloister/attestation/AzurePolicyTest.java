package cloister.attestation;

import static cloister.attestation.AzureTestMachine.BINDING;
import static cloister.attestation.AzureTestMachine.CHIP;
import static cloister.attestation.AzureTestMachine.NOW;
import static cloister.attestation.AzureTestMachine.TPM;
import static cloister.attestation.AzureTestMachine.attest;
import static cloister.attestation.AzureTestMachine.containerGroup;
import static cloister.attestation.AzureTestMachine.containerReport;
import static cloister.attestation.AzureTestMachine.domainMachine;
import static cloister.attestation.AzureTestMachine.hcl;
import static cloister.attestation.AzureTestMachine.key;
import static cloister.attestation.AzureTestMachine.quote;
import static cloister.attestation.AzureTestMachine.registers;
import static cloister.attestation.AzureTestMachine.runtimeClaims;
import static cloister.attestation.AzureTestMachine.snpReport;
import static cloister.attestation.AzureTestMachine.verified;
import static cloister.attestation.AzureTestMachine.virtualMachine;
import static cloister.attestation.AzureTestMachine.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.AzureTestMachine.Endorsement;
import cloister.attestation.Evidence.Part;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Policies of confidential VMs and container groups, each key of them.
class AzurePolicyTest {
  private static final String SNP =
      """
      {"products":["milan"],"signing-keys":["vcek"],"chip-ids":["%s"],\
      "minimum-tcb":{"milan":{"bootloader":4,"tee":1,"snp":23,"microcode":213}},\
      "guest-policy":{"smt":"any","single-socket":"any","minimum-abi":"1.55","require":"any"},\
      "platform-info":{"require":["alias-check"]},"mitigations":"any"}\
      """
          .formatted(CHIP.chipId().hex());
  private static final String PARAVISOR = "sha384:" + AzureTestMachine.utilityMachine().hex();
  private static final String UVM =
      """
      {"did":["%s"],"feed":["ContainerPlat-AMD-UVM"],"minimum-svn":103,"signer":"valid-now"}\
      """
          .formatted(AzureTestMachine.DID);

  /// What the good machine meets exactly.
  private static Map<String, String> virtualMachinePolicy() {
    var keys = new LinkedHashMap<String, String>();
    keys.put("tee", "\"azure-cvm\"");
    keys.put("sev-snp", SNP);
    keys.put("paravisor", "[\"" + PARAVISOR + "\"]");
    keys.put("pcrs", pcrs(Map.of()));
    keys.put("secure-boot", "\"required\"");
    keys.put("console", "\"forbidden\"");
    keys.put("tpm-persisted", "\"required\"");
    keys.put("user-data", "\"required\"");
    keys.put("vm-ids", "[\"A VM\"]");
    return keys;
  }

  /// Of a machine on TDX: Azure's paravisor has no attribute on.
  private static Map<String, String> domainPolicy() {
    var keys = virtualMachinePolicy();
    keys.remove("sev-snp");
    keys.remove("paravisor");
    keys.put("tdx", TDX);
    return keys;
  }

  private static final String TDX =
      """
      {"tcb":{"statuses":["UpToDate"],"minimum-evaluation-number":17},\
      "mrtd":["%s"],"rtmr0":"any","rtmr1":"any","rtmr2":"any","rtmr3":"any",\
      "mr-config-id":"any","mr-seam":"any","xfam":"any","require-attributes":"any",\
      "platforms":"any"}\
      """
          .formatted("01".repeat(48));

  private static String pcrs(Map<Integer, String> others) {
    var all = new TreeMap<Integer, String>();
    for (int index : AzureRegisters.NAMED) {
      all.put(index, "[\"" + registers().value(index).orElseThrow().hex() + "\"]");
    }
    all.putAll(others);
    return all.entrySet().stream()
        .map(pcr -> "\"%d\":%s".formatted(pcr.getKey(), pcr.getValue()))
        .collect(Collectors.joining(",", "{", "}"));
  }

  private static Map<String, String> containerPolicy() {
    var keys = new LinkedHashMap<String, String>();
    keys.put("tee", "\"azure-aci\"");
    keys.put("sev-snp", SNP);
    keys.put("cce-policies", "[\"" + hex(Digest.of(AzureTestMachine.POLICY)) + "\"]");
    keys.put("uvm", UVM);
    return keys;
  }

  @Test
  void whatMeetsEveryDemandIsAccepted() throws Exception {
    assertThat(failures(virtualMachinePolicy(), vm(virtualMachine()))).isEmpty();
    assertThat(failures(containerPolicy(), group(containerGroup()))).isEmpty();
  }

  /// docs/forgotten-checks.md no. 13: neither Trustee nor Azure's clean room pins the paravisor.
  @Test
  void anotherParavisorIsRefused() throws Exception {
    String claims = runtimeClaims();
    Bytes report = snpReport(claims, fields -> fields.put(0x90, SnpTestPlatform.bytes(48, 0x66)));
    AzureCvmClaims other = vm(with(virtualMachine(), Part.REPORT, hcl(report, 2, claims)));
    assertThat(failures(virtualMachinePolicy(), other)).containsExactly("azure-cvm.paravisor");
  }

  @Test
  void everyRegisterIsComparedOnItsOwn() throws Exception {
    for (int index : AzureRegisters.NAMED) {
      var values = new TreeMap<>(registers().values());
      values.put(index, Bytes.of(new byte[32]));
      AzureCvmClaims changed = vm(quoting(new TpmRegisters(values)));
      assertThat(failures(virtualMachinePolicy(), changed))
          .containsExactly("azure-cvm.pcrs." + index);
      var any = virtualMachinePolicy();
      any.put("pcrs", pcrs(Map.of(index, "\"any\"")));
      assertThat(failures(any, changed)).isEmpty();
    }
    var others = virtualMachinePolicy();
    others.put("pcrs", pcrs(Map.of(0, "[\"" + "00".repeat(32) + "\"]")));
    assertThat(failures(others, vm(virtualMachine()))).containsExactly("azure-cvm.pcrs.0");
  }

  @Test
  void aRegisterThatThePolicyNamesIsQuoted() throws Exception {
    var fewer = new TreeMap<>(registers().values());
    fewer.remove(0);
    var policy = virtualMachinePolicy();
    policy.put("pcrs", pcrs(Map.of(0, "\"any\"")));
    assertThat(failures(policy, vm(quoting(new TpmRegisters(fewer)))))
        .containsExactly("azure-cvm.pcrs.0");
    assertThat(failures(policy, vm(virtualMachine()))).isEmpty();
  }

  @Test
  void theMachinesSettingsAreThoseDemanded() throws Exception {
    setting("\"secure-boot\":true", "\"secure-boot\":false", "secure-boot");
    setting("\"secure-boot\":true,", "", "secure-boot");
    setting("\"console-enabled\":false", "\"console-enabled\":true", "console");
    setting("\"console-enabled\":false,", "", "console");
    setting("\"tpm-persisted\":true", "\"tpm-persisted\":false", "tpm-persisted");
    setting("\"tpm-persisted\":true,", "", "tpm-persisted");
    setting("A VM", "Another", "vm-ids");
    var policy = virtualMachinePolicy();
    policy.put("tpm-persisted", "\"forbidden\"");
    assertThat(failures(policy, vm(virtualMachine()))).containsExactly("azure-cvm.tpm-persisted");
  }

  /// Fails under its name, and does not where the policy says `any`.
  private static void setting(String good, String changed, String key) throws EvidenceException {
    String claims = runtimeClaims().replace(good, changed);
    AzureCvmClaims machine = vm(with(virtualMachine(), Part.REPORT, hcl(claims)));
    var policy = virtualMachinePolicy();
    assertThat(failures(policy, machine)).as(changed).containsExactly("azure-cvm." + key);
    policy.put(key, "\"any\"");
    assertThat(failures(policy, machine)).as(changed).isEmpty();
  }

  @Test
  void userDataAreThereWhereDemanded() throws Exception {
    String none = runtimeClaims(key(TPM), Bytes.of(new byte[64]));
    AzureCvmClaims machine = vm(with(virtualMachine(), Part.REPORT, hcl(none)));
    var policy = virtualMachinePolicy();
    assertThat(failures(policy, machine)).containsExactly("azure-cvm.user-data");
    policy.put("user-data", "\"any\"");
    assertThat(failures(policy, machine)).isEmpty();
  }

  @Test
  void thePlatformUnderBothIsAsDemanded() throws Exception {
    String claims = runtimeClaims();
    Bytes report = snpReport(claims, fields -> fields.putLong(8, 0x70137));
    assertThat(
            failures(
                virtualMachinePolicy(),
                vm(with(virtualMachine(), Part.REPORT, hcl(report, 2, claims)))))
        .containsExactly("azure-cvm.snp.guest-policy.migration");
    Bytes group = containerReport(fields -> fields.putLong(0x40, 0x05));
    assertThat(failures(containerPolicy(), group(with(containerGroup(), Part.REPORT, group))))
        .containsExactly("azure-aci.snp.platform-info.require");
  }

  @Test
  void aMachineOnTdxIsComparedWithWhatIsSaidOfTdx() throws Exception {
    AzureCvmClaims machine = vm(domainMachine(AzureTestMachine.DOMAIN));
    assertThat(failures(domainPolicy(), machine)).isEmpty();
    assertThat(compare(domainPolicy(), machine, NOW))
        .filteredOn(check -> check.outcome() == Check.Outcome.NOTED)
        .extracting(Check::name)
        .contains("azure-cvm.tdx.require-attributes", "azure-cvm.tdx.rtmr0");
    var policy = domainPolicy();
    policy.put("tdx", TDX.replace("01".repeat(48), "00".repeat(48)));
    assertThat(failures(policy, machine)).containsExactly("azure-cvm.tdx.mrtd");
    policy.put("tdx", TDX.replace("17", "18"));
    assertThat(failures(policy, machine)).containsExactly("azure-cvm.tdx.tcb.evaluation-number");
    policy.put("tdx", TDX.replace("\"require-attributes\":\"any\"", DEMAND));
    assertThat(failures(policy, machine)).containsExactly("azure-cvm.tdx.sept-ve-disable");
    AzureCvmClaims migratable = vm(domainMachine(AzureTestMachine.DOMAIN.withAttributes(1 << 29)));
    assertThat(failures(domainPolicy(), migratable)).containsExactly("azure-cvm.tdx.migratable");
  }

  private static final String DEMAND = "\"require-attributes\":[\"sept-ve-disable\"]";

  @Test
  void anEntryIsForOneKindOfHardware() throws Exception {
    assertThat(failures(virtualMachinePolicy(), vm(domainMachine(AzureTestMachine.DOMAIN))))
        .containsExactly("azure-cvm.hardware");
    assertThat(failures(domainPolicy(), vm(virtualMachine())))
        .containsExactly("azure-cvm.hardware");
    var both = virtualMachinePolicy();
    both.put("tdx", TDX);
    refused(both, "is an unknown key");
    var unknown = domainPolicy();
    unknown.put("tdx", TDX.replace("\"xfam\"", "\"other\":1,\"xfam\""));
    refused(unknown, "tdx.other is an unknown key");
    unknown.put("tdx", TDX.replace("\"mrtd\"", "\"other\""));
    refused(unknown, "mrtd is missing");
  }

  @Test
  void theGroupsPolicyAndItsVirtualMachineAreAsDemanded() throws Exception {
    group("cce-policies", "[\"" + "00".repeat(32) + "\"]", "azure-aci.cce-policies");
    group("cce-policies", "\"any\"");
    group("uvm", UVM.replace("103", "104"), "azure-aci.uvm.minimum-svn");
    group("uvm", UVM.replace("103", "102"));
    group("uvm", UVM.replace("AMD", "INTEL"), "azure-aci.uvm.feed");
    String fragments = AzureTestMachine.DID.replace("59.1.2", "59.1.3");
    group("uvm", UVM.replace(AzureTestMachine.DID, fragments), "azure-aci.uvm.did");
    group("uvm", UVM.replace("[\"did", "[\"" + fragments + "\",\"did"));
  }

  private static void group(String key, String value, String... failures) throws EvidenceException {
    var policy = containerPolicy();
    policy.put(key, value);
    assertThat(failures(policy, group(containerGroup()))).as(value).containsExactly(failures);
  }

  /// The decision of [UvmEndorsement], as a policy says it.
  @Test
  void aSignerThatHasExpiredSinceIsAcceptedOnlyWhereThePolicySaysSo() throws Exception {
    Instant later = AzureTestMachine.SIGNER.certificate().getNotAfter().toInstant().plusSeconds(1);
    var claims = (AzureAciClaims) verified(Tee.AZURE_ACI, containerGroup(), later).claims();
    assertThat(SnpTestPlatform.names(compare(containerPolicy(), claims, later)))
        .containsExactly("azure-aci.uvm.signer");
    var policy = containerPolicy();
    policy.put("uvm", UVM.replace("valid-now", "valid-when-signed"));
    List<Check> checks = compare(policy, claims, later);
    assertThat(SnpTestPlatform.names(checks)).isEmpty();
    assertThat(checks)
        .filteredOn(check -> check.outcome() == Check.Outcome.NOTED)
        .extracting(Check::name)
        .contains("azure-aci.uvm.signer");
  }

  @Test
  void anyIsSaidAndShown() throws Exception {
    var policy = virtualMachinePolicy();
    for (String key : List.of("secure-boot", "console", "tpm-persisted", "user-data")) {
      policy.put(key, "\"any\"");
    }
    policy.put("vm-ids", "\"any\"");
    policy.put("pcrs", pcrs(Map.of(12, "\"any\"")));
    assertThat(compare(policy, vm(virtualMachine()), NOW))
        .filteredOn(check -> check.outcome() == Check.Outcome.NOTED)
        .extracting(Check::name)
        .contains(
            "azure-cvm.secure-boot",
            "azure-cvm.console",
            "azure-cvm.tpm-persisted",
            "azure-cvm.user-data",
            "azure-cvm.vm-ids",
            "azure-cvm.pcrs.12");
  }

  @Test
  void everyKeyIsNeededAndNoOtherIsKnown() {
    for (Map<String, String> all : List.of(virtualMachinePolicy(), containerPolicy())) {
      for (String key : all.keySet()) {
        var policy = new LinkedHashMap<>(all);
        policy.remove(key);
        refused(policy, key + " is missing");
      }
      var policy = new LinkedHashMap<>(all);
      policy.put("other", "1");
      refused(policy, "other is an unknown key");
      policy.remove("other");
      policy.put("sev-snp", SNP.replace("{\"products\"", "{\"a\":1,\"products\""));
      refused(policy, "sev-snp.a is an unknown key");
      policy.put("sev-snp", SNP.replace("\"chip-ids\"", "\"chips\""));
      refused(policy, "chip-ids is missing");
    }
    for (int index : AzureRegisters.NAMED) {
      var policy = virtualMachinePolicy();
      policy.compute("pcrs", (_, pcrs) -> pcrs.replace("\"" + index + "\":", "\"1\":"));
      refused(policy, "pcrs." + index + " is missing");
    }
    for (String key : List.of("did", "feed", "minimum-svn", "signer")) {
      var policy = containerPolicy();
      policy.put("uvm", UVM.replace("\"" + key + "\"", "\"other\""));
      refused(policy, key + " is missing");
    }
    var policy = containerPolicy();
    policy.put("uvm", UVM.replace("}", ",\"a\":1}"));
    refused(policy, "uvm.a is an unknown key");
  }

  @Test
  void emptyAndMalformedValuesAreRefused() {
    vmRefused("paravisor", "[]", "is empty");
    vmRefused("paravisor", "\"any\"", "paravisor cannot be any");
    var domain = domainPolicy();
    domain.put("tdx", TDX.replace("[\"" + "01".repeat(48) + "\"]", "\"any\""));
    refused(domain, "mrtd cannot be any");
    vmRefused("paravisor", "[\"sha256:" + "00".repeat(32) + "\"]", "sha384");
    vmRefused("pcrs", pcrs(Map.of(4, "[]")), "is empty");
    vmRefused("pcrs", pcrs(Map.of(4, "[\"00\"]")), "32 bytes");
    vmRefused("pcrs", pcrs(Map.of(24, "\"any\"")), "24 is an unknown key");
    vmRefused("secure-boot", "\"forbidden\"", "none of required, any");
    vmRefused("console", "\"required\"", "none of forbidden, any");
    vmRefused("tpm-persisted", "\"yes\"", "none of required, forbidden, any");
    vmRefused("user-data", "\"forbidden\"", "none of required, any");
    vmRefused("vm-ids", "[]", "is empty");
    groupRefused("cce-policies", "[]", "is empty");
    groupRefused("cce-policies", "[\"0011\"]", "32 bytes");
    groupRefused("uvm", UVM.replace("[\"" + AzureTestMachine.DID + "\"]", "[]"), "is empty");
    groupRefused("uvm", UVM.replace("[\"" + AzureTestMachine.DID + "\"]", "\"any\""), "not a list");
    groupRefused("uvm", UVM.replace("did:x509", "did:web"), "did:x509");
    groupRefused("uvm", UVM.replace("[\"ContainerPlat-AMD-UVM\"]", "\"any\""), "not a list");
    groupRefused("uvm", UVM.replace("103", "-1"), "between");
    groupRefused("uvm", UVM.replace("valid-now", "any"), "neither valid-now");
  }

  /// The whole way: policy documents, and a verifier that trusts them.
  @Test
  void evidenceIsAppraisedUnderAPolicyDocument() throws Exception {
    VerifiedReport machine = verified(Tee.AZURE_CVM, virtualMachine());
    VerifiedReport group = verified(Tee.AZURE_ACI, containerGroup());
    for (VerifiedReport report : List.of(machine, group)) {
      assertThat(appraise(report, BINDING, "")).isEmpty();
      assertThat(appraise(report, Binding.of("another"), "")).containsExactly("binding");
      for (var identifier : report.claims().identifiers().entrySet()) {
        String deny =
            ",\"deny\":{\"%s\":[\"%s\"]}"
                .formatted(identifier.getKey(), identifier.getValue().hex());
        assertThat(appraise(report, BINDING, deny)).as(deny).containsExactly("policy.deny");
      }
      String agreed =
          ",\"deny\":{\"measurement\":[\"%s\"]}"
              .formatted(report.claims().measurement().digest().hex());
      assertThat(appraise(report, BINDING, agreed))
          .as("what the collaboration names")
          .containsExactly("policy.deny");
    }
  }

  @Test
  void debuggingIsRefusedWhateverThePolicy() throws Exception {
    String claims = runtimeClaims();
    Bytes report = snpReport(claims, fields -> fields.putLong(8, 0xb0137));
    VerifiedReport machine =
        verified(Tee.AZURE_CVM, with(virtualMachine(), Part.REPORT, hcl(report, 2, claims)));
    assertThat(appraise(machine, BINDING, ""))
        .containsExactly("azure-cvm.snp.guest-policy.debug", "debug");
    VerifiedReport group =
        verified(
            Tee.AZURE_ACI,
            with(
                containerGroup(),
                Part.REPORT,
                containerReport(fields -> fields.putLong(8, 0xb0137))));
    assertThat(appraise(group, BINDING, ""))
        .containsExactly("azure-aci.snp.guest-policy.debug", "debug");
  }

  @Test
  void bothFormsOfEndorsementAreComparedAlike() throws Exception {
    Bytes old = Endorsement.good().numbered("102").digest();
    assertThat(failures(containerPolicy(), group(containerGroup(old))))
        .containsExactly("azure-aci.uvm.minimum-svn");
  }

  static Set<String> appraise(VerifiedReport report, Binding binding, String deny)
      throws EvidenceException {
    Policy policy = TestPolicies.parse(document(deny));
    var requirements =
        new Requirements(
            Set.of(Tee.AZURE_CVM, Tee.AZURE_ACI),
            Set.of(report.claims().measurement()),
            Optional.of(policy.digest()));
    return SnpTestPlatform.names(
        new Trust(requirements, List.of(policy), SimulatedEvidence.REFUSE)
            .appraise(List.of(report), binding, NOW)
            .checks());
  }

  private static Bytes document(String deny) {
    return Bytes.utf8(
        """
        {"policy":"a test","valid":{"from":"2026-01-01T00:00:00Z","until":"2027-01-01T00:00:00Z"},\
        "families":1,"accept":[%s,%s]%s}\
        """
            .formatted(json(virtualMachinePolicy()), json(containerPolicy()), deny));
  }

  private static void vmRefused(String key, String value, String reason) {
    var policy = virtualMachinePolicy();
    policy.put(key, value);
    refused(policy, reason);
  }

  private static void groupRefused(String key, String value, String reason) {
    var policy = containerPolicy();
    policy.put(key, value);
    refused(policy, reason);
  }

  private static void refused(Map<String, String> policy, String reason) {
    assertThatThrownBy(() ->
            TestPolicies.parse(
                Bytes.utf8(
                    """
                    {"policy":"a test","valid":{"from":"2026-01-01T00:00:00Z",\
                    "until":"2027-01-01T00:00:00Z"},"families":1,"accept":[%s]}\
                    """
                        .formatted(json(policy)))))
        .as(reason)
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining(reason);
  }

  private static Map<Part, Bytes> quoting(TpmRegisters registers) {
    return with(
        with(virtualMachine(), Part.TPM_QUOTE, quote(attest(BINDING.sha256(), registers))),
        Part.TPM_REGISTERS,
        registers.encoded());
  }

  private static AzureCvmClaims vm(Map<Part, Bytes> parts) throws EvidenceException {
    return (AzureCvmClaims) verified(Tee.AZURE_CVM, parts).claims();
  }

  private static AzureAciClaims group(Map<Part, Bytes> parts) throws EvidenceException {
    return (AzureAciClaims) verified(Tee.AZURE_ACI, parts).claims();
  }

  private static List<Check> compare(Map<String, String> policy, Claims claims, Instant at)
      throws EvidenceException {
    Fields fields = Json.parse("policy", Bytes.utf8(json(policy)), 1 << 16);
    Policy.Entry entry =
        fields.string("tee").equals("azure-cvm")
            ? AzureCvmPolicy.read(fields)
            : AzureAciPolicy.read(fields);
    fields.noOther();
    return entry.compare(claims, at);
  }

  private static Set<String> failures(Map<String, String> policy, Claims claims)
      throws EvidenceException {
    return SnpTestPlatform.names(compare(policy, claims, NOW));
  }

  private static String json(Map<String, String> policy) {
    return policy.entrySet().stream()
        .map(key -> "\"%s\":%s".formatted(key.getKey(), key.getValue()))
        .collect(Collectors.joining(",", "{", "}"));
  }

  private static String hex(Digest digest) {
    return Bytes.of(digest.toArray()).hex();
  }
}
