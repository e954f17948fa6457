package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.attestation.DcapTestPlatform.Judgement;
import cloister.attestation.DcapTestPlatform.Level;
import cloister.crypto.Bytes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What a home takes up before it has evidence to verify with it.
class AdmissionTest {
  private final DcapTestPlatform platform = DcapTestPlatform.of(5, 10);

  @Test
  void whatLeadsToAPinnedKeyIsAdmittedAndNothingThatIsMadeUp() throws Exception {
    Item signer =
        new Item(
            Kind.CERTIFICATES, "signer", TestAuthority.pem(List.of(platform.signer.certificate())));
    var genuine = new ArrayList<>(platform.lists());
    genuine.add(signer);
    genuine.add(platform.info(Judgement.of("TDX", Level.of(5, "UpToDate"))));
    genuine.add(platform.identity("TD_QE", 4, "UpToDate"));
    assertThat(admitted(genuine)).containsExactlyElementsOf(genuine);

    DcapTestPlatform foreign = DcapTestPlatform.of(5, 10);
    var madeUp = new ArrayList<>(DcapTestPlatform.lists(foreign.root.revocationList()));
    madeUp.add(
        new Item(
            Kind.CERTIFICATES,
            "a stranger",
            TestAuthority.pem(List.of(foreign.signer.certificate(), foreign.root.certificate()))));
    madeUp.add(foreign.info(Judgement.of("TDX", Level.of(5, "UpToDate"))));
    madeUp.add(foreign.identity("TD_QE", 4, "UpToDate"));
    madeUp.add(new Item(Kind.TCB_INFO, "a stranger", Bytes.utf8("{}")));
    madeUp.add(new Item(Kind.REFERENCE_MANIFEST, "a stranger", Bytes.utf8("<x/>")));
    madeUp.add(new Item(Kind.KEY_SET, "a stranger", Bytes.utf8("{}")));
    var all = new ArrayList<>(madeUp);
    all.addAll(genuine);
    assertThat(admitted(all)).containsExactlyElementsOf(genuine);
  }

  @Test
  void manifestsAreAdmittedByTheirSignatureAndListsOfUnknownIssuersForWhoVerifies()
      throws Exception {
    var vendor = new NvidiaVendor();
    var genuine = new ArrayList<>(vendor.manifests());
    genuine.addAll(vendor.revocationLists());
    Collateral all = Collateral.of(genuine);
    assertThat(all.admissible(Collateral.none(), vendor.anchors()).items())
        .containsExactlyElementsOf(genuine);
    assertThat(all.admissible(Collateral.none(), Anchors.pinned()).items())
        .as("manifests of another root")
        .noneMatch(item -> item.kind() == Kind.REFERENCE_MANIFEST);
  }

  /// Under a false name it is not found, and the true one has to be taken up beside it.
  @Test
  void aManifestUnderAFalseNameTakesNoTrueOnesPlace() throws Exception {
    Item good = new NvidiaVendor().manifests().getFirst();
    var misnamed = new Item(Kind.REFERENCE_MANIFEST, "https://a.example/other", good.bytes());
    assertThat(Collateral.of(List.of(misnamed)).and(Collateral.of(List.of(good))).items())
        .containsExactly(misnamed, good);
  }

  private List<Item> admitted(List<Item> items) throws EvidenceException {
    return Collateral.of(items).admissible(Collateral.none(), platform.anchors()).items();
  }
}
