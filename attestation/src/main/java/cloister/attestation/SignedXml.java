package cloister.attestation;

import cloister.crypto.Bytes;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.XMLConstants;
import javax.xml.crypto.MarshalException;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureException;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Attr;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;

/// An XML document with one enveloped signature over all of it (W3C XML Signature 1.1): ECDSA on
/// P-384 with SHA-384, Canonical XML 1.1.
///
/// Signature wrapping lives from a reader that looks for elements anywhere, in a document of which
/// some part is signed. So the signature has to be a child of the root and the only one there is,
/// its one reference has to be to the whole document, and it holds certificates and nothing else
/// that is not signed. It is held against that form element by element before it is verified.
///
/// Entities, DOCTYPE and anything external are off; at most 1 MiB, 16 levels, 128 attributes.
///
/// @param root the element to read, from its children, never by search
/// @param certificates of the signature, the signer's first: hints, until they lead to a root
record SignedXml(Element root, Element signature, List<X509Certificate> certificates) {
  static final int MAXIMUM_BYTES = 1 << 20;

  private static final int MOST_CERTIFICATES = 8;
  private static final int DIGITAL_SIGNATURE = 0;
  private static final String DSIG = "http://www.w3.org/2000/09/xmldsig#";
  private static final String CANONICAL = "http://www.w3.org/2006/12/xml-c14n11";
  private static final String ENVELOPED = DSIG + "enveloped-signature";
  private static final String ECDSA_SHA384 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";
  private static final String SHA384 = "http://www.w3.org/2001/04/xmldsig-more#sha384";

  SignedXml {
    certificates = List.copyOf(certificates);
  }

  /// @param what names it in errors
  static SignedXml parse(String what, Bytes xml) throws EvidenceException {
    if (xml.size() > MAXIMUM_BYTES) {
      throw new EvidenceException(
          "%s has %d bytes, and at most %d are read".formatted(what, xml.size(), MAXIMUM_BYTES));
    }
    Element root;
    try {
      root = builder().parse(new ByteArrayInputStream(xml.toArray())).getDocumentElement();
    } catch (SAXException | IOException e) {
      throw new EvidenceException(what + " is not well-formed XML within bounds", e);
    }
    if (root.getOwnerDocument().getElementsByTagNameNS(DSIG, "Signature").getLength() != 1) {
      throw new EvidenceException(what + " does not have exactly one signature");
    }
    List<Element> signatures =
        children(root).stream().filter(child -> DSIG.equals(child.getNamespaceURI())).toList();
    if (signatures.size() != 1) {
      throw new EvidenceException(what + ": the signature is not the root's child");
    }
    var form = new Form(what);
    return new SignedXml(root, signatures.getFirst(), form.signature(signatures.getFirst()));
  }

  /// The signer's certificate and who issued it, as far as the certificates go.
  List<X509Certificate> path() {
    return Chain.path(certificates.getFirst(), certificates);
  }

  /// Whether the key of the first certificate, which is one for signatures, signed the document as
  /// it was parsed. Whether the key is anybody's is for the path to show.
  boolean isSignedBySigner() {
    X509Certificate signer = certificates.getFirst();
    boolean[] usage = signer.getKeyUsage();
    return signer.getBasicConstraints() < 0
        && usage != null
        && usage[DIGITAL_SIGNATURE]
        && isSignedBy(signer.getPublicKey());
  }

  private boolean isSignedBy(PublicKey key) {
    var context = new DOMValidateContext(key, signature);
    context.setProperty("org.jcp.xml.dsig.secureValidation", true);
    try {
      XMLSignature parsed = XMLSignatureFactory.getInstance("DOM").unmarshalXMLSignature(context);
      return parsed.validate(context);
    } catch (MarshalException | XMLSignatureException _) {
      return false;
    }
  }

