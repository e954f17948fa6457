package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.attestation.DcapTestPlatform.Domain;
import cloister.attestation.DcapTestPlatform.Judgement;
import cloister.attestation.DcapTestPlatform.Level;
import cloister.attestation.DcapTestPlatform.ModuleLevel;
import cloister.attestation.TestAuthority.Contents;
import cloister.crypto.Bytes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Where a platform stands, compared with Intel's Quote Verification Library case by case: the
/// expected values are of its source, `TcbLevelCheck.cpp`, `TdxModuleCheck.cpp` and
/// `TDRelaunchCheck.cpp`.
class DcapLevelsTest {
  private static final TcbStatus[] LISTED = {
    TcbStatus.UP_TO_DATE,
    TcbStatus.SW_HARDENING_NEEDED,
    TcbStatus.CONFIGURATION_NEEDED,
    TcbStatus.CONFIGURATION_AND_SW_HARDENING_NEEDED,
    TcbStatus.OUT_OF_DATE,
    TcbStatus.OUT_OF_DATE_CONFIGURATION_NEEDED,
    TcbStatus.REVOKED
  };

  private final DcapTestPlatform platform = DcapTestPlatform.of(5, 10);

  /// Intel's table in full: the platform's status, with a part that is out of date.
  @Test
  void statusesConvergeAsInIntelsLibrary() {
    var outOfDate =
        List.of(
            TcbStatus.OUT_OF_DATE,
            TcbStatus.OUT_OF_DATE,
            TcbStatus.OUT_OF_DATE_CONFIGURATION_NEEDED,
            TcbStatus.OUT_OF_DATE_CONFIGURATION_NEEDED,
            TcbStatus.OUT_OF_DATE,
            TcbStatus.OUT_OF_DATE_CONFIGURATION_NEEDED,
            TcbStatus.REVOKED);
    for (int i = 0; i < LISTED.length; i++) {
      assertThat(LISTED[i].convergedWith(TcbStatus.OUT_OF_DATE)).isEqualTo(outOfDate.get(i));
      assertThat(LISTED[i].convergedWith(TcbStatus.UP_TO_DATE)).isEqualTo(LISTED[i]);
      assertThat(LISTED[i].convergedWith(TcbStatus.REVOKED)).isEqualTo(TcbStatus.REVOKED);
    }
    for (TcbStatus relaunch :
        List.of(
            TcbStatus.TD_RELAUNCH_ADVISED, TcbStatus.TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED)) {
      assertThat(relaunch.convergedWith(TcbStatus.UP_TO_DATE)).isEqualTo(relaunch);
    }
  }

  /// dcap-qvl `canonicalize_tcb_levels`: the order in the text means nothing.
  @Test
  void levelsAreTriedFromTheHighestWhateverTheirOrder() throws Exception {
    var levels =
        new ArrayList<>(
            List.of(
                Level.of(5, "UpToDate"),
                new Level(5, 9, 5, "OutOfDate", "INTEL-SA-09"),
                Level.of(3, "OutOfDateConfigurationNeeded"),
                Level.of(1, "Revoked")));
    var random = new Random(7);
    for (int i = 0; i < 6; i++) {
      Collections.shuffle(levels, random);
      var judgement = Judgement.of("TDX", levels.toArray(Level[]::new));
      assertThat(status(platform, Domain.of(5, 1, 5), judgement)).isEqualTo("UpToDate");
    }
    var modules =
        Judgement.of("TDX", Level.of(5, "UpToDate"))
            .modules(new ModuleLevel(2, "OutOfDate"), new ModuleLevel(5, "UpToDate"));
    assertThat(status(platform, Domain.of(5, 1, 5), modules)).isEqualTo("UpToDate");
    assertThat(status(platform, Domain.of(4, 1, 5), modules)).isEqualTo("OutOfDate");
  }

