package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.crypto.Bytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The real evidence in this repository, `vectors/attestation/snp`: each file to its verdict, and
/// nothing about it can be changed.
class SnpEvidenceTest {
  private static final Path FOLDER = Path.of("..", "vectors", "attestation", "snp");
  private static final Instant CLOCK = Instant.parse("2025-09-01T00:00:00Z");

  /// @param collateral an authority's certificate, and lists
  private record Case(String report, String key, List<String> collateral) {
    Evidence evidence() {
      return SnpTestPlatform.evidence(own(report), own(key));
    }

    Set<String> failures(Instant at) {
      return SnpTestPlatform.failures(evidence(), bundle(collateral), Anchors.pinned(), at);
    }
  }

  private static final Case MILAN =
      new Case(
          "milan-v2-report.bin", "milan-v2-vcek.der", List.of("ask-milan.der", "ark-milan.crl"));
  private static final Case LOADED =
      new Case(
          "milan-v3-vlek-report.bin",
          "milan-v3-vlek.der",
          List.of("asvk-milan.der", "ark-milan.crl"));
  private static final Case GENOA =
      new Case(
          "genoa-v3-report.bin", "genoa-v3-vcek.der", List.of("ask-genoa.der", "ark-genoa.crl"));
  private static final Case GENOA_5 =
      new Case(
          "genoa-v5-report.bin", "genoa-v5-vcek.der", List.of("ask-genoa.der", "ark-genoa.crl"));
  private static final Case TURIN =
      new Case("turin-v5-report.bin", "turin-v5-vcek.der", List.of("ask-turin.der"));
  private static final List<Case> ACCEPTED = List.of(MILAN, LOADED, GENOA, GENOA_5);

  @Test
  void everyReportHasItsVerdict() throws Exception {
    for (Case one : ACCEPTED) {
      assertThat(one.failures(CLOCK)).as(one.report).isEmpty();
    }
    assertThat(TURIN.failures(CLOCK)).containsExactly("snp.revocation");
    assertThatThrownBy(() ->
            Report.parse(new Evidence(Tee.SEV_SNP, own("milan-v4-report.bin")))
                .verify(bundle(List.of("ark-milan.crl")), Anchors.pinned(), CLOCK))
        .hasMessageContaining("snp.certificate: no certificate of a vcek is at hand")
        .hasMessageContaining("https://kdsintf.amd.com/vcek/v1/Milan/12d937a2e0fa6469")
        .hasMessageContaining("?blSPL=04&teeSPL=00&snpSPL=25&ucodeSPL=219");
  }

  @Test
  void noFileIsForgotten() throws IOException {
    var known = new TreeSet<>(Set.of("README.md", "milan-v4-report.bin"));
    for (Case one : Stream.concat(ACCEPTED.stream(), Stream.of(TURIN)).toList()) {
      known.addAll(one.collateral);
      known.addAll(List.of(one.report, one.key));
    }
    try (Stream<Path> files = Files.list(FOLDER)) {
      assertThat(files.map(file -> file.getFileName().toString())).hasSameElementsAs(known);
    }
  }

  @Test
  void theClaimsAreWhatTheReportsSay() throws Exception {
    SnpClaims milan = claims(MILAN);
    assertThat(milan.product()).isEqualTo(SnpProduct.MILAN);
    assertThat(milan.reportedTcb().toString())
        .isEqualTo("bootloader 3, tee 0, snp 8, microcode 115");
    assertThat(milan.debug()).isEqualTo(Claims.Debug.OFF);
    assertThat(milan.measurement().toString()).startsWith("sha384:7a1e5c266c0108db");
    assertThat(milan.identifiers().keySet())
        .containsExactlyInAnyOrder(
            Identifier.REPORT_DATA,
            Identifier.CHIP_ID,
            Identifier.HOST_DATA,
            Identifier.MEASUREMENT);
    SnpClaims loaded = claims(LOADED);
    assertThat(loaded.provider()).contains("CN=cc-us-east-2.amazonaws.com");
    assertThat(loaded.restsOn()).containsExactlyInAnyOrder(Tee.Family.AMD, Tee.Family.AWS);
    assertThat(milan.restsOn()).containsExactly(Tee.Family.AMD);
    var elsewhere =
        new SnpClaims(
            loaded.report(),
            loaded.product(),
            loaded.signingKey(),
            Optional.of("CN=amazonaws.com.example"),
            loaded.currentTcb(),
            loaded.reportedTcb(),
            loaded.committedTcb(),
            loaded.launchTcb());
    assertThat(elsewhere.restsOn())
        .as("a provider that is not known may be any")
        .contains(Tee.Family.AWS, Tee.Family.GOOGLE, Tee.Family.MICROSOFT);
    assertThat(loaded.report().vmpl()).isEqualTo(1);
    assertThat(loaded.isProvisional()).isTrue();
    assertThat(loaded.identifiers()).as("a hidden chip").doesNotContainKey(Identifier.CHIP_ID);
    assertThat(claims(GENOA_5).report().mitigations()).contains(new SnpReport.Mitigations(1, 1));
    SnpReport turin = SnpReport.parse(own(TURIN.report));
    assertThat(turin.platformInfo().unknown()).containsExactly(6);
    assertThat(turin.claims()).contains(new Claim("cpuid", "family 1ah, model 02h, stepping 1"));
  }

  @Test
  void nothingOfAReportCanBeChanged() {
    var random = new Random(1);
    for (Case one : List.of(MILAN, GENOA_5)) {
      Bytes report = own(one.report);
      for (int at = 0; at < report.size(); at++) {
        Set<String> failures =
            failures(flipped(report, at, random.nextInt(8)), own(one.key), one.collateral);
        assertThat(failures)
            .as("%s, byte %d", one.report, at)
            .containsAnyOf("parse", "snp.signature", "snp.signing-key", "snp.certificate");
      }
    }
  }

