package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.crypto.Bytes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/// Every file of the collection is recognised as what its folder says that it is, or listed with
/// the reason why it is no evidence.
@EnabledIf(value = Vectors.PRESENT, disabledReason = Vectors.ABSENT)
class RecognitionVectorsTest {
  /// What is recognised and can be shown.
  private static final Map<String, Tee> EVIDENCE = new LinkedHashMap<>();

  /// What is recognised and cannot be shown: parts without the rest, quotes with a key that has no
  /// certificate in them, and what has bytes after it.
  private static final Map<String, Tee> INCOMPLETE = new LinkedHashMap<>();

  /// What is not evidence, and why.
  private static final Map<String, String> OTHERS = new LinkedHashMap<>();

  static {
    EVIDENCE.put("snp/.*report\\.bin", Tee.SEV_SNP);
    EVIDENCE.put("azure-cleanroom/.*/(snp_)?report\\.bin", Tee.SEV_SNP);
    EVIDENCE.put("rats/veraison-services/.*tsm-report\\.json", Tee.SEV_SNP);
    EVIDENCE.put("tdx/.*/(alibaba_|cos-113-tdx-)?(tdx_)?quote(_\\d|_outdated)?(\\.dat)?", Tee.TDX);
    EVIDENCE.put("tdx/.*/(quote_tdx_00806f050000|quote_v5_sample)\\.dat", Tee.TDX);
    EVIDENCE.put("tdx/dstack/.*\\.quote\\.bin", Tee.TDX);
    EVIDENCE.put("tdx/dstack/(quote-report|tdx-lite-getquote)\\.json", Tee.TDX);
    EVIDENCE.put("azure-cvm/.*/td-quote\\.bin", Tee.TDX);
    EVIDENCE.put("sgx/.*/(sgx_quote|occlum_quote\\.dat|quote_v3_.*_chain\\.bin)", Tee.SGX);
    EVIDENCE.put("azure-maa/sgx-sample/(intel|oe)-enclave\\.info\\..*\\.json", Tee.SGX);
    EVIDENCE.put("azure-maa/sgx-sample/post\\.attest\\.body\\.json", Tee.SGX);
    EVIDENCE.put("nitro/dstack/(app|app_dbg|nitro)\\.cose", Tee.NITRO);
    EVIDENCE.put("nitro/evervault/.*\\.cose", Tee.NITRO);
    EVIDENCE.put("gcp-confidential-space/oak/sample\\.jwt", Tee.CONFIDENTIAL_SPACE);
    EVIDENCE.put("azure-maa/teaclave/sgx-token\\.jwt", Tee.AZURE_MAA);
    EVIDENCE.put("azure-cvm/trustee/.*/evidence-.*\\.json", Tee.AZURE_CVM);
    EVIDENCE.put("azure-cleanroom/.*/snp_cvm\\.json", Tee.AZURE_CVM);
    EVIDENCE.put("nvidia/.*([rR]eport(Expired|InvalidSignature)?|_report1)\\.txt", Tee.NVIDIA);
    EVIDENCE.put("nvidia/.*_detached_eat\\.json", Tee.NVIDIA);
    EVIDENCE.put("nvidia/attestation-sdk/evidence_hopper_590_12\\.json", Tee.NVIDIA);

    INCOMPLETE.put(".*/hcl[-_]report.*\\.bin", Tee.AZURE_CVM);
    INCOMPLETE.put("sgx/(intel-qvl-synthetic/quote\\.dat|oasis/.*_eppid\\.bin)", Tee.SGX);
    INCOMPLETE.put("nitro/dstack/.*-trailing\\.cose", Tee.NITRO);
    INCOMPLETE.put("tdx/go-tdx-guest/tdx_prod_quote_SPR_E4\\.dat", Tee.TDX);

    OTHERS.put("README\\.md|MANIFEST\\.tsv|.*/(sample\\.)?README\\.md", "says what the others are");
    OTHERS.put("dp/.*", "cases of differential privacy");
    OTHERS.put(
        "eventlog/.*|tdx/.*(ccel_.*|\\.eventlog\\.json)", "an event log, a part of evidence");
    OTHERS.put(".*\\.(pem|crt|cer|der)|nvidia/.*[cC]hain.*\\.txt|.*_certs1\\.txt", "certificates");
    OTHERS.put("snp/.*_cert(ificate)?(_broken)?\\.json|sgx/.*Chain.*", "certificates");
    OTHERS.put(".*\\.cose", "an endorsement, a part of evidence");
    OTHERS.put(".*/(aci|caci)?.*(policy\\.base64|values\\.txt)", "a container policy, a part");
    OTHERS.put(".*/(tpm[-_]quote.*|quote\\.bin)", "a TPM's quote, a part of evidence");
    OTHERS.put("azure-cvm/.*/var-data\\.bin", "the claims in an HCL report, a part of evidence");
    OTHERS.put("azure-cvm/.*|azure-cleanroom/.*public-key-jwks", "a key");
    OTHERS.put("azure-cleanroom/.*/maa-request\\.json", "a request to Azure Attestation");
    OTHERS.put("azure-maa/.*", "key sets, or claims of a token without its signature");
    OTHERS.put("gcp-confidential-space/.*claims\\.json", "claims of a token without its signature");
    OTHERS.put("nitro/evervault/specs/.*", "what upstream expects");
    OTHERS.put("nitro/dstack/nitro_raw\\.bin", "a document after two bytes of dstack's");
    OTHERS.put("nvidia/.*\\.xml", "a manifest: collateral");
    OTHERS.put("nvidia/.*(parsed_output|decoded|claims).*", "claims, decoded by other programs");
    OTHERS.put("rats/.*", "formats of the RATS working group that no TEE here sends");
    OTHERS.put("snp/dstack/sev_snp_attestation\\.bin", "a report after four bytes of dstack's");
    OTHERS.put("snp/.*uvm_reference_info\\.bin", "an endorsement, a part of evidence");
    OTHERS.put(
        "(sgx|tdx)/.*([tT]cb.*|[iI]dentity.*|qe_td.*|[cC]rl.*|.*collateral\\.json)", "collateral");
    OTHERS.put(
        "tdx/.*/tdx-lite-attestation\\.json", "dstack's own encoding; its quote is beside it");
    OTHERS.put(
        "tdx/go-tdx-guest/(report|ccel/nonce)\\.dat", "a TDREPORT, which nobody signed; a nonce");
    OTHERS.put("tdx/automata-evm/1025/pico/inputs\\.json", "a proof of a verifier's run");
    OTHERS.put("tdx/trustee/parse_tdx_claims_expected\\.json", "what upstream expects");
  }

