package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SignedXmlTest {
  private static final NvidiaVendor VENDOR = new NvidiaVendor();
  private static final String GOOD =
      text(VENDOR.manifest("GH100", NvidiaVendor.HOPPER_DRIVER, NvidiaVendor.golden(20, 22)));
  private static final String EVIL = NvidiaVendor.digest(66).hex();

  @Test
  void aDocumentSignedAsAWholeHolds() throws Exception {
    SignedXml xml = SignedXml.parse("it", Bytes.utf8(GOOD));
    assertThat(xml.isSignedBySigner()).isTrue();
    assertThat(xml.path()).containsExactlyElementsOf(VENDOR.signerPath());
    assertThat(NvidiaManifest.parse("it", Bytes.utf8(GOOD)).golden())
        .isEqualTo(NvidiaVendor.golden(20, 22));
  }

  /// Signature wrapping (McIntosh and Austel, 2005): the signed document moves aside, and another
  /// takes its place.
  @Test
  void wrappedDocumentsAreRefused() {
    String inner = GOOD.substring(GOOD.indexOf("<SoftwareIdentity"));
    String evil =
        inner
            .replace(NvidiaVendor.digest(21).hex(), EVIL)
            .replaceAll("(?s)<ds:Signature.*</ds:Signature>", "");
    String signature = inner.replaceAll("(?s).*(<ds:Signature .*</ds:Signature>).*", "$1");
    String end = "</SoftwareIdentity>";
    var wrapped = new LinkedHashMap<String, String>();
    wrapped.put("the signed document inside another", evil.replace(end, inner + end));
    wrapped.put(
        "the signed document inside an element of another",
        evil.replace(end, "<x>" + inner + "</x>" + end));
    wrapped.put(
        "the signed document inside the signature",
        evil.replace(
            end,
            signature.replace(
                    "</ds:Signature>", "<ds:Object>" + inner + "</ds:Object></ds:Signature>")
                + end));
    wrapped.put(
        "content in the signature, which does not cover itself",
        inner.replace("</ds:Signature>", "<ds:Object>" + evil + "</ds:Object></ds:Signature>"));
    wrapped.put("two signatures", inner.replace("</ds:Signature>", "</ds:Signature>" + signature));
    wrapped.put("the signature deeper", inner.replace(signature, "<x>" + signature + "</x>"));
    wrapped.put("no signature", evil);
    wrapped.put(
        "a reference to a part",
        inner.replace("URI=\"\"", "URI=\"#part\"").replace("<n:Meta", "<n:Meta Id=\"part\""));
    wrapped.put(
        "a second reference", inner.replaceAll("(?s)(<ds:Reference.*</ds:Reference>)", "$1$1"));
    wrapped.put("a reference elsewhere", inner.replace("URI=\"\"", "URI=\"http://example.com/\""));
    wrapped.put(
        "a transform that leaves things out",
        inner.replace(
            "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
            "http://www.w3.org/TR/1999/REC-xslt-19991116"));
    wrapped.put(
        "a key without a certificate",
        inner.replaceAll(
            "(?s)<ds:KeyInfo>.*</ds:KeyInfo>", "<ds:KeyInfo><ds:KeyValue/></ds:KeyInfo>"));
    wrapped.put(
        "a signature's own attribute", inner.replace("<ds:Signature ", "<ds:Signature Id=\"x\" "));
    wrapped.forEach((name, xml) -> {
      assertThat(xml).as(name).isNotEqualTo(inner);
      assertThatThrownBy(() -> SignedXml.parse("it", Bytes.utf8(xml)))
          .as(name)
          .isInstanceOf(EvidenceException.class)
          .hasMessageContaining("signature");
    });
  }

  @Test
  void otherAlgorithmsAreRefused() {
    for (String[] swap :
        new String[][] {
          {"2001/04/xmldsig-more#ecdsa-sha384", "2000/09/xmldsig#hmac-sha1"},
          {"2001/04/xmldsig-more#ecdsa-sha384", "2001/04/xmldsig-more#hmac-sha384"},
          {"2001/04/xmldsig-more#ecdsa-sha384", "2001/04/xmldsig-more#ecdsa-sha256"},
          {"2001/04/xmldsig-more#ecdsa-sha384", "2000/09/xmldsig#rsa-sha1"},
          {"2001/04/xmldsig-more#sha384", "2000/09/xmldsig#sha1"},
          {"2006/12/xml-c14n11", "2001/10/xml-exc-c14n#"},
          {"2006/12/xml-c14n11", "2006/12/xml-c14n11#WithComments"}
        }) {
      String other = GOOD.replace(swap[0], swap[1]);
      assertThat(other).isNotEqualTo(GOOD);
      assertThatThrownBy(() -> SignedXml.parse("it", Bytes.utf8(other)))
          .as(swap[1])
          .hasMessageContaining("something else");
    }
  }

  @Test
  void contentThatChangesIsNotSigned() throws Exception {
    for (String[] swap :
        new String[][] {
          {NvidiaVendor.digest(21).hex(), EVIL},
          {"active=\"False\"", "active=\"True\" "},
          {NvidiaVendor.HOPPER_DRIVER, "580.159.04"},
          {"<n:Payload>", "<n:Payload a=\"b\">"},
          {"index=\"21\"", "index=\"29\""}
        }) {
      String other = GOOD.replace(swap[0], swap[1]);
      assertThat(other).isNotEqualTo(GOOD);
      assertThat(SignedXml.parse("it", Bytes.utf8(other)).isSignedBySigner()).as(swap[1]).isFalse();
    }
  }

  @Test
  void entitiesDoctypesAndWhatTheyReachAreRefused() {
    String root = GOOD.substring(GOOD.indexOf("<SoftwareIdentity"));
    for (String prolog :
        new String[] {
          "<!DOCTYPE SoftwareIdentity>",
          "<!DOCTYPE SoftwareIdentity SYSTEM \"file:///etc/passwd\">",
          "<!DOCTYPE SoftwareIdentity [<!ENTITY x SYSTEM \"http://127.0.0.1:1/\">]>",
          "<!DOCTYPE SoftwareIdentity [<!ATTLIST n:Meta Id ID #IMPLIED>]>",
          "<!DOCTYPE z [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;\">]>"
        }) {
      assertThatThrownBy(() -> SignedXml.parse("it", Bytes.utf8(prolog + root)))
          .as(prolog)
          .isInstanceOf(EvidenceException.class)
          .hasMessage("it is not well-formed XML within bounds");
    }
    assertThatThrownBy(() -> SignedXml.parse("it", Bytes.utf8(root.replace("GH100", "&x;"))))
        .hasMessage("it is not well-formed XML within bounds");
  }

  @Test
  void sizeDepthAndAttributesAreBounded() {
    assertThatThrownBy(() -> SignedXml.parse("it", Bytes.of(new byte[SignedXml.MAXIMUM_BYTES + 1])))
        .hasMessageContaining("at most");
    for (int depth : new int[] {17, 1000, 100_000}) {
      String deep = "<x>".repeat(depth) + "</x>".repeat(depth);
      assertThatThrownBy(() -> SignedXml.parse("it", Bytes.utf8(deep)))
          .as("%d levels", depth)
          .hasMessage("it is not well-formed XML within bounds");
    }
    var wide = new StringBuilder("<x");
    for (int i = 0; i < 200; i++) {
      wide.append(" a").append(i).append("=''");
    }
    assertThatThrownBy(() -> SignedXml.parse("it", Bytes.utf8(wide + "/>")))
        .hasMessage("it is not well-formed XML within bounds");
  }

  @Test
  void malformedSignaturesAreRefusedAndNothingElseHappens() {
    var random = new Random(1);
    byte[] good = GOOD.getBytes(StandardCharsets.UTF_8);
    int from = GOOD.indexOf("<ds:Signature");
    for (int i = 0; i < 3000; i++) {
      byte[] altered = good.clone();
      for (int j = 0; j < 1 + random.nextInt(3); j++) {
        altered[from + random.nextInt(1600)] = (byte) (32 + random.nextInt(95));
      }
      try {
        var xml = SignedXml.parse("it", Bytes.of(altered));
        if (i % 10 == 0) {
          xml.isSignedBySigner();
        }
      } catch (EvidenceException _) {
        // The only other way out.
      }
    }
    for (int i = 0; i < 2000; i++) {
      byte[] altered = good.clone();
      for (int j = 0; j < 1 + random.nextInt(3); j++) {
        altered[random.nextInt(altered.length)] = (byte) random.nextInt();
      }
      try {
        NvidiaManifest.parse("it", Bytes.of(Arrays.copyOf(altered, random.nextInt(4000) + 8000)));
      } catch (EvidenceException _) {
        // The only other way out.
      }
    }
    for (String encoding : new String[] {"x", "UTF-16", "UTF-32", "EBCDIC-CP-US", "UTF-7"}) {
      String other = "<?xml version=\"1.0\" encoding=\"" + encoding + "\"?><a/>";
      assertThatThrownBy(() -> SignedXml.parse("it", Bytes.utf8(other)))
          .isInstanceOf(EvidenceException.class);
    }
    for (String value : new String[] {"", "AA==", "A".repeat(128), "A".repeat(4000)}) {
      String other =
          GOOD.replaceAll(
              "(?s)<ds:SignatureValue>.*</ds:SignatureValue>",
              "<ds:SignatureValue>" + value + "</ds:SignatureValue>");
      try {
        assertThat(SignedXml.parse("it", Bytes.utf8(other)).isSignedBySigner()).isFalse();
      } catch (EvidenceException _) {
        // Refused even earlier.
      }
    }
  }

  @Test
  void manifestsAreReadStrictly() {
    for (String[] flaw :
        new String[][] {
          {"alternatives=\"2\"", "alternatives=\"3\"", "no SHA-384 digest"},
          {"alternatives=\"2\"", "alternatives=\"0\"", "without a digest"},
          {"alternatives=\"2\"", "alternatives=\"-1\"", "no number"},
          {"alternatives=\"2\"", "alternatives=\"999\"", "no number"},
          {"index=\"21\"", "index=\"20\"", "there twice"},
          {"index=\"21\"", "index=\"999\"", "no number"},
          {"active=\"False\"", "active=\"Maybe\"", "neither active nor inactive"},
          {"active=\"False\"", "active=\"false\"", "neither active nor inactive"},
          {"h:Hash0=\"" + NvidiaVendor.digest(200).hex(), "h:Hash0=\"00", "no SHA-384 digest"},
          {"type=\"Measurement\"", "type=\"Other\"", "no measurement"},
          {"n:Payload", "n:Payloads", "exactly one Payload"},
          {"<n:Meta ", "<n:Meta/><n:Meta ", "exactly one Meta"},
          {"n:Resource", "h:Resource", "no measurement"},
          {"SoftwareIdentity", "n:SoftwareIdentities", "not a software identity tag"}
        }) {
      String other = GOOD.replace(flaw[0], flaw[1]);
      assertThat(other).as(flaw[1]).isNotEqualTo(GOOD);
      assertThatThrownBy(() -> NvidiaManifest.parse("it", Bytes.utf8(other)))
          .as(flaw[1])
          .isInstanceOf(EvidenceException.class)
          .hasMessageContaining(flaw[2]);
    }
  }

  private static String text(Bytes bytes) {
    return new String(bytes.toArray(), StandardCharsets.UTF_8);
  }
}
