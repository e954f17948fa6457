package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.crypto.Bytes;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Collateral as vendors publish it, from its content alone.
class VendorFileTest {
  @Test
  void eachKindIsKnown() throws Exception {
    known("snp/genoa-v5-vcek.der", Kind.CERTIFICATES);
    known("azure/aci-certificates.pem", Kind.CERTIFICATES);
    known("snp/ark-genoa.crl", Kind.REVOCATION_LIST);
    known("tdx/pck.crl", Kind.REVOCATION_LIST);
    known("tdx/tcb-info.json", Kind.TCB_INFO);
    known("tdx/qe-identity.json", Kind.ENCLAVE_IDENTITY);
    known("nvidia/NV_SWITCH_BIOS_5612_0002_890_9610550001.xml", Kind.REFERENCE_MANIFEST);
  }

  private static void known(String file, Kind kind) throws EvidenceException {
    Bytes bytes = Repository.read(file);
    assertThat(read(bytes)).containsExactly(new Item(kind, "file:a", bytes));
    if (file.endsWith("der") || file.endsWith("crl")) {
      Item item = new Item(kind, "file:a", bytes);
      assertThat(read(Bytes.utf8(bytes.hex() + "\n"))).containsExactly(item);
      String base64 = Base64.getMimeEncoder().encodeToString(bytes.toArray());
      assertThat(read(Bytes.utf8(base64))).containsExactly(item);
      String pem =
          kind == Kind.CERTIFICATES
              ? "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
              : "-----BEGIN X509 CRL-----\n%s\n-----END X509 CRL-----\n";
      List<Item> written = read(Bytes.utf8(pem.formatted(base64)));
      assertThat(Collateral.dates(written.getFirst())).isEqualTo(Collateral.dates(item));
    }
  }

  /// NVIDIA's service wraps its manifests.
  @Test
  void theAnswerOfNvidiasServiceIsItsManifest() throws Exception {
    Bytes manifest = Repository.read("nvidia/NV_SWITCH_BIOS_5612_0002_890_9610550001.xml");
    assertThat(read(Bytes.utf8("{\"id\":\"a\",\"rim\":\"" + manifest.base64() + "\"}")))
        .containsExactly(new Item(Kind.REFERENCE_MANIFEST, "file:a", manifest));
  }

  /// Everything of one quote, with what Intel signed and its signatures: it verifies.
  @Test
  void whatAQuoteProviderGivesIsAllThatAQuoteNeeds() throws Exception {
    Collateral collateral = Collateral.of(read(Repository.read("tdx/2026-02.json")));
    assertThat(collateral.items().stream().map(Item::kind))
        .contains(Kind.TCB_INFO, Kind.ENCLAVE_IDENTITY, Kind.CERTIFICATES, Kind.REVOCATION_LIST);
    Report report = Report.parse(Recognition.recognise(Repository.read("tdx/v5-quote.bin")));
    VerifiedReport verified =
        report.verify(collateral, Anchors.pinned(), Instant.parse("2026-02-20T00:00:00Z"));
    assertThat(verified.tee()).isEqualTo(Tee.TDX);
    // Nobody said where it was published, and receipts take it along all the same.
    assertThat(collateral.from(report.sources()).items()).isEqualTo(collateral.items());
  }

  @Test
  void aKeySetIsOfSomebody() throws Exception {
    Bytes keys = Repository.read("azure-maa/jwks.json");
    assertThatThrownBy(() -> read(keys)).hasMessageContaining("--source URL");
    assertThat(VendorFile.read("a", Optional.of("https://a.example/certs"), keys))
        .containsExactly(new Item(Kind.KEY_SET, "https://a.example/certs", keys));
  }

  @Test
  void whatIsNoCollateralIsRefused() {
    for (String text : List.of("", "x", "{}", "[]", "{\"keys\":", "<svg/>", "00")) {
      assertThatThrownBy(() -> read(Bytes.utf8(text)))
          .as(text)
          .isInstanceOf(EvidenceException.class);
    }
    Bytes certificate = Repository.read("snp/genoa-v5-vcek.der");
    Bytes cut = Bytes.of(Arrays.copyOf(certificate.toArray(), certificate.size() - 1));
    assertThatThrownBy(() -> read(cut)).isInstanceOf(EvidenceException.class);
    assertThatThrownBy(() -> read(Bytes.utf8("a".repeat(5 << 20)))).hasMessageContaining("larger");
  }

  private static List<Item> read(Bytes file) throws EvidenceException {
    return VendorFile.read("a", Optional.empty(), file);
  }
}
