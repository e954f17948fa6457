package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The real quotes in this repository, `vectors/attestation/tdx` and `sgx`, with their collateral:
/// each to its verdict, and not without any part of it.
class DcapEvidenceTest {
  private static final Instant CLOCK = Instant.parse("2025-06-20T00:00:00Z");
  private static final Map<String, Kind> COLLATERAL = new LinkedHashMap<>();

  static {
    COLLATERAL.put("tcb-info.json", Kind.TCB_INFO);
    COLLATERAL.put("qe-identity.json", Kind.ENCLAVE_IDENTITY);
    COLLATERAL.put("tcb-signing.pem", Kind.CERTIFICATES);
    COLLATERAL.put("pck.crl", Kind.REVOCATION_LIST);
    COLLATERAL.put("root-ca.crl", Kind.REVOCATION_LIST);
  }

  @Test
  void aTrustDomainOnAnUpToDatePlatformIsVerified() throws Exception {
    var claims = (TdxClaims) verified(Tee.TDX, collateral(Tee.TDX, Set.of())).claims();
    assertThat(claims.platform().status()).isEqualTo(TcbStatus.UP_TO_DATE);
    assertThat(claims.platform().advisories()).isEmpty();
    assertThat(claims.debug()).isEqualTo(Claims.Debug.OFF);
  }

  @Test
  void anEnclaveOnAPlatformInNeedOfConfigurationIsVerifiedAsSuch() throws Exception {
    var claims = (SgxClaims) verified(Tee.SGX, collateral(Tee.SGX, Set.of())).claims();
    assertThat(claims.platform().status())
        .isEqualTo(TcbStatus.CONFIGURATION_AND_SW_HARDENING_NEEDED);
  }

  @ParameterizedTest
  @EnumSource(names = {"TDX", "SGX"})
  void noneOfTheCollateralCanBeLeftOut(Tee tee) {
    for (String file : COLLATERAL.keySet()) {
      assertThatThrownBy(() -> verified(tee, collateral(tee, Set.of(file))))
          .as(file)
          .isInstanceOf(EvidenceException.class)
          .hasMessageContaining("at hand");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TDX", "SGX"})
  void noFileIsForgotten(Tee tee) {
    var known = new TreeSet<>(COLLATERAL.keySet());
    if (tee == Tee.TDX) {
      known.addAll(DcapRealQuotesTest.FILES);
    }
    known.addAll(List.of("README.md", "quote.bin"));
    assertThat(Repository.names(tee.label())).isEqualTo(known);
  }

  private static VerifiedReport verified(Tee tee, Collateral collateral) throws EvidenceException {
    return Report.parse(new Evidence(tee, Repository.read(tee.label() + "/quote.bin")))
        .verify(collateral, Anchors.pinned(), CLOCK);
  }

  /// What is beside the quote, without these files.
  static List<Item> items(Tee tee, Set<String> without) {
    var items = new ArrayList<Item>();
    COLLATERAL.forEach((file, kind) -> {
      if (!without.contains(file)) {
        items.add(new Item(kind, file, Repository.read(tee.label() + "/" + file)));
      }
    });
    return items;
  }

  private static Collateral collateral(Tee tee, Set<String> without) throws EvidenceException {
    return Collateral.of(items(tee, without));
  }
}