  @Test
  void everyFileIsWhatItsFolderSays() {
    var wrong = new ArrayList<String>();
    for (Path path : Vectors.files("")) {
      String file = Vectors.root().relativize(path).toString().replace('\\', '/');
      String found = found(Vectors.read(file));
      String expected = expected(file);
      if (!found.startsWith(expected)) {
        wrong.add("%s is %s, and should be %s".formatted(file, found, expected));
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void everyLineOfTheListIsOfAFile() {
    List<String> files =
        Vectors.files("").stream()
            .map(path -> Vectors.root().relativize(path).toString().replace('\\', '/'))
            .toList();
    assertThat(List.of(EVIDENCE.keySet(), INCOMPLETE.keySet(), OTHERS.keySet()))
        .allSatisfy(patterns ->
            assertThat(patterns)
                .allMatch(pattern -> files.stream().anyMatch(file -> file.matches(pattern))));
  }

  /// Read twice: by what people's programs use, and by what these tests have used all along.
  @Test
  void trusteesEvidenceHasTheSamePartsAsBefore() throws Exception {
    for (Path path : Vectors.files("azure-cvm/trustee")) {
      String file = Vectors.root().relativize(path).toString();
      if (file.matches(".*evidence-.*\\.json")) {
        Bytes json = Vectors.read(file);
        assertThat(Recognition.recognise(json).parts())
            .as(file)
            .isEqualTo(AzureEvidence.trustee(json));
      }
    }
  }

  /// The TEE if it can be shown; what its parser says; or that it is nothing.
  private static String found(Bytes file) {
    Evidence evidence;
    try {
      evidence = Recognition.recognise(file);
    } catch (EvidenceException _) {
      return "no evidence";
    }
    try {
      return Report.parse(evidence).tee().label();
    } catch (EvidenceException e) {
      return "incomplete " + evidence.tee() + ": " + e.getMessage();
    }
  }

  private static String expected(String file) {
    var expected = new ArrayList<String>();
    EVIDENCE.forEach((pattern, tee) -> {
      if (file.matches(pattern)) {
        expected.add(tee.label());
      }
    });
    INCOMPLETE.forEach((pattern, tee) -> {
      if (file.matches(pattern)) {
        expected.add("incomplete " + tee);
      }
    });
    if (expected.isEmpty()) {
      return OTHERS.keySet().stream().anyMatch(file::matches) ? "no evidence" : "listed";
    }
    return String.join(" and ", expected);
  }
}
