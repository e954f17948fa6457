package cloister.attestation;

import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.crypto.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Turns Intel's collateral, as other projects store it, into ours.
final class DcapCollateral {
  private DcapCollateral() {}

  /// A file of the collection: a bundle of Phala's `dcap-qvl`, an answer of Intel's service, a list
  /// or certificates.
  static List<Item> read(String file) throws EvidenceException {
    return read(file, Vectors.read(file));
  }

  static List<Item> read(String file, Bytes bytes) throws EvidenceException {
    String text = new String(bytes.toArray(), StandardCharsets.ISO_8859_1);
    if (text.startsWith("{\"tcbInfo\"")) {
      return List.of(new Item(Kind.TCB_INFO, file, bytes));
    }
    if (text.startsWith("{\"enclaveIdentity\"")) {
      return List.of(new Item(Kind.ENCLAVE_IDENTITY, file, bytes));
    }
    if (text.contains("\"tcb_info_signature\"")) {
      return bundle(file, bytes);
    }
    if (text.contains("BEGIN CERTIFICATE")) {
      return List.of(new Item(Kind.CERTIFICATES, file, bytes));
    }
    return List.of(new Item(Kind.REVOCATION_LIST, file, bytes));
  }

  /// Of files of this repository.
  static Collateral ofRepository(String... files) throws EvidenceException {
    var items = new ArrayList<Item>();
    for (String file : files) {
      items.addAll(read(file, Repository.read(file)));
    }
    return Collateral.of(items);
  }

  private static List<Item> bundle(String file, Bytes json) throws EvidenceException {
    Fields fields = Json.parse(file, json, 1 << 20);
    var items = new ArrayList<Item>();
    for (String chain :
        List.of("pck_crl_issuer_chain", "tcb_info_issuer_chain", "qe_identity_issuer_chain")) {
      items.add(new Item(Kind.CERTIFICATES, file, Bytes.utf8(fields.string(chain))));
    }
    for (String list : List.of("root_ca_crl", "pck_crl")) {
      items.add(new Item(Kind.REVOCATION_LIST, file, fields.hex(list)));
    }
    items.add(
        new Item(
            Kind.TCB_INFO,
            file,
            Bytes.utf8(
                "{\"tcbInfo\":%s,\"signature\":\"%s\"}"
                    .formatted(
                        fields.string("tcb_info"), fields.hex("tcb_info_signature").hex()))));
    items.add(
        new Item(
            Kind.ENCLAVE_IDENTITY,
            file,
            Bytes.utf8(
                "{\"enclaveIdentity\":%s,\"signature\":\"%s\"}"
                    .formatted(
                        fields.string("qe_identity"), fields.hex("qe_identity_signature").hex()))));
    return items;
  }
}
