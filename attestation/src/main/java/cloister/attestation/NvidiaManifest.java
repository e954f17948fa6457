package cloister.attestation;

import cloister.crypto.Bytes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.w3c.dom.Element;

/// A reference integrity manifest of NVIDIA's: what a driver or a firmware of one version measures
/// (ISO/IEC 19770-2 software identity tag, TCG Reference Integrity Manifest Information Model).
///
/// @param xml the signed document it was read from
/// @param product the chip it is for, as in `GH100`
/// @param version of the driver or firmware, as in `550.144.03`
/// @param golden the digests that are accepted, by the manifest's index, which is one less than the
///   measured block's
record NvidiaManifest(
    SignedXml xml, String product, String version, SortedMap<Integer, List<Bytes>> golden) {
  private static final String SWID = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd";
  private static final String HASH = "http://www.w3.org/2001/04/xmlenc#sha384";
  private static final int MOST_MEASUREMENTS = 254;
  private static final int MOST_ALTERNATIVES = 64;

  NvidiaManifest {
    golden = Collections.unmodifiableSortedMap(new TreeMap<>(golden));
  }

  /// @param what names it in errors
  static NvidiaManifest parse(String what, Bytes bytes) throws EvidenceException {
    SignedXml xml = SignedXml.parse(what, bytes);
    if (!is(xml.root(), "SoftwareIdentity")) {
      throw new EvidenceException(what + " is not a software identity tag");
    }
    Element meta = only(what, xml.root(), "Meta");
    var golden = new TreeMap<Integer, List<Bytes>>();
    var indices = new HashSet<Integer>();
    for (Element resource : SignedXml.children(only(what, xml.root(), "Payload"))) {
      if (!is(resource, "Resource") || !resource.getAttribute("type").equals("Measurement")) {
        throw new EvidenceException(what + ": its payload has something that is no measurement");
      }
      int index = number(what, resource, "index", MOST_MEASUREMENTS);
      if (!indices.add(index)) {
        throw new EvidenceException("%s: measurement %d is there twice".formatted(what, index));
      }
      if (isActive(what, resource)) {
        golden.put(index, alternatives(what, resource));
      }
    }
    if (golden.isEmpty()) {
      throw new EvidenceException(what + " has no active measurement: it would accept anything");
    }
    return new NvidiaManifest(
        xml, meta.getAttribute("product"), meta.getAttribute("colloquialVersion"), golden);
  }

  private static boolean isActive(String what, Element resource) throws EvidenceException {
    return switch (resource.getAttribute("active")) {
      case "True" -> true;
      case "False" -> false;
      default ->
          throw new EvidenceException(what + ": a measurement is neither active nor inactive");
    };
  }

  private static List<Bytes> alternatives(String what, Element resource) throws EvidenceException {
    int count = number(what, resource, "alternatives", MOST_ALTERNATIVES);
    var digests = new ArrayList<Bytes>();
    for (int i = 0; i < count; i++) {
      String digest = resource.getAttributeNS(HASH, "Hash" + i);
      if (!digest.matches("[0-9a-fA-F]{96}")) {
        throw new EvidenceException(what + ": a measurement is no SHA-384 digest");
      }
      digests.add(Bytes.hex(digest));
    }
    if (digests.isEmpty()) {
      throw new EvidenceException(what + ": an active measurement without a digest");
    }
    return List.copyOf(digests);
  }

  private static int number(String what, Element resource, String attribute, int most)
      throws EvidenceException {
    String text = resource.getAttribute(attribute);
    if (!text.matches("[0-9]{1,3}") || Integer.parseInt(text) > most) {
      throw new EvidenceException(
          "%s: a measurement's %s is no number up to %d".formatted(what, attribute, most));
    }
    return Integer.parseInt(text);
  }

  private static Element only(String what, Element parent, String name) throws EvidenceException {
    List<Element> found =
        SignedXml.children(parent).stream().filter(child -> is(child, name)).toList();
    if (found.size() != 1) {
      throw new EvidenceException("%s does not have exactly one %s".formatted(what, name));
    }
    return found.getFirst();
  }

  private static boolean is(Element element, String name) {
    return SWID.equals(element.getNamespaceURI()) && name.equals(element.getLocalName());
  }
}
