package cloister.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Measurement;
import cloister.attestation.Requirements;
import cloister.attestation.SimulatedEvidence;
import cloister.attestation.Tee;
import cloister.crypto.Digest;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.PolicyDocument;
import cloister.room.Collaboration;
import cloister.room.Name;
import cloister.room.NoiseResolution;
import cloister.room.Purpose;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PoliciesTest {
  @TempDir Path folder;
  private Policies policies;

  @BeforeEach
  void make() {
    policies = Home.create(folder.resolve("home"), new Name("airline")).policies();
  }

  @Test
  void aCollaborationsPolicyIsAppliedAndOneThatIsNotAtHandIsAsked() {
    PolicyDocument agreed = policy("agreed");
    Collaboration room = room(agreed.digest());
    assertThatThrownBy(() -> policies.trust(room, SimulatedEvidence.REFUSE))
        .isInstanceOfSatisfying(
            CloisterException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.POLICY_UNKNOWN);
              assertThat(e).hasMessageContaining(agreed.digest().toString());
            });
    policies.add(policy("another"));
    assertThatThrownBy(() -> policies.trust(room, SimulatedEvidence.REFUSE))
        .isInstanceOf(CloisterException.class);
    policies.add(agreed);
    assertThat(policies.trust(room, SimulatedEvidence.REFUSE).policies())
        .containsExactly(agreed.policy());
  }

  @Test
  void ownPoliciesHoldBesideEveryCollaborationsUntilTheyAreDropped() {
    PolicyDocument agreed = policy("agreed");
    PolicyDocument own = policy("own");
    policies.add(agreed);
    policies.require(own);
    assertThat(policies.trust(room(agreed.digest()), SimulatedEvidence.REFUSE).policies())
        .containsExactly(agreed.policy(), own.policy());
    assertThat(policies.demanded(List.of(room(agreed.digest()))))
        .containsExactly(agreed.digest(), own.digest());
    assertThat(policies.drop(new Name("own"))).isTrue();
    assertThat(policies.drop(new Name("own"))).isFalse();
    assertThat(policies.required()).isEmpty();
  }

  @Test
  void whatLiesBesideACollaborationIsKeptOnlyIfItIsWhatThatDemands() throws Exception {
    Path beside = Files.createDirectories(folder.resolve("package/policies"));
    Files.writeString(beside.resolve("a.yaml"), text("agreed"));
    Files.writeString(beside.resolve("b.yaml"), text("another"));
    Path file = folder.resolve("package/collaboration.yaml");
    policies.addBeside(file, room(policy("agreed").digest()));
    assertThat(policies.find(policy("agreed").digest())).isPresent();
    assertThat(policies.find(policy("another").digest())).isEmpty();
  }

  @Test
  void aPolicyThatSomebodyChangedOnDiskIsNotTheOneThatIsDemanded() throws Exception {
    policies.add(policy("agreed"));
    try (var files = Files.list(folder.resolve("home/policies/known"))) {
      Files.write(files.findFirst().orElseThrow(), policy("another").canonical().toArray());
    }
    assertThat(policies.find(policy("agreed").digest())).isEmpty();
  }

  private static PolicyDocument policy(String name) {
    return PolicyDocument.parse(name, text(name));
  }

  private static String text(String name) {
    return """
    policy: %s
    valid: {from: "2026-01-01T00:00:00Z", until: "2027-01-01T00:00:00Z"}
    families: 1
    accept: [{tee: simulated, measurement: any}]
    """
        .formatted(name);
  }

  private static Collaboration room(Digest policy) {
    return new Collaboration(
        new Name("room"),
        Digest.ofUtf8("room"),
        1,
        new TreeMap<>(
            Map.of(
                new Name("airline"),
                Digest.ofUtf8("one"),
                new Name("media"),
                Digest.ofUtf8("two"))),
        Set.of(Purpose.RESEARCH_AND_DEVELOPMENT),
        new Requirements(
            Set.of(Tee.SEV_SNP),
            Set.of(Measurement.parse("sha384:" + "00".repeat(48))),
            Optional.of(policy)),
        new NoiseResolution.Strongest());
  }
}
