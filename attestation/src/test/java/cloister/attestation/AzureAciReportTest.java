package cloister.attestation;

import static cloister.attestation.AzureTestMachine.BINDING;
import static cloister.attestation.AzureTestMachine.CHIP;
import static cloister.attestation.AzureTestMachine.DID;
import static cloister.attestation.AzureTestMachine.MICROSOFT;
import static cloister.attestation.AzureTestMachine.NOW;
import static cloister.attestation.AzureTestMachine.POLICY;
import static cloister.attestation.AzureTestMachine.PRODUCTS;
import static cloister.attestation.AzureTestMachine.PURPOSE;
import static cloister.attestation.AzureTestMachine.PURPOSE_EXTENSION;
import static cloister.attestation.AzureTestMachine.PURPOSE_IDENTIFIER;
import static cloister.attestation.AzureTestMachine.SIGNER;
import static cloister.attestation.AzureTestMachine.containerGroup;
import static cloister.attestation.AzureTestMachine.containerReport;
import static cloister.attestation.AzureTestMachine.verified;
import static cloister.attestation.AzureTestMachine.with;
import static cloister.attestation.AzureTestMachine.without;
import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.AzureTestMachine.Endorsement;
import cloister.attestation.Evidence.Part;
import cloister.attestation.TestAuthority.Contents;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AzureAciReportTest {
  private static final Map<Part, Bytes> GOOD = containerGroup();
  private static final Endorsement ENDORSEMENT = Endorsement.good();

  @Test
  void aGoodGroupIsVerifiedWithEitherFormOfEndorsement() throws Exception {
    for (Bytes endorsement : List.of(ENDORSEMENT.json(), ENDORSEMENT.digest())) {
      Map<Part, Bytes> parts = containerGroup(endorsement);
      assertThat(failures(parts)).isEmpty();
      var claims = (AzureAciClaims) verified(Tee.AZURE_ACI, parts).claims();
      assertThat(claims.measurement().toString()).isEqualTo(Digest.of(POLICY).toString());
      assertThat(claims.boundTo(BINDING)).isTrue();
      assertThat(claims.boundTo(Binding.of("another"))).isFalse();
      assertThat(claims.debug()).isEqualTo(Claims.Debug.OFF);
      assertThat(claims.endorsement().svn()).isEqualTo(103);
      assertThat(claims.endorsement().feed()).isEqualTo(AzureTestMachine.FEED);
      assertThat(claims.claims()).contains(new Claim("uvm-svn", "103"));
      assertThat(claims.identifiers())
          .containsKeys(Identifier.HOST_DATA, Identifier.REPORT_DATA, Identifier.CHIP_ID);
    }
  }

  /// docs/forgotten-checks.md no. 10: anybody can start a guest of their own with a good policy's
  /// digest in its host data. What enforces the policy has to be endorsed.
  @Test
  void aGoodPolicyUnderAnotherVirtualMachineIsWorthNothing() {
    Bytes report = containerReport(fields -> fields.put(0x90, SnpTestPlatform.bytes(48, 0x66)));
    assertThat(failures(with(GOOD, Part.REPORT, report)))
        .containsExactly("azure-aci.uvm.measurement");
    assertThat(failures(endorsed(ENDORSEMENT.of("66".repeat(48)).json())))
        .containsExactly("azure-aci.uvm.measurement");
  }

  @Test
  void thePolicyIsTheOneInHostData() {
    for (Bytes other : List.of(Bytes.utf8("package policy"), Bytes.of(new byte[0]))) {
      assertThat(failures(with(GOOD, Part.POLICY, other))).containsExactly("azure-aci.policy");
    }
    for (int at : new int[] {0, 31}) {
      Bytes report =
          containerReport(fields -> fields.put(0xc0 + at, (byte) (fields.get(0xc0 + at) ^ 1)));
      assertThat(failures(with(GOOD, Part.REPORT, report))).containsExactly("azure-aci.policy");
    }
  }

  @Test
  void nothingIsLeftOut() {
    for (Part part : List.of(Part.POLICY, Part.ENDORSEMENT)) {
      assertThat(failures(without(GOOD, part))).as(part.label()).containsExactly("parse");
    }
    assertThat(failures(without(GOOD, Part.CERTIFICATES)))
        .containsExactly("azure-aci.snp.certificate");
    for (Part part : List.of(Part.TPM_QUOTE, Part.RUNTIME_DATA, Part.HARDWARE_QUOTE)) {
      assertThat(failures(with(GOOD, part, Bytes.hex("00")))).containsExactly("parse");
    }
  }

  @Test
  void theReportIsOfTheVirtualMachineAndNotOfALessPrivilegedPart() {
    Bytes report = containerReport(fields -> fields.putInt(0x30, 1));
    assertThat(failures(with(GOOD, Part.REPORT, report))).containsExactly("azure-aci.vmpl");
  }

  @Test
  void aDebuggableGroupShows() throws Exception {
    Bytes report = containerReport(fields -> fields.putLong(8, 0xb0137));
    assertThat(verified(Tee.AZURE_ACI, with(GOOD, Part.REPORT, report)).claims().debug())
        .isEqualTo(Claims.Debug.ON);
  }

  @Test
  void reportDataAreComparedInFull() throws Exception {
    for (int at : new int[] {0, 31, 32, 63}) {
      Bytes report =
          containerReport(fields -> fields.put(0x50 + at, (byte) (fields.get(0x50 + at) ^ 1)));
      assertThat(verified(Tee.AZURE_ACI, with(GOOD, Part.REPORT, report)).claims().boundTo(BINDING))
          .as("byte %d", at)
          .isFalse();
    }
  }

  @Test
  void everyListOfRevokedCertificatesIsNeeded() {
    assertThat(
            AzureTestMachine.collateralWithoutOne().stream()
                .map(lists -> AzureTestMachine.failures(Tee.AZURE_ACI, GOOD, lists, NOW)))
        .containsExactly(
            Set.of("azure-aci.snp.revocation"),
            Set.of("azure-aci.uvm.revocation"),
            Set.of("azure-aci.uvm.revocation"));
  }

  @Test
  void aRevokedSignerOrAuthorityIsRefused() {
    Bytes chip = CHIP.root.revocationList();
    for (Collateral lists :
        List.of(
            SnpTestPlatform.revocationLists(
                chip, MICROSOFT.revocationList(), PRODUCTS.revocationList(3)),
            SnpTestPlatform.revocationLists(
                chip, MICROSOFT.revocationList(2), PRODUCTS.revocationList()))) {
      assertThat(AzureTestMachine.failures(Tee.AZURE_ACI, GOOD, lists, NOW))
          .containsExactly("azure-aci.uvm.revocation");
    }
  }

  /// The decision of [UvmEndorsement]: the signer's certificate is valid when it signs.
  @Test
  void theSignerIsValidWhenItSignsAndTheAuthoritiesNow() throws Exception {
    Instant from = SIGNER.certificate().getNotBefore().toInstant();
    Instant until = SIGNER.certificate().getNotAfter().toInstant();
    assertThat(failuresAt(ENDORSEMENT.at(from), NOW)).isEmpty();
    assertThat(failuresAt(ENDORSEMENT.at(from.minusSeconds(1)), NOW))
        .containsExactly("azure-aci.uvm.chain");
    assertThat(failuresAt(ENDORSEMENT, until.plusSeconds(1))).as("expired since").isEmpty();
    assertThat(failuresAt(ENDORSEMENT.at(until), until)).isEmpty();
    assertThat(failuresAt(ENDORSEMENT.at(until.plusSeconds(1)), until.plusSeconds(2)))
        .containsExactly("azure-aci.uvm.chain");
    assertThat(failuresAt(ENDORSEMENT, NOW.minusSeconds(1)))
        .as("before it was signed")
        .containsExactly("azure-aci.uvm.signing-time");
    Instant gone = PRODUCTS.certificate().getNotAfter().toInstant().plusSeconds(1);
    assertThat(failuresAt(ENDORSEMENT, gone)).contains("azure-aci.uvm.authority");
  }

  @Test
  void theSignerLeadsToThePinnedRoot() {
    TestAuthority root = TestAuthority.root(Kind.RSA, "Supply Chain");
    TestAuthority products = root.authority(Kind.RSA, Contents.of("Products").numbered(2));
    TestAuthority signer = products.leaf(Kind.RSA, signer());
    assertThat(failures(endorsed(ENDORSEMENT.by(signer, products, root).json())))
        .contains("azure-aci.uvm.chain", "azure-aci.uvm.revocation");
    assertThat(failures(endorsed(ENDORSEMENT.by(SIGNER, MICROSOFT).json())))
        .as("an authority is left out")
        .contains("azure-aci.uvm.chain");
    assertThat(failures(endorsed(ENDORSEMENT.by(SIGNER, PRODUCTS).json())))
        .as("the root is pinned and may be left out")
        .isEmpty();
    assertThat(failures(endorsed(ENDORSEMENT.by(SIGNER, MICROSOFT, PRODUCTS).json())))
        .as("their order means nothing")
        .isEmpty();
  }

  /// A certificate of the same authorities for another purpose, as signs fragments of policies or
  /// code.
  @Test
  void theSignerHasThePurposeThatTheIssuersNameDemands() {
    Bytes fragments = Bytes.hex("300d060b2b0601040182374c3b0103");
    TestAuthority other = PRODUCTS.leaf(Kind.RSA, signer().with(PURPOSE_IDENTIFIER, fragments));
    TestAuthority none = PRODUCTS.leaf(Kind.RSA, Contents.of("ContainerPlat").numbered(5));
    for (TestAuthority signer : List.of(other, none)) {
      assertThat(failures(endorsed(ENDORSEMENT.by(signer, PRODUCTS, MICROSOFT).json())))
          .containsExactly("azure-aci.uvm.issuer");
    }
  }

  @Test
  void theIssuersNameIsOfTheseCertificates() {
    String otherRoot = AzureTestMachine.did(TPM_AUTHORITY, PURPOSE);
    assertThat(failures(endorsed(ENDORSEMENT.from(otherRoot).json())))
        .containsExactly("azure-aci.uvm.issuer");
    assertThat(failures(endorsed(ENDORSEMENT.from(AzureTestMachine.did(SIGNER, PURPOSE)).json())))
        .as("the signer is no authority")
        .containsExactly("azure-aci.uvm.issuer");
    assertThat(failures(endorsed(ENDORSEMENT.from(AzureTestMachine.did(PRODUCTS, PURPOSE)).json())))
        .isEmpty();
    for (String malformed :
        List.of(
            DID.replace("x509:0", "x509:1"),
            DID.replace("sha256", "sha512"),
            DID.replace("::eku", "::subject"),
            DID + "::eku:1.2",
            DID.replace(PURPOSE, "x"),
            DID.substring(0, DID.indexOf("::")))) {
      assertThat(failures(endorsed(ENDORSEMENT.from(malformed).json())))
          .as(malformed)
          .containsExactly("parse");
    }
  }

  @Test
  void theEndorsementIsReadStrictly() {
    for (Bytes bad :
        List.of(
            ENDORSEMENT.of("22".repeat(47)).json(),
            ENDORSEMENT.of("22".repeat(47)).digest(),
            ENDORSEMENT.numbered("0103").json(),
            ENDORSEMENT.numbered("-1").json(),
            ENDORSEMENT.numbered("").json(),
            ENDORSEMENT.numbered("9999999999").json(),
            ENDORSEMENT.numbered("9999999999").digest(),
            ENDORSEMENT.on("").json(),
            ENDORSEMENT.json(payload -> payload.replace("guestsvn", "svn")),
            ENDORSEMENT.json(
                payload -> payload.replace("}", ",\"x-ms-sevsnpvm-guestsvn-int\":104}")),
            ENDORSEMENT.json(payload -> payload.replace("}", ",\"x\":1,\"x\":1}")),
            ENDORSEMENT.json(payload -> payload + " " + payload),
            ENDORSEMENT.signed(CborWriting.map(), Bytes.utf8("{}")),
            Bytes.utf8("{}"))) {
      assertThat(failures(endorsed(bad))).containsExactly("parse");
    }
    assertThat(
            failures(
                endorsed(
                    ENDORSEMENT.json(
                        payload -> payload.replace("}", ",\"x-ms-sevsnpvm-guestsvn-int\":103}")))))
        .isEmpty();
  }

  @Test
  void noByteOfAnEndorsementCanBeChangedOrCutOff() {
    var random = new Random(6);
    for (Bytes endorsement : List.of(ENDORSEMENT.json(), ENDORSEMENT.digest())) {
      for (int at = 0; at < endorsement.size(); at++) {
        Bytes flipped = AzureCvmReportTest.flipped(endorsement, at, random.nextInt(8));
        assertThat(isSigned(flipped)).as("byte %d", at).isFalse();
        if (random.nextInt(100) == 0) {
          assertThat(failures(endorsed(flipped)))
              .as("byte %d", at)
              .containsAnyOf("parse", "azure-aci.uvm.signature");
        }
      }
      for (int length = 0; length < endorsement.size(); length += 7) {
        Bytes cut = Bytes.of(Arrays.copyOf(endorsement.toArray(), length));
        assertThat(failures(endorsed(cut))).containsExactly("parse");
      }
      assertThat(failures(endorsed(Bytes.concat(endorsement, Bytes.hex("00")))))
          .containsExactly("parse");
    }
  }

  private static boolean isSigned(Bytes endorsement) {
    try {
      return UvmEndorsement.parse(endorsement)
          .message()
          .requireSigned(
              new Checks(), "signature", Signatures.Algorithm.PS384, SIGNER.keys().getPublic());
    } catch (EvidenceException _) {
      return false;
    }
  }

  /// All bytes are tried by [SnpReportTest].
  @Test
  void nothingOfTheReportCanBeChanged() {
    var random = new Random(7);
    Bytes report = containerReport(fields -> {});
    for (int at = 0; at < report.size(); at += 1 + random.nextInt(16)) {
      Bytes flipped = AzureCvmReportTest.flipped(report, at, random.nextInt(8));
      assertThat(failures(with(GOOD, Part.REPORT, flipped)))
          .as("byte %d", at)
          .containsAnyOf(
              "parse",
              "azure-aci.snp.signature",
              "azure-aci.snp.signing-key",
              "azure-aci.snp.certificate");
    }
  }

  private static final TestAuthority TPM_AUTHORITY = AzureTestMachine.TPM;

  private static Contents signer() {
    return Contents.of("ContainerPlat").numbered(4).with(PURPOSE_IDENTIFIER, PURPOSE_EXTENSION);
  }

  private static Map<Part, Bytes> endorsed(Bytes endorsement) {
    return with(GOOD, Part.ENDORSEMENT, endorsement);
  }

  private static Set<String> failuresAt(Endorsement endorsement, Instant at) {
    return AzureTestMachine.failures(
        Tee.AZURE_ACI, endorsed(endorsement.json()), AzureTestMachine.collateral(), at);
  }

  private static Set<String> failures(Map<Part, Bytes> parts) {
    return AzureTestMachine.failures(Tee.AZURE_ACI, parts);
  }
}