  /// go-tdx-guest at 91f9a52 reported the module's status alone.
  @Test
  void anOldPlatformStaysOldUnderANewModule() throws Exception {
    var judgement = Judgement.of("TDX", Level.of(6, "UpToDate"), Level.of(5, "OutOfDate"));
    assertThat(status(platform, Domain.of(5, 1, 5), judgement)).isEqualTo("OutOfDate");
  }

  @Test
  void aModuleOfVersionZeroIsComparedAsAComponent() throws Exception {
    var judgement = Judgement.of("TDX", new Level(5, 10, 0, "UpToDate", "INTEL-SA-1"));
    assertThat(status(platform, Domain.of(3, 0, 5), judgement)).isEqualTo("UpToDate");
    var higher = Judgement.of("TDX", new Level(5, 10, 4, "UpToDate", "INTEL-SA-1"));
    assertThat(status(platform, Domain.of(3, 0, 5), higher)).isEqualTo("tdx.tcb-level");
  }

  @Test
  void aRevokedModuleIsRefused() throws Exception {
    var judgement =
        Judgement.of("TDX", Level.of(5, "UpToDate")).modules(new ModuleLevel(5, "Revoked"));
    assertThat(status(platform, Domain.of(5, 1, 5), judgement)).isEqualTo("tdx.tcb-level");
  }

  /// Stricter than Intel's library, which looks at the level with TDX alone.
  @Test
  void aPlatformThatIsRevokedWithoutTdxIsRevokedWithIt() throws Exception {
    var judgement =
        Judgement.of(
            "TDX",
            new Level(5, 10, 9, "Revoked", "INTEL-SA-1"),
            new Level(4, 10, 5, "UpToDate", "INTEL-SA-2"));
    assertThat(status(platform, Domain.of(5, 1, 5), judgement)).isEqualTo("tdx.tcb-level");
  }

  @Test
  void relaunchIsAdvisedAsInIntelsLibrary() throws Exception {
    Domain before = Domain.of(2, 1, 5);
    // Configuration of either level is enough.
    var byTdx =
        Judgement.of(
            "TDX",
            new Level(5, 10, 9, "UpToDate", "INTEL-SA-1"),
            new Level(5, 10, 5, "ConfigurationNeeded", "INTEL-SA-2"));
    assertThat(status(platform, before.runningModule(9, 9), byTdx))
        .isEqualTo("TDRelaunchAdvisedConfigurationNeeded");
    assertThat(status(platform, before.runningModule(9, 8), byTdx))
        .as("the component is below the newest level's")
        .isEqualTo("OutOfDateConfigurationNeeded");
    // The platform itself is out of date: relaunching helps nobody.
    var old = Judgement.of("TDX", Level.of(6, "UpToDate"), Level.of(5, "OutOfDate"));
    assertThat(status(platform, before.runningModule(9, 9), old)).isEqualTo("OutOfDate");
    // A module that is not out of date.
    var fine = Judgement.of("TDX", Level.of(5, "UpToDate"));
    assertThat(status(platform, Domain.of(5, 1, 5).runningModule(9, 9), fine))
        .isEqualTo("UpToDate");
    // The module that runs now is none that Intel knows, or of version 0.
    assertThat(status(platform, before.runningVersion(9), fine)).isEqualTo("tdx.module");
    assertThat(status(platform, before.runningVersion(0).runningModule(5, 5), fine))
        .isEqualTo("TDRelaunchAdvised");
    assertThat(status(platform, before.runningVersion(0).runningModule(4, 5), fine))
        .isEqualTo("OutOfDate");
  }

  /// The lower of the two that were used: neither can be rolled back alone.
  @Test
  void theEvaluationNumberIsTheLowerOne() throws Exception {
    var judgement =
        Judgement.of("TDX", Level.of(5, "UpToDate"))
            .evaluated(19, DcapTestPlatform.NOW.minusSeconds(9));
    assertThat(verified(platform.info(judgement)).evaluation()).isEqualTo(17);
    var older =
        Judgement.of("TDX", Level.of(5, "UpToDate"))
            .evaluated(16, DcapTestPlatform.NOW.minusSeconds(9));
    assertThat(verified(platform.info(older)).evaluation()).isEqualTo(16);
  }

