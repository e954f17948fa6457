package cloister.cli;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.attestation.SimulatedEvidence;
import cloister.client.DocumentPackage;
import cloister.client.Participant;
import cloister.protocol.PolicyDocument;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A client whose policy bounds the age of evidence by less than a session lives.
@Timeout(60)
final class EvidenceAgeTest {
  private static final String BRIEF =
      """
      policy: brief
      valid: {from: "2026-01-01T00:00:00Z", until: "2099-01-01T00:00:00Z"}
      families: 1
      accept: [{tee: simulated, measurement: any, maximum-age-seconds: 1}]
      """;

  @TempDir Path folder;

  /// Everything that is asked while evidence grows too old, thrice over, is answered.
  @Test
  void aSessionIsOpenedAnewBeforeItsEvidenceIsTooOld() throws Exception {
    try (var server = Trio.serve(folder.resolve("state"));
        var trio = Trio.at(folder, Trio.uri(server))) {
      Path file = trio.collaboration(1, Trio.measured());
      PolicyDocument policy = PolicyDocument.parse("p", BRIEF);
      Files.writeString(
          file,
          Files.readString(file)
              .replace("accept: [simulated]", "accept: [simulated]\n  policy: " + policy.digest()));
      var home = trio.home(Trio.AIRLINE);
      home.policies().add(policy);
      try (Participant airline =
          Participant.join(
              home,
              DocumentPackage.collaboration(file),
              Optional.of(Trio.uri(server)),
              SimulatedEvidence.ACCEPT)) {
        Instant end = Instant.now().plus(Duration.ofSeconds(4));
        while (Instant.now().isBefore(end)) {
          assertThat(airline.status().collaboration()).isNotNull();
        }
      }
    }
  }
}
