package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Evidence.Part;
import cloister.crypto.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// What a file is, from its bytes alone, in every form in which tools write it.
class RecognitionTest {
  private static final Map<String, Tee> REPORTS =
      Map.ofEntries(
          Map.entry("snp/milan-v2-report.bin", Tee.SEV_SNP),
          Map.entry("snp/genoa-v5-report.bin", Tee.SEV_SNP),
          Map.entry("azure/aci-report.bin", Tee.SEV_SNP),
          Map.entry("tdx/quote.bin", Tee.TDX),
          Map.entry("tdx/v5-quote.bin", Tee.TDX),
          Map.entry("tdx/padded-quote.bin", Tee.TDX),
          Map.entry("sgx/quote.bin", Tee.SGX),
          Map.entry("nitro/app.cose", Tee.NITRO),
          Map.entry("confidential-space/sample.jwt", Tee.CONFIDENTIAL_SPACE),
          Map.entry("azure-maa/sgx-token.jwt", Tee.AZURE_MAA),
          Map.entry("azure/cvm-evidence.json", Tee.AZURE_CVM),
          Map.entry("nvidia/hopper-report.txt", Tee.NVIDIA),
          Map.entry("nvidia/switch-report.txt", Tee.NVIDIA));

  @Test
  void evidenceIsKnownAsItIsAndInText() throws Exception {
    for (Map.Entry<String, Tee> report : REPORTS.entrySet()) {
      Bytes file = Repository.read(report.getKey());
      assertThat(Report.parse(Recognition.recognise(file)).tee())
          .as(report.getKey())
          .isEqualTo(report.getValue());
      if (!report.getKey().matches(".*(txt|json)")) {
        for (String text :
            List.of(
                file.hex() + "\n",
                Base64.getMimeEncoder().encodeToString(file.toArray()),
                Base64Url.encode(file))) {
          assertThat(Recognition.recognise(Bytes.utf8(text)))
              .as(report.getKey())
              .isEqualTo(Recognition.recognise(file));
        }
      }
    }
  }

  @Test
  void thePartsOfAnotherToolsJsonAreThoseThatItHas() throws Exception {
    Evidence machine = Recognition.recognise(Repository.read("azure/cvm-evidence.json"));
    assertThat(machine.parts())
        .containsOnlyKeys(Part.REPORT, Part.CERTIFICATES, Part.TPM_QUOTE, Part.TPM_REGISTERS);

    Bytes report = Repository.read("nvidia/switch-report.txt");
    Bytes chain = Repository.read("nvidia/switch-chain.txt");
    Evidence device =
        Recognition.recognise(
            Bytes.utf8(
                "[{\"arch\":\"LS10\",\"certificate\":\"%s\",\"evidence\":\"%s\",\"nonce\":\"00\"}]"
                    .formatted(
                        Base64.getEncoder().encodeToString(chain.toArray()),
                        text(report).strip())));
    assertThat(device)
        .isEqualTo(
            new Evidence(
                Tee.NVIDIA,
                Map.of(Part.REPORT, Bytes.hex(text(report).strip()), Part.CERTIFICATES, chain)));

    Bytes snp = Repository.read("snp/milan-v3-vlek-report.bin");
    Bytes key = Repository.read("snp/milan-v3-vlek.der");
    assertThat(
            Recognition.recognise(
                Bytes.utf8(
                    "{\"auxblob\":\"%s\",\"outblob\":\"%s\",\"provider\":\"sev_guest\\n\"}"
                        .formatted(Base64Url.encode(key), Base64Url.encode(snp)))))
        .isEqualTo(new Evidence(Tee.SEV_SNP, Map.of(Part.REPORT, snp, Part.CERTIFICATES, key)));

    Bytes quote = Repository.read("sgx/quote.bin");
    assertThat(Recognition.recognise(Bytes.utf8("{\"QuoteHex\":\"%s\"}".formatted(quote.hex()))))
        .isEqualTo(new Evidence(Tee.SGX, quote));
  }

  @Test
  void aPartWithoutTheRestIsNamed() {
    for (String endorsement :
        List.of("azure/endorsement-2026.cose", "azure/aci-endorsement.cose")) {
      assertThatThrownBy(() -> Recognition.recognise(Repository.read(endorsement)))
          .isInstanceOf(EvidenceException.class)
          .hasMessageContaining("an endorsement of a utility VM by Microsoft");
    }
    for (String chain : List.of("azure/aci-certificates.pem", "nvidia/hopper-chain.txt")) {
      assertThatThrownBy(() -> Recognition.recognise(Repository.read(chain)))
          .isInstanceOf(EvidenceException.class)
          .hasMessageContaining("certificates, and not evidence by themselves");
    }
    for (String other : List.of("snp/ark-milan.crl", "tdx/tcb-info.json", "azure-maa/jwks.json")) {
      assertThatThrownBy(() -> Recognition.recognise(Repository.read(other)))
          .isInstanceOf(EvidenceException.class)
          .hasMessageContaining("not evidence of a known kind");
    }
  }

  @Test
  void anothersJsonThatIsMalformedSaysWhere() {
    for (Map.Entry<String, String> wrong :
        Map.of(
                "{\"hcl_report\":[1,2,256]}", "evidence.hcl_report is no list of bytes",
                "{\"hcl_report\":\"!\"}", "evidence.hcl_report is neither hexadecimal nor base64",
                "{\"hcl_report\":\"00\"}", "evidence.quote is missing",
                "{\"hcl_report\":", "evidence",
                "{\"quote\":\"00\"}", "not evidence of a known kind",
                "[]", "not evidence of a known kind",
                "[{\"evidence\":\"00\",\"certificate\":1}]", "evidence[0].certificate")
            .entrySet()) {
      assertThatThrownBy(() -> Recognition.recognise(Bytes.utf8(wrong.getKey())))
          .isInstanceOf(EvidenceException.class)
          .hasMessageContaining(wrong.getValue());
    }
  }

  private static String text(Bytes bytes) {
    return new String(bytes.toArray(), StandardCharsets.US_ASCII);
  }
}
