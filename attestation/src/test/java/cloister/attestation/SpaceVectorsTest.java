package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.Signatures.Algorithm;
import cloister.attestation.TestAuthority.Contents;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/// Google's token at its clock, and Oak's claims, signed here as upstream's readme says.
@EnabledIf(value = Vectors.PRESENT, disabledReason = Vectors.ABSENT)
class SpaceVectorsTest {
  private static final String SAMPLE = "oak/sample.jwt";
  private static final Instant CLOCK = Instant.parse("2025-09-05T08:18:30Z");
  private static final Instant ISSUED = Instant.parse("2025-09-05T08:17:30Z");
  private static final Instant EXPIRES = Instant.parse("2025-09-05T09:17:30Z");

  /// @param clock within the life that the claims say
  /// @param refused by these checks of [Report#verify]
  private record Claimset(String file, String clock, Claims.Debug debug, List<String> refused) {}

  private static final List<Claimset> CLAIM_SETS =
      List.of(
          new Claimset("claims.json", "2025-07-01T18:00:00Z", Claims.Debug.OFF, List.of()),
          new Claimset("debug_claims.json", "2025-07-01T18:00:00Z", Claims.Debug.ON, List.of()),
          new Claimset(
              "expired_claims.json",
              "2025-07-01T18:18:11Z",
              Claims.Debug.OFF,
              List.of("space.expires")),
          new Claimset(
              "long_lived_claims.json",
              "2025-07-01T18:00:00Z",
              Claims.Debug.OFF,
              List.of("space.lifetime")),
          new Claimset("policy_claims.json", "2025-06-23T15:00:00Z", Claims.Debug.OFF, List.of()));

  /// The last two are of raw vTPM quotes, which this kind of evidence does not hold.
  private static final List<String> INPUTS =
      List.of(
          "README.md",
          "oak/claims/README.md",
          "oak/sample.README.md",
          "roots/confidential_space_root.pem",
          "roots/gcp_ek_ak_ca_intermediate_v3.crt",
          "roots/gcp_ek_ak_ca_root.crt");

  @Test
  void everyFileOfTheFolderIsInATableHere() {
    var named = new TreeSet<>(INPUTS);
    named.add(SAMPLE);
    CLAIM_SETS.forEach(one -> named.add("oak/claims/" + one.file()));
    assertThat(
            Vectors.files("gcp-confidential-space").stream()
                .map(file ->
                    Vectors.root().resolve("gcp-confidential-space").relativize(file).toString()))
        .containsExactlyInAnyOrderElementsOf(named);
  }

  @Test
  void googlesTokenIsVerifiedAtItsClock() throws Exception {
    VerifiedReport report =
        Report.parse(sample()).verify(Collateral.none(), Anchors.pinned(), CLOCK);
    assertThat(report.claims().measurement())
        .hasToString("sha256:e2e5e3672f416ac9ca71aa639abf86db0b713729a48c125a925af6c808b20b5d");
    assertThat(report.claims().debug()).isEqualTo(Claims.Debug.OFF);
    assertThat(report.claims().boundTo(Binding.of("cloister/session/v1"))).isFalse();
    assertThat(report.claims().claims())
        .contains(
            Claim.list(
                "nonces",
                List.of("75a91c8dbe289f190d5e70ab1cb70c93cc14d7243f0ef3ff5326a622ead220a6")));
    assertThat(TestPolicies.failures(policy(), report, CLOCK)).isEmpty();
    assertThat(Report.parse(sample()).sources())
        .as("the list of the root, which the intermediate names")
        .hasSize(1)
        .allMatch(source -> source.url().endsWith("/crl.crl"));
  }

  @Test
  void theClockIsHeldAtEachBoundary() {
    assertThat(at(EXPIRES.minusSeconds(1))).isEmpty();
    assertThat(at(EXPIRES)).containsExactly("space.expires");
    assertThat(at(ISSUED.minus(Jws.CLOCK_SKEW))).isEmpty();
    assertThat(at(ISSUED.minus(Jws.CLOCK_SKEW).minusSeconds(1)))
        .containsExactly("space.issued-at", "space.not-before");
    Instant leafEnds = Instant.parse("2025-11-03T04:54:26Z");
    assertThat(at(leafEnds)).containsExactly("space.expires");
    assertThat(at(leafEnds.plusSeconds(1))).containsExactly("space.chain", "space.expires");
  }

