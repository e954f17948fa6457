package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/// Documents that AWS's hypervisors signed, each at its clock.
@EnabledIf(value = Vectors.PRESENT, disabledReason = Vectors.ABSENT)
class NitroVectorsTest {
  /// Signed by AWS and verified. Whether the enclave was in debug mode, and PCR0 where it was not.
  private record Accepted(String file, String clock, Claims.Debug debug, String pcr0) {
    Instant at() {
      return Instant.parse(clock);
    }

    Bytes bytes() {
      return Vectors.read("nitro/" + file);
    }
  }

  private static final List<Accepted> ACCEPTED =
      List.of(
          new Accepted(
              "dstack/nitro.cose",
              "2025-12-25T13:15:37.578Z",
              Claims.Debug.OFF,
              "5cb702954321826d"),
          new Accepted(
              "dstack/app.cose", "2025-12-25T16:04:19.346Z", Claims.Debug.OFF, "eb7d0dab08ff4154"),
          new Accepted(
              "dstack/app_dbg.cose", "2025-12-25T08:20:46.577Z", Claims.Debug.ON, "0".repeat(96)),
          new Accepted(
              "evervault/non-debug.cose",
              "2023-01-18T13:07:19.280Z",
              Claims.Debug.OFF,
              "d265a83faa7b4fa0d73b82b6d06253e894445922937d0ee5a74fe4891da9817611a71e71b98e5329232902de3cf419af"),
          new Accepted(
              "evervault/debug.cose", "2023-01-18T15:10:32.312Z", Claims.Debug.ON, "0".repeat(96)));

  /// Refused while parsing, with this in the message.
  private static final Map<String, String> MALFORMED =
      Map.of(
          "dstack/app-trailing.cose", "179 bytes follow the item",
          "dstack/app_dbg-trailing.cose", "151 bytes follow the item",
          "dstack/nitro-trailing.cose", "151 bytes follow the item",
          "dstack/nitro_raw.bin", "bytes follow the item");

  /// Certificates around the same documents, what upstream expects of them, and the root: see the
  /// tests that name them.
  private static final Set<String> INPUTS =
      Set.of(
          "README.md",
          "evervault/debug-mode-cert-containing-attestation-doc-18-1-23.pem",
          "evervault/non-debug-cert-containing-attestation-document-18-1-23-der.crt",
          "evervault/non-debug-cert-containing-attestation-document-18-1-23.pem",
          "evervault/specs/beta/valid_attestation_doc_check_pcr8_only_time_sensitive.json",
          "evervault/specs/beta/valid_attestation_doc_in_cert_der_encoding_time_sensitive.json",
          "evervault/specs/beta/valid_attestation_doc_in_cert_incorrect_pcrs_time_sensitive.json",
          "evervault/specs/beta/valid_attestation_doc_in_cert_time_sensitive.json",
          "evervault/specs/beta/"
              + "valid_attestation_doc_in_non_debug_mode_with_correct_pcrs_time_sensitive.json",
          "evervault/specs/ga/valid_attestation_doc_ga.json",
          "roots/AWS_NitroEnclaves_Root-G1.pem");

  @Test
  void everyFileOfTheFolderIsInATableHere() {
    var named = new TreeSet<>(INPUTS);
    named.addAll(MALFORMED.keySet());
    ACCEPTED.forEach(one -> named.add(one.file()));
    assertThat(
            Vectors.files("nitro").stream()
                .map(file -> Vectors.root().resolve("nitro").relativize(file).toString()))
        .containsExactlyInAnyOrderElementsOf(named);
  }

  @Test
  void documentsOfAwsAreVerifiedAtTheirClock() throws Exception {
    for (Accepted one : ACCEPTED) {
      VerifiedReport report = verified(one.bytes(), one.at());
      assertThat(report.claims().debug()).as(one.file()).isEqualTo(one.debug());
      assertThat(report.claims().measurement().digest().hex()).startsWith(one.pcr0());
      assertThat(report.checks()).noneMatch(Check::failed);
      assertThat(TestPolicies.failures(anyEnclave(), report, one.at())).isEmpty();
    }
  }