  /// What nobody signed does not keep what Intel signed from being used.
  @Test
  void aForgedJudgementWithAHighNumberIsPassedOver() throws Exception {
    Item genuine = platform.info(Judgement.of("TDX", Level.of(5, "UpToDate")));
    Item foreign =
        DcapTestPlatform.of(5, 10)
            .info(
                Judgement.of("TDX", Level.of(1, "UpToDate"))
                    .evaluated(99, DcapTestPlatform.NOW.minusSeconds(9)));
    assertThat(verified(foreign, genuine).evaluation()).isEqualTo(17);
  }

  /// A fleet's collateral: hundreds of families, and rubbish among them.
  @Test
  void theRightFamilyIsFoundAmongHundreds() throws Exception {
    var items = new ArrayList<Item>();
    for (int i = 0; i < 300; i++) {
      items.add(
          platform.info(
              Judgement.of("TDX", Level.of(5, "OutOfDate")).ofFamily("00606B%06X".formatted(i))));
    }
    items.add(new Item(Kind.TCB_INFO, "rubbish", Bytes.utf8("{\"tcbInfo\":")));
    items.add(platform.info(Judgement.of("TDX", Level.of(5, "UpToDate"))));
    assertThat(verified(items.toArray(Item[]::new)).status()).isEqualTo(TcbStatus.UP_TO_DATE);
  }

  /// Anybody can write these: they are passed over, as many as there are.
  @Test
  void whatNobodySignedTakesNoGenuineOnesPlace() throws Exception {
    var items = new ArrayList<Item>();
    String family = platform.info(Judgement.of("TDX", Level.of(5, "UpToDate"))).source();
    items.add(
        new Item(
            Kind.ENCLAVE_IDENTITY,
            "a stranger",
            Bytes.utf8(
                """
                {"enclaveIdentity":{"id":"FOO","issueDate":"2020-01-01T00:00:00Z",
                 "nextUpdate":"9999-01-01T00:00:00Z"},"signature":""}\
                """)));
    items.add(
        new Item(
            Kind.TCB_INFO,
            family,
            Bytes.utf8(
                """
                {"tcbInfo":{"fmspc":"00606A000000","issueDate":"2020-01-01T00:00:00Z",
                 "nextUpdate":"9999-01-01T00:00:00Z"},"signature":""}\
                """)));
    DcapTestPlatform foreign = DcapTestPlatform.of(5, 10);
    for (int i = 0; i < 70; i++) {
      items.add(
          foreign.info(
              Judgement.of("TDX", Level.of(1, "UpToDate"))
                  .evaluated(100 + i, DcapTestPlatform.NOW.minusSeconds(9))));
      items.add(
          new Item(
              Kind.CERTIFICATES,
              "a stranger " + i,
              TestAuthority.root(TestAuthority.Kind.P256, "Intel SGX TCB Signing").der()));
    }
    items.add(platform.info(Judgement.of("TDX", Level.of(5, "UpToDate"))));
    assertThat(verified(items.toArray(Item[]::new)).status()).isEqualTo(TcbStatus.UP_TO_DATE);
  }

  /// Names are part of Intel's profile: another authority below the same root has other duties.
  @Test
  void anotherAuthorityBelowTheRootCertifiesNoPlatforms() throws Exception {
    Domain domain = Domain.of(5, 1, 5);
    var judgement = Judgement.of("TDX", Level.of(5, "UpToDate"));
    assertThat(withChain("Intel SGX PCK Processor CA", "Intel SGX PCK Certificate", domain))
        .isEqualTo("UpToDate");
    assertThat(withChain("Intel SGX Another CA", "Intel SGX PCK Certificate", domain))
        .isEqualTo("tdx.pck-chain");
    assertThat(withChain("Intel SGX PCK Platform CA", "Intel SGX Something", domain))
        .isEqualTo("tdx.pck-chain");
    assertThat(status(platform, domain, judgement)).isEqualTo("UpToDate");
  }