  @Test
  void noAlteredCharacterAndNoOtherLengthIsAccepted() {
    byte[] token = sample().report().toArray();
    var random = new Random(7515);
    for (int i = 0; i < token.length; i += 7) {
      byte[] altered = token.clone();
      altered[i] ^= (byte) (1 << random.nextInt(8));
      assertThat(refusal(Bytes.of(altered), CLOCK)).as("character %d", i).isNotEmpty();
    }
    for (int length = 0; length < token.length; length++) {
      assertThat(refusal(Bytes.of(java.util.Arrays.copyOf(token, length)), CLOCK)).isNotEmpty();
    }
    for (String appended : new String[] {"\n", "=", "A", "."}) {
      assertThat(refusal(Bytes.concat(Bytes.of(token), Bytes.utf8(appended)), CLOCK)).isNotEmpty();
    }
  }

  @Test
  void oaksClaimsHaveTheVerdictOfTheirNames() throws Exception {
    var root = TestAuthority.root(Kind.RSA, around("Root"));
    var middle = root.authority(Kind.RSA, around("Intermediate"));
    var leaf = middle.leaf(Kind.RSA, around("Leaf"));
    Anchors anchors =
        Anchors.insecureForTests(Map.of(Anchors.Root.GOOGLE_SPACE, root.certificate()));
    String header =
        "{\"alg\":\"RS256\",\"x5c\":"
            + TestTokens.certificates(
                List.of(leaf.certificate(), middle.certificate(), root.certificate()))
            + "}";
    for (Claimset one : CLAIM_SETS) {
      String claims = Vectors.text("gcp-confidential-space/oak/claims/" + one.file());
      var evidence =
          new Evidence(
              Tee.CONFIDENTIAL_SPACE, TestTokens.signed(leaf, Algorithm.RS256, header, claims));
      Instant at = Instant.parse(one.clock());
      assertThat(TestPolicies.refusal(evidence, Collateral.none(), anchors, at))
          .as(one.file())
          .isEqualTo(one.refused());
      if (one.refused().isEmpty()) {
        assertThat(Report.parse(evidence).verify(Collateral.none(), anchors, at).claims().debug())
            .as(one.file())
            .isEqualTo(one.debug());
      }
    }
  }

  @Test
  void theRootInTheFolderIsThePinnedOne() throws Exception {
    assertThat(
            Certificates.read(
                "a root",
                Vectors.read("gcp-confidential-space/roots/confidential_space_root.pem"),
                1))
        .containsExactly(Anchors.pinned().root(Anchors.Root.GOOGLE_SPACE));
  }

  private static Contents around(String name) {
    return Contents.of(name)
        .between(Instant.parse("2025-01-01T00:00:00Z"), Instant.parse("2026-01-01T00:00:00Z"));
  }

  /// Exactly what the token says, as a participant would write it.
  private static String policy() {
    return """
    {"tee": "confidential-space", "token-types": ["PKI"],
     "audience": ["z08381475938604996746"], "hardware-models": ["GCP_INTEL_TDX"],
     "tcb-statuses": ["UpToDate"], "minimum-software-version": 250800,
     "support-attributes": ["STABLE"],
     "image-digests":
       ["sha256:e2e5e3672f416ac9ca71aa639abf86db0b713729a48c125a925af6c808b20b5d"],
     "arguments": ["/usr/local/bin/ctf_sha2"],
     "environment": {
       "HOSTNAME": "any",
       "PATH": ["/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
       "SSL_CERT_FILE": ["/etc/ssl/certs/ca-certificates.crt"]},
     "overrides": {"command": [], "environment": {}},
     "project-ids": ["oak-examples-477357"],
     "service-accounts": ["724467010559-compute@developer.gserviceaccount.com"],
     "maximum-age-seconds": 300, "revocation": "any"}
    """;
  }

  private static Evidence sample() {
    return new Evidence(Tee.CONFIDENTIAL_SPACE, Vectors.read("gcp-confidential-space/" + SAMPLE));
  }

  private static List<String> at(Instant at) {
    return TestPolicies.refusal(sample(), Collateral.none(), Anchors.pinned(), at);
  }

  private static List<String> refusal(Bytes token, Instant at) {
    return TestPolicies.refusal(
        new Evidence(Tee.CONFIDENTIAL_SPACE, token), Collateral.none(), Anchors.pinned(), at);
  }
}