  @Test
  void bytesBeforeOrAfterADocumentAreRefused() {
    MALFORMED.forEach((file, flaw) ->
        assertThatThrownBy(
                () -> Report.parse(new Evidence(Tee.NITRO, Vectors.read("nitro/" + file))))
            .as(file)
            .isInstanceOf(EvidenceException.class)
            .hasMessageContaining(flaw));
  }

  @Test
  void theRootInTheFolderIsThePinnedOne() throws Exception {
    assertThat(
            Certificates.read(
                "a root", Vectors.read("nitro/roots/AWS_NitroEnclaves_Root-G1.pem"), 1))
        .containsExactly(Anchors.pinned().root(Anchors.Root.AWS_NITRO));
  }

  @Test
  void noAlteredByteIsAccepted() {
    var random = new Random(6);
    for (Accepted one : ACCEPTED) {
      byte[] document = one.bytes().toArray();
      // Every byte of the first, every 31st of the others: a document takes milliseconds.
      int step = one.equals(ACCEPTED.getFirst()) ? 1 : 31;
      for (int i = random.nextInt(step); i < document.length; i += step) {
        byte[] altered = document.clone();
        altered[i] ^= (byte) (1 << random.nextInt(8));
        assertThat(refusal(Bytes.of(altered), one.at()))
            .as("byte %d of %s", i, one.file())
            .isNotEmpty();
      }
    }
  }

  @Test
  void noOtherLengthIsAccepted() {
    for (Accepted one : ACCEPTED) {
      byte[] document = one.bytes().toArray();
      for (int length = 0; length <= document.length + 2; length++) {
        if (length != document.length) {
          Bytes cut = Bytes.of(Arrays.copyOf(document, length));
          assertThat(refusal(cut, one.at())).as(one.file()).isNotEmpty();
        }
      }
    }
  }

  @Test
  void theClockIsHeldAtEachBoundaryOfEachCertificate() throws Exception {
    for (Accepted one : ACCEPTED) {
      NitroDocument document = document(one.bytes());
      List<X509Certificate> chain =
          Stream.concat(Stream.of(document.certificate()), document.bundle().stream()).toList();
      Instant begins =
          chain.stream()
              .map(each -> each.getNotBefore().toInstant())
              .max(Instant::compareTo)
              .orElseThrow();
      Instant ends =
          chain.stream()
              .map(each -> each.getNotAfter().toInstant())
              .min(Instant::compareTo)
              .orElseThrow();
      assertThat(refusal(one.bytes(), begins)).isEmpty();
      assertThat(refusal(one.bytes(), begins.minusSeconds(1))).containsExactly("nitro.chain");
      assertThat(refusal(one.bytes(), ends)).isEmpty();
      assertThat(refusal(one.bytes(), ends.plusSeconds(1))).containsExactly("nitro.chain");
      assertThat(TestPolicies.failures(anyEnclave(), verified(one.bytes(), ends), ends))
          .as("three hours old")
          .containsExactly("nitro.age");
      assertThat(Duration.between(begins, ends)).isLessThan(Duration.ofHours(4));
    }
  }

  @Test
  void noDocumentHoldsUnderTheSignatureOfAnother() throws Exception {
    for (Accepted one : ACCEPTED) {
      for (Accepted other : ACCEPTED) {
        if (!one.equals(other)) {
          Cose mine = Cose.parse("one", one.bytes());
          Cose theirs = Cose.parse("another", other.bytes());
          Bytes mixed =
              CborWriting.array(
                  CborWriting.bytes(mine.protectedBytes()),
                  Bytes.hex("a0"),
                  CborWriting.bytes(mine.payload()),
                  CborWriting.bytes(theirs.signature()));
          assertThat(refusal(mixed, one.at())).containsExactly("nitro.signature");
        }
      }
    }
  }

