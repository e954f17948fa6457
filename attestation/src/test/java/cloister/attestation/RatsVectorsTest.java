package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/// What the collection has of RATS beside RA-TLS certificates ([RaTlsCertificateTest]) and an SNP
/// report in JSON ([SnpVectorsTest], [RecognitionVectorsTest]): reference values (CoRIM), wrappers
/// (CMW), results (EAR) and tokens of Arm CCA. Cloister accepts evidence of the kinds it names and
/// no others, so each is refused, by its parser, whatever its first bytes look like.
@EnabledIf(value = Vectors.PRESENT, disabledReason = Vectors.ABSENT)
class RatsVectorsTest {
  private static final String TSM_REPORT =
      "rats/veraison-services/sevsnp_test_evidence_sevsnp-tsm-report";

  @Test
  void whatIsNoEvidenceOfAKnownKindIsRefused() {
    int refused = 0;
    for (var file : Vectors.files("rats")) {
      String name = Vectors.root().relativize(file).toString();
      if (name.endsWith("README.md")
          || name.startsWith("rats/ra-tls/")
          || name.equals(TSM_REPORT + ".json")) {
        continue;
      }
      assertThatThrownBy(() -> Report.parse(Recognition.recognise(Vectors.read(name))))
          .as(name)
          .isInstanceOf(EvidenceException.class);
      refused++;
    }
    assertThat(refused).as("files of the collection").isEqualTo(48);
  }

  /// The same report as JSON and as CBOR.
  @Test
  void aTsmReportInCborHoldsTheReportOfItsJson() throws Exception {
    Fields json = Json.parse("report", Vectors.read(TSM_REPORT + ".json"), 1 << 20);
    var cbor = (Cbor.Dictionary) Cbor.parse("report", Vectors.read(TSM_REPORT + ".cbor"));
    for (String blob : List.of("outblob", "auxblob")) {
      Bytes expected = Bytes.of(Base64.getUrlDecoder().decode(json.string(blob)));
      assertThat(cbor.get(blob)).as(blob).isEqualTo(Optional.of(new Cbor.ByteString(expected)));
    }
  }
}
