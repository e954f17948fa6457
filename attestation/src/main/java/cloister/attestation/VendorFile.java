package cloister.attestation;

import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.crypto.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Collateral in the files that vendors publish, known by their content: certificates and
/// revocation lists (DER, PEM, or either as hexadecimal or base64 text), Intel's TCB info and
/// enclave identities, the collateral of a quote as Intel's quote provider gives it in one object,
/// reference manifests of NVIDIA as XML or in its service's answer, and key sets.
public final class VendorFile {
  private static final Pattern CERTIFICATE = Pattern.compile("-----BEGIN CERTIFICATE-----");
  private static final Pattern LIST =
      Pattern.compile("(?s)-----BEGIN X509 CRL-----.*?-----END X509 CRL-----");
  private static final List<String> CHAINS =
      List.of(
          "pck_crl_issuer_chain",
          "tcb_info_issuer_chain",
          "qe_identity_issuer_chain",
          "pck_certificate_chain");

  /// An item has at most 4 MiB; what is put around Intel's JSON has a few bytes.
  private static final int MAX_BYTES = (4 << 20) - 4096;

  private VendorFile() {}

  /// @param name of the file, for people
  /// @param source where it was published, if somebody says so; a key set needs it
  /// @throws EvidenceException if it is like nothing known, or a key set of nobody
  public static List<Item> read(String name, Optional<String> source, Bytes file)
      throws EvidenceException {
    String from = source.orElse(Collateral.FILE + name);
    if (from.length() > 2000 || file.size() > MAX_BYTES) {
      throw new EvidenceException("larger than any item of collateral");
    }
    Optional<List<Item>> found = known(from, source, file);
    if (found.isEmpty()) {
      Optional<Bytes> decoded = Recognition.decoded(file);
      found = decoded.isPresent() ? known(from, source, decoded.get()) : Optional.empty();
    }
    return found.orElseThrow(() ->
        new EvidenceException(
            "no collateral of a known kind: neither a bundle, certificates, a revocation list,"
                + " Intel's TCB info or enclave identity, a manifest (SWID tag) of NVIDIA nor a key"
                + " set"));
  }

  private static Optional<List<Item>> known(String from, Optional<String> source, Bytes file)
      throws EvidenceException {
    String text = new String(file.toArray(), StandardCharsets.ISO_8859_1).strip();
    if (file.size() > 0 && file.toArray()[0] == Der.SEQUENCE) {
      return Optional.of(List.of(new Item(derKind(from, file), from, file)));
    }
    if (text.startsWith("{")) {
      return json(from, source, file);
    }
    if (text.startsWith("<") && text.contains("SoftwareIdentity")) {
      return Optional.of(List.of(new Item(Kind.REFERENCE_MANIFEST, from, file)));
    }
    var items = new ArrayList<Item>();
    if (CERTIFICATE.matcher(text).find()) {
      items.add(new Item(Kind.CERTIFICATES, from, file));
    }
    LIST.matcher(text)
        .results()
        .forEach(list ->
            items.add(
                new Item(
                    Kind.REVOCATION_LIST,
                    from,
                    Bytes.of(list.group().getBytes(StandardCharsets.ISO_8859_1)))));
    return items.isEmpty() ? Optional.empty() : Optional.of(List.copyOf(items));
  }

  private static Kind derKind(String from, Bytes file) throws EvidenceException {
    try {
      Certificates.revocationList(from, file);
      return Kind.REVOCATION_LIST;
    } catch (EvidenceException _) {
      Certificates.read(from, file, 100);
      return Kind.CERTIFICATES;
    }
  }

  private static Optional<List<Item>> json(String from, Optional<String> source, Bytes file)
      throws EvidenceException {
    Fields fields = Json.parse("the file", file, MAX_BYTES);
    if (fields.has("tcbInfo") && fields.has("signature")) {
      return Optional.of(List.of(new Item(Kind.TCB_INFO, from, file)));
    }
    if (fields.has("enclaveIdentity") && fields.has("signature")) {
      return Optional.of(List.of(new Item(Kind.ENCLAVE_IDENTITY, from, file)));
    }
    if (fields.has("keys")) {
      if (source.isEmpty()) {
        throw new EvidenceException(
            "a key set, which leads to no pinned key: say with --source URL who published it");
      }
      return Optional.of(List.of(new Item(Kind.KEY_SET, from, file)));
    }
    if (fields.has("rim")) {
      Bytes manifest =
          Recognition.decoded(Bytes.utf8(fields.string("rim")))
              .orElseThrow(() -> fields.bad("rim", "is not base64"));
      return Optional.of(List.of(new Item(Kind.REFERENCE_MANIFEST, from, manifest)));
    }
    return fields.has("tcb_info") && fields.has("root_ca_crl")
        ? Optional.of(quoteProvider(from, fields))
        : Optional.empty();
  }

  /// `sgx_ql_qve_collateral_t` as JSON. What Intel signed and its signature stand apart in some.
  private static List<Item> quoteProvider(String from, Fields fields) throws EvidenceException {
    var items = new ArrayList<Item>();
    for (String chain : CHAINS) {
      if (fields.has(chain) && fields.isString(chain)) {
        items.add(item(Kind.CERTIFICATES, from, fields.string(chain)));
      }
    }
    for (String list : List.of("root_ca_crl", "pck_crl")) {
      String text = fields.string(list);
      Bytes encoded = Bytes.utf8(text);
      items.add(
          new Item(
              Kind.REVOCATION_LIST,
              from,
              text.startsWith("-----") ? encoded : Recognition.decoded(encoded).orElse(encoded)));
    }
    items.add(signed(from, fields, Kind.TCB_INFO, "tcb_info", "tcbInfo"));
    items.add(signed(from, fields, Kind.ENCLAVE_IDENTITY, "qe_identity", "enclaveIdentity"));
    return List.copyOf(items);
  }

  private static Item signed(String from, Fields fields, Kind kind, String name, String member)
      throws EvidenceException {
    String text =
        fields.isString(name)
            ? fields.string(name)
            : new String(fields.raw(name).toArray(), StandardCharsets.UTF_8);
    String signature = name + "_signature";
    return item(
        kind,
        from,
        fields.has(signature)
            ? "{\"%s\":%s,\"signature\":\"%s\"}"
                .formatted(member, text, fields.hex(signature).hex())
            : text);
  }

  private static Item item(Kind kind, String from, String text) {
    return new Item(kind, from, Bytes.utf8(text));
  }
}