  @Test
  void evervaultsCertificatesCarryTheSameDocuments() throws Exception {
    Map<String, String> carried =
        Map.of(
            "debug-mode-cert-containing-attestation-doc-18-1-23.pem", "debug.cose",
            "non-debug-cert-containing-attestation-document-18-1-23.pem", "non-debug.cose",
            "non-debug-cert-containing-attestation-document-18-1-23-der.crt", "non-debug.cose");
    for (var one : carried.entrySet()) {
      X509Certificate certificate =
          Certificates.read(one.getKey(), Vectors.read("nitro/evervault/" + one.getKey()), 2)
              .getFirst();
      Bytes document = Vectors.read("nitro/evervault/" + one.getValue());
      assertThat(certificate.getSubjectAlternativeNames())
          .as(one.getKey())
          .anyMatch(name -> String.valueOf(name.get(1)).startsWith(document.hex()));
      assertThat(document(document).userData()).contains(Certificates.key(certificate));
    }
  }

  /// Upstream's own expectations, as policies.
  @Test
  void evervaultsExpectationsAreMet() throws Exception {
    String folder = "evervault/specs/beta/valid_attestation_doc_";
    expect(folder + "check_pcr8_only_time_sensitive.json", "non-debug.cose", true);
    expect(folder + "in_cert_der_encoding_time_sensitive.json", "non-debug.cose", true);
    expect(folder + "in_cert_time_sensitive.json", "debug.cose", true);
    expect(
        folder + "in_non_debug_mode_with_correct_pcrs_time_sensitive.json", "non-debug.cose", true);
    // Its values are not even hexadecimal, so that no policy can say them.
    assertThatThrownBy(() ->
            expect(folder + "in_cert_incorrect_pcrs_time_sensitive.json", "non-debug.cose", false))
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining("malformed");
    // Of two files that are not in the collection; what it expects are zeros.
    expect("evervault/specs/ga/valid_attestation_doc_ga.json", "non-debug.cose", false);
  }

  private static void expect(String file, String document, boolean matching)
      throws EvidenceException {
    Fields expected = Json.parse(file, Vectors.read("nitro/" + file), 10_000);
    Fields values = expected.object("pcrs");
    var registers = new java.util.TreeMap<>(Map.of("0", "\"any\"", "1", "\"any\"", "2", "\"any\""));
    for (String name : values.names()) {
      registers.put(name.substring(3), "[\"sha384:" + values.string(name) + "\"]");
    }
    Accepted one =
        ACCEPTED.stream()
            .filter(each -> each.file().equals("evervault/" + document))
            .findFirst()
            .orElseThrow();
    String pcr =
        registers.entrySet().stream()
            .map(entry -> "\"%s\": %s".formatted(entry.getKey(), entry.getValue()))
            .collect(Collectors.joining(", "));
    List<String> failures =
        TestPolicies.failures(policy(pcr), verified(one.bytes(), one.at()), one.at());
    assertThat(failures.isEmpty()).as("%s: %s", file, failures).isEqualTo(matching);
  }

  private static String anyEnclave() {
    return policy("\"0\": \"any\", \"1\": \"any\", \"2\": \"any\"");
  }

  private static String policy(String pcr) {
    return """
    {"tee": "nitro", "document": "enclave", "maximum-age-seconds": 300, "revocation": "any",
     "pcr": {%s}}
    """
        .formatted(pcr);
  }

  private static NitroDocument document(Bytes document) throws EvidenceException {
    return NitroDocument.parse(Cose.parse("a document", document).payload());
  }

  private static VerifiedReport verified(Bytes document, Instant at) throws EvidenceException {
    return Report.parse(new Evidence(Tee.NITRO, document))
        .verify(Collateral.none(), Anchors.pinned(), at);
  }

  private static List<String> refusal(Bytes document, Instant at) {
    return TestPolicies.refusal(
        new Evidence(Tee.NITRO, document), Collateral.none(), Anchors.pinned(), at);
  }
}