  @Test
  void nothingOfAKeysCertificateCanBeChanged() {
    var random = new Random(2);
    Bytes key = own(MILAN.key);
    // How many bits of the signature's last byte are unused: the JDK reads over it, and the
    // signature stays the same.
    int unused = key.size() - 512 - 1;
    for (int at = 0; at < key.size(); at++) {
      if (at == unused) {
        continue;
      }
      Set<String> failures =
          failures(own(MILAN.report), flipped(key, at, random.nextInt(8)), MILAN.collateral);
      assertThat(failures).as("byte %d", at).isNotEmpty();
    }
  }

  @Test
  void nothingOfAnAuthorityOrARevocationListCanBeChanged() throws Exception {
    var random = new Random(3);
    for (String file : MILAN.collateral) {
      Bytes item = own(file);
      for (int at = 0; at < item.size(); at += 1 + random.nextInt(4)) {
        assertThat(withItem(file, flipped(item, at, random.nextInt(8))))
            .as("%s, byte %d", file, at)
            .isNotEmpty();
      }
    }
  }

  @Test
  void aReportOfAnotherLengthIsNone() {
    byte[] report = own(MILAN.report).toArray();
    for (int length = 0; length <= report.length + 64; length++) {
      if (length != report.length) {
        Bytes cut = Bytes.of(Arrays.copyOf(report, length));
        assertThat(failures(cut, own(MILAN.key), MILAN.collateral)).containsExactly("parse");
      }
    }
  }

  @Test
  void theKeyOfAnotherReportIsRefused() {
    for (Case one : ACCEPTED) {
      for (Case other : ACCEPTED) {
        if (!one.equals(other)) {
          var collateral = new TreeSet<>(one.collateral);
          collateral.addAll(other.collateral);
          assertThat(failures(own(one.report), own(other.key), List.copyOf(collateral)))
              .as("%s with %s", one.report, other.key)
              .containsAnyOf("snp.signature", "snp.certificate");
        }
      }
    }
  }

  @Test
  void everyPieceOfCollateralIsNeeded() {
    for (Case one : ACCEPTED) {
      assertThat(failures(own(one.report), own(one.key), List.of(one.collateral.get(0))))
          .containsExactly("snp.revocation");
      assertThat(failures(own(one.report), own(one.key), List.of(one.collateral.get(1))))
          .containsExactlyInAnyOrder("snp.chain", "snp.revocation");
      assertThat(
              SnpTestPlatform.failures(
                  new Evidence(Tee.SEV_SNP, own(one.report)),
                  bundle(one.collateral),
                  Anchors.pinned(),
                  CLOCK))
          .containsExactly("snp.certificate");
    }
  }

  @Test
  void theClockDecidesAtEveryBoundary() throws Exception {
    for (Case one : ACCEPTED) {
      var key = Certificates.read("key", own(one.key), 1).getFirst();
      var list = bundle(one.collateral).revocationLists().getFirst();
      Instant from = key.getNotBefore().toInstant();
      Instant until = key.getNotAfter().toInstant();
      assertThat(one.failures(from)).as("first").doesNotContain("snp.chain");
      assertThat(one.failures(from.minusSeconds(1))).as("before").contains("snp.chain");
      assertThat(one.failures(until)).as("last").doesNotContain("snp.chain");
      assertThat(one.failures(until.plusSeconds(1))).as("after").contains("snp.chain");
      Instant listed = list.getThisUpdate().toInstant();
      Instant next = list.getNextUpdate().toInstant();
      assertThat(one.failures(listed)).doesNotContain("snp.revocation");
      assertThat(one.failures(listed.minusSeconds(1))).contains("snp.revocation");
      assertThat(one.failures(next.minusSeconds(1))).doesNotContain("snp.revocation");
      assertThat(one.failures(next)).contains("snp.revocation");
    }
  }

  static Bytes own(String file) {
    try {
      return Bytes.of(Files.readAllBytes(FOLDER.resolve(file)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static SnpClaims claims(Case one) throws EvidenceException {
    VerifiedReport report =
        Report.parse(one.evidence()).verify(bundle(one.collateral), Anchors.pinned(), CLOCK);
    return (SnpClaims) report.claims();
  }

  private static Set<String> failures(Bytes report, Bytes key, List<String> collateral) {
    return SnpTestPlatform.failures(
        SnpTestPlatform.evidence(report, key), bundle(collateral), Anchors.pinned(), CLOCK);
  }

  /// The failures of the Milan report with one file of its collateral replaced; collateral that is
  /// not even read is one.
  private static Set<String> withItem(String replaced, Bytes item) {
    var items = new ArrayList<Item>();
    for (String file : MILAN.collateral) {
      items.add(new Item(kind(file), file, file.equals(replaced) ? item : own(file)));
    }
    try {
      return SnpTestPlatform.failures(
          MILAN.evidence(), Collateral.of(items), Anchors.pinned(), CLOCK);
    } catch (EvidenceException _) {
      return Set.of("collateral");
    }
  }

  private static Collateral bundle(List<String> files) {
    return SnpTestPlatform.collateral(
        files.stream().map(file -> new Item(kind(file), file, own(file))).toList());
  }

  private static Kind kind(String file) {
    return file.endsWith(".crl") ? Kind.REVOCATION_LIST : Kind.CERTIFICATES;
  }

  static Bytes flipped(Bytes bytes, int at, int bit) {
    byte[] altered = bytes.toArray();
    altered[at] ^= (byte) (1 << bit);
    return Bytes.of(altered);
  }
}