  /// The elements directly inside, in order.
  static List<Element> children(Element parent) {
    var children = new ArrayList<Element>();
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element child) {
        children.add(child);
      }
    }
    return children;
  }

  private static DocumentBuilder builder() {
    try {
      var factory = DocumentBuilderFactory.newDefaultNSInstance();
      factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      factory.setFeature("http://xml.org/sax/features/external-general-entities", false);
      factory.setFeature("http://xml.org/sax/features/external-parameter-entities", false);
      factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_DTD, "");
      factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_SCHEMA, "");
      factory.setAttribute("jdk.xml.maxElementDepth", "16");
      factory.setAttribute("jdk.xml.elementAttributeLimit", "128");
      factory.setXIncludeAware(false);
      factory.setExpandEntityReferences(false);
      DocumentBuilder builder = factory.newDocumentBuilder();
      // The default handler prints to standard error; this one only throws what is fatal.
      builder.setErrorHandler(new DefaultHandler());
      return builder;
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException("every JDK parses XML securely", e);
    }
  }

  /// The one form of a signature that is read.
  private record Form(String what) {
    List<X509Certificate> signature(Element signature) throws EvidenceException {
      List<Element> parts = inside(signature, "Signature", Map.of(), 3);
      signedInfo(parts.get(0));
      base64(text(parts.get(1), "SignatureValue", Map.of()));
      return keyInfo(parts.get(2));
    }

    private void signedInfo(Element element) throws EvidenceException {
      List<Element> parts = inside(element, "SignedInfo", Map.of(), 3);
      empty(parts.get(0), "CanonicalizationMethod", CANONICAL);
      empty(parts.get(1), "SignatureMethod", ECDSA_SHA384);
      // An empty URI is the document that holds the signature, without comments.
      List<Element> reference = inside(parts.get(2), "Reference", Map.of("URI", ""), 3);
      List<Element> transforms = inside(reference.get(0), "Transforms", Map.of(), 2);
      empty(transforms.get(0), "Transform", ENVELOPED);
      empty(transforms.get(1), "Transform", CANONICAL);
      empty(reference.get(1), "DigestMethod", SHA384);
      base64(text(reference.get(2), "DigestValue", Map.of()));
    }

    private List<X509Certificate> keyInfo(Element element) throws EvidenceException {
      Element data = inside(element, "KeyInfo", Map.of(), 1).getFirst();
      expect(data, "X509Data", Map.of());
      List<Element> holders = children(data);
      if (holders.isEmpty() || holders.size() > MOST_CERTIFICATES) {
        throw new EvidenceException(
            "%s: the signature has %d certificates".formatted(what, holders.size()));
      }
      var certificates = new ArrayList<X509Certificate>();
      for (Element holder : holders) {
        byte[] der = base64(text(holder, "X509Certificate", Map.of()));
        certificates.add(Certificates.certificate(what, der));
      }
      return certificates;
    }

    private void empty(Element element, String name, String algorithm) throws EvidenceException {
      inside(element, name, Map.of("Algorithm", algorithm), 0);
    }

    private List<Element> inside(
        Element element, String name, Map<String, String> attributes, int children)
        throws EvidenceException {
      expect(element, name, attributes);
      List<Element> found = SignedXml.children(element);
      if (found.size() != children) {
        throw unlike(name);
      }
      return found;
    }

    private String text(Element element, String name, Map<String, String> attributes)
        throws EvidenceException {
      inside(element, name, attributes, 0);
      return element.getTextContent();
    }

    private void expect(Element element, String name, Map<String, String> attributes)
        throws EvidenceException {
      var found = new TreeMap<String, String>();
      for (int i = 0; i < element.getAttributes().getLength(); i++) {
        var attribute = (Attr) element.getAttributes().item(i);
        if (!XMLConstants.XMLNS_ATTRIBUTE_NS_URI.equals(attribute.getNamespaceURI())) {
          found.put(attribute.getName(), attribute.getValue());
        }
      }
      if (!DSIG.equals(element.getNamespaceURI())
          || !name.equals(element.getLocalName())
          || !found.equals(attributes)) {
        throw unlike(name);
      }
    }

    private byte[] base64(String text) throws EvidenceException {
      try {
        return Base64.getDecoder().decode(text.replaceAll("[ \t\r\n]", ""));
      } catch (IllegalArgumentException e) {
        throw new EvidenceException(what + ": the signature has text that is not base64", e);
      }
    }

    private EvidenceException unlike(String name) {
      return new EvidenceException(
          "%s: where the signature's %s should be is something else".formatted(what, name));
    }
  }
}
