package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.TestAuthority.Contents;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChainTest {
  private static final Instant NOW = TestAuthority.NOW;

  private final TestAuthority root = TestAuthority.root(Kind.RSA_PSS, "Root");
  private final TestAuthority middle = root.authority(Kind.P384, Contents.of("Middle"));
  private final TestAuthority leaf = middle.leaf(Kind.P256, Contents.of("Leaf").numbered(7));

  @Test
  void aPathIsFoundWhateverTheOrderAndLeadsToThePinnedRoot() {
    var path = Chain.path(leaf.certificate(), List.of(root.certificate(), middle.certificate()));
    assertThat(path).containsExactly(leaf.certificate(), middle.certificate(), root.certificate());
    assertThat(path(path, root, NOW)).isEmpty();
  }

  @Test
  void anotherRootOfTheSameNameIsNone() {
    var path = List.of(leaf.certificate(), middle.certificate());
    assertThat(path(path, TestAuthority.root(Kind.RSA_PSS, "Root"), NOW))
        .contains("is not signed by the next");
  }

  @Test
  void aLeafSignsNoCertificates() {
    var below = leaf.leaf(Kind.P256, Contents.of("Below"));
    var path = List.of(below.certificate(), leaf.certificate(), middle.certificate());
    assertThat(path(path, root, NOW)).contains("broken");
  }

  @Test
  void everyCertificateIsValidAtThatInstantTheRootToo() {
    var path = List.of(leaf.certificate(), middle.certificate());
    assertThat(path(path, root, NOW.plus(Duration.ofDays(366)))).contains("not valid at");
    var brief = middle.leaf(Kind.P256, Contents.of("Brief").between(NOW, NOW.plusSeconds(60)));
    var short_ = List.of(brief.certificate(), middle.certificate());
    assertThat(path(short_, root, NOW.plusSeconds(30))).isEmpty();
    assertThat(path(short_, root, NOW.plusSeconds(61)))
        .contains("the certificate Brief expired at ");
    assertThat(path(short_, root, NOW.minusSeconds(1))).contains("Brief is not valid before");
  }

  @Test
  void noRevocationListIsAFailure() throws Exception {
    assertThat(revoked(Collateral.none(), NOW)).contains("no revocation list signed by Middle");
    assertThat(revoked(with(root.revocationList()), NOW)).contains("no revocation list");
    var namesake = root.authority(Kind.P384, Contents.of("Middle"));
    assertThat(revoked(with(namesake.revocationList()), NOW)).contains("no revocation list");
  }

  @Test
  void aRevocationListIsCurrentAndTheNewestCounts() throws Exception {
    Bytes clean = middle.revocationList(NOW.minusSeconds(100), NOW.plusSeconds(100), 8);
    assertThat(revoked(with(clean), NOW)).isEmpty();
    assertThat(revoked(with(clean), NOW.plusSeconds(100))).contains("fetch collateral");
    assertThat(revoked(with(clean), NOW.minusSeconds(101))).contains("fetch collateral");
    Bytes newer = middle.revocationList(NOW.minusSeconds(50), NOW.plusSeconds(100), 7, 8);
    assertThat(revoked(with(clean, newer), NOW)).contains("Leaf was revoked by Middle");
    assertThat(revoked(with(newer, clean), NOW)).contains("Leaf was revoked by Middle");
  }

  private static String path(List<X509Certificate> path, TestAuthority root, Instant at) {
    var checks = new Checks();
    boolean holds = Chain.require(checks, "chain", path, root.certificate(), at);
    return failure(checks, holds);
  }

  private String revoked(Collateral collateral, Instant at) {
    var checks = new Checks();
    boolean holds =
        Chain.requireNotRevoked(
            checks, "revocation", leaf.certificate(), middle.certificate(), collateral, at);
    return failure(checks, holds);
  }

  private static String failure(Checks checks, boolean holds) {
    Check only = checks.list().getFirst();
    assertThat(checks.list()).hasSize(1);
    assertThat(only.failed()).isEqualTo(!holds);
    return holds ? "" : only.detail();
  }

  private static Collateral with(Bytes... lists) throws EvidenceException {
    return Collateral.of(
        java.util.Arrays.stream(lists)
            .map(list -> new Collateral.Item(Collateral.Kind.REVOCATION_LIST, "a test", list))
            .toList());
  }
}