  private String withChain(String authority, String leaf, Domain domain) throws Exception {
    var named = DcapTestPlatform.named(authority, leaf);
    return status(named, domain, Judgement.of("TDX", Level.of(5, "UpToDate")));
  }

  @Test
  void aPlatformsKeyWithoutItsExtensionIsNone() throws Exception {
    var authority = platform.authority;
    var bare =
        authority.leaf(
            TestAuthority.Kind.P256, Contents.of("Intel SGX PCK Certificate").numbered(4));
    Bytes chain =
        TestAuthority.pem(
            List.of(bare.certificate(), authority.certificate(), platform.root.certificate()));
    Bytes quote = QuoteSurgery.withCertificates(platform.quote(Domain.of(5, 1, 5)), chain);
    assertThat(
            TestPolicies.refusal(
                new Evidence(Tee.TDX, quote),
                platform.collateral(),
                platform.anchors(),
                DcapTestPlatform.NOW))
        .containsExactly("tdx.pck-certificate");
  }

  /// What a module's attributes are compared with is Intel's; that they are zero is Intel's too.
  @Test
  void aModuleWithAttributesIsNoProductionOne() throws Exception {
    Domain debuggable = Domain.of(5, 1, 5).withSeamAttributes(1);
    assertThat(status(platform, debuggable, Judgement.of("TDX", Level.of(5, "UpToDate"))))
        .isEqualTo("tdx.module");
  }

  /// attestation-rs #124, #138: a module that Intel did not sign may say what it likes of its
  /// guests.
  @Test
  void aModuleOfAnotherSignerIsRefused() throws Exception {
    for (int version : new int[] {0, 1}) {
      byte[] body = Domain.of(5, version, 5).body().toArray();
      assertThat(of(body)).isEmpty();
      body[64 + 47] = 1; // MRSIGNERSEAM, its last byte
      assertThat(of(body)).as("version %d", version).containsExactly("tdx.module");
    }
  }

  private List<String> of(byte[] body) throws EvidenceException {
    var judgement = Judgement.of("TDX", new Level(5, 10, 0, "UpToDate", "INTEL-SA-1"));
    return TestPolicies.refusal(
        new Evidence(
            Tee.TDX, platform.quote(5, 0x81, 3, Bytes.of(body), DcapTestPlatform.Enclave.INTELS)),
        platform.collateral(platform.info(judgement), platform.identity("TD_QE", 4, "UpToDate")),
        platform.anchors(),
        DcapTestPlatform.NOW);
  }

  private DcapPlatform verified(Item... items) throws EvidenceException {
    var all = new ArrayList<>(List.of(items));
    all.add(platform.identity("TD_QE", 4, "UpToDate"));
    var claims =
        Report.parse(new Evidence(Tee.TDX, platform.quote(Domain.of(5, 1, 5))))
            .verify(
                platform.collateral(all.toArray(Item[]::new)),
                platform.anchors(),
                DcapTestPlatform.NOW)
            .claims();
    return DcapVectorsTest.platform(claims);
  }

  private static String status(DcapTestPlatform platform, Domain domain, Judgement judgement)
      throws EvidenceException {
    try {
      var claims =
          Report.parse(new Evidence(Tee.TDX, platform.quote(domain)))
              .verify(
                  platform.collateral(
                      platform.info(judgement), platform.identity("TD_QE", 4, "UpToDate")),
                  platform.anchors(),
                  DcapTestPlatform.NOW)
              .claims();
      return DcapVectorsTest.platform(claims).status().toString();
    } catch (EvidenceException e) {
      return String.join(" ", TestPolicies.failed(e.checks()));
    }
  }
}
