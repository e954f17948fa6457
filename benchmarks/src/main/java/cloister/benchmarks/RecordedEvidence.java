package cloister.benchmarks;

import cloister.attestation.Collateral;
import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.attestation.Evidence.Part;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Real evidence from `vectors/attestation`, with the collateral that verifies it at that instant.
record RecordedEvidence(Map<Part, Bytes> parts, List<Item> collateral, Instant at) {
  private static final String AMD_CLOCK = "2025-09-01T00:00:00Z";
  private static final String INTEL_CLOCK = "2025-06-20T00:00:00Z";

  static RecordedEvidence of(Tee tee) throws IOException {
    return switch (tee) {
      case SEV_SNP ->
          new RecordedEvidence(
              Map.of(
                  Part.REPORT, read("snp/milan-v2-report.bin"),
                  Part.CERTIFICATES, read("snp/milan-v2-vcek.der")),
              amd(),
              Instant.parse(AMD_CLOCK));
      case TDX -> intel("tdx/");
      case SGX -> intel("sgx/");
      case NITRO -> alone("nitro/app.cose", "2025-12-25T16:04:19.346Z");
      case CONFIDENTIAL_SPACE -> alone("confidential-space/sample.jwt", "2025-09-05T08:18:30Z");
      case AZURE_MAA ->
          new RecordedEvidence(
              Map.of(Part.REPORT, read("azure-maa/sgx-token.jwt")),
              List.of(
                  new Item(
                      Kind.KEY_SET,
                      "https://sharedeus.eus.attest.azure.net/certs",
                      read("azure-maa/jwks.json"),
                      Optional.of(Instant.parse("2023-09-26T14:00:00Z")))),
              Instant.parse("2023-09-26T14:20:00Z"));
      case AZURE_CVM ->
          new RecordedEvidence(
              virtualMachine(text("azure/cvm-evidence.json")), amd(), Instant.parse(AMD_CLOCK));
      case SIMULATED, AZURE_ACI, NVIDIA ->
          throw new IllegalArgumentException(
              "no evidence of " + tee + " that verifies is recorded");
    };
  }

  private static RecordedEvidence intel(String folder) throws IOException {
    return new RecordedEvidence(
        Map.of(Part.REPORT, read(folder + "quote.bin")),
        List.of(
            item(Kind.TCB_INFO, folder + "tcb-info.json"),
            item(Kind.ENCLAVE_IDENTITY, folder + "qe-identity.json"),
            item(Kind.CERTIFICATES, folder + "tcb-signing.pem"),
            item(Kind.REVOCATION_LIST, folder + "pck.crl"),
            item(Kind.REVOCATION_LIST, folder + "root-ca.crl")),
        Instant.parse(INTEL_CLOCK));
  }

  private static List<Item> amd() throws IOException {
    return List.of(
        item(Kind.CERTIFICATES, "snp/ask-milan.der"),
        item(Kind.REVOCATION_LIST, "snp/ark-milan.crl"));
  }

  private static RecordedEvidence alone(String file, String at) throws IOException {
    return new RecordedEvidence(Map.of(Part.REPORT, read(file)), List.of(), Instant.parse(at));
  }

  /// From the members as others recorded them, by name: hexadecimal digits and base64url.
  private static Map<Part, Bytes> virtualMachine(String json) {
    Bytes message = Bytes.hex(member(json, "message"));
    Bytes signature = Bytes.hex(member(json, "signature"));
    var parts = new EnumMap<Part, Bytes>(Part.class);
    parts.put(Part.REPORT, base64(member(json, "hcl_report")));
    parts.put(Part.CERTIFICATES, base64(member(json, "vcek")));
    parts.put(
        Part.TPM_QUOTE, Bytes.concat(sized(message), Bytes.hex("0014000b"), sized(signature)));
    List<String> registers =
        Pattern.compile("\"([0-9a-f]{64})\"").matcher(json).results().map(m -> m.group(1)).toList();
    var encoded = new ArrayList<Bytes>();
    encoded.add(Bytes.hex("000b"));
    for (int index = 0; index < registers.size(); index++) {
      encoded.add(Bytes.of(new byte[] {(byte) index}));
      encoded.add(Bytes.hex(registers.get(index)));
    }
    parts.put(Part.TPM_REGISTERS, Bytes.concat(encoded.toArray(Bytes[]::new)));
    return parts;
  }

  private static String member(String json, String name) {
    var member = Pattern.compile("\"" + name + "\"\\s*:\\s*\"([^\"]*)\"").matcher(json);
    if (!member.find()) {
      throw new IllegalStateException("the evidence has no " + name);
    }
    return member.group(1);
  }

  private static Bytes sized(Bytes content) {
    byte[] size = ByteBuffer.allocate(2).putShort((short) content.size()).array();
    return Bytes.concat(Bytes.of(size), content);
  }

  private static Bytes base64(String text) {
    return Bytes.of(Base64.getUrlDecoder().decode(text.replace('+', '-').replace('/', '_')));
  }

  List<JdkMemory> memories() throws GeneralSecurityException {
    var memories = new ArrayList<JdkMemory>();
    for (Bytes part : parts.values()) {
      memories.addAll(JdkMemory.ofCertificates(part.toArray()));
    }
    for (Item item : collateral) {
      byte[] bytes = item.bytes().toArray();
      if (item.kind() == Collateral.Kind.CERTIFICATES) {
        memories.addAll(JdkMemory.ofCertificates(bytes));
      } else if (item.kind() == Collateral.Kind.REVOCATION_LIST) {
        memories.addAll(JdkMemory.ofList(bytes));
      }
    }
    return memories;
  }

  private static Item item(Kind kind, String file) throws IOException {
    return new Item(kind, file, read(file));
  }

  private static String text(String file) throws IOException {
    return new String(read(file).toArray(), StandardCharsets.UTF_8);
  }

  /// From the repository's root, or from a module of it, where tests run.
  private static Bytes read(String file) throws IOException {
    Path vectors = Path.of("vectors/attestation");
    Path folder = Files.isDirectory(vectors) ? vectors : Path.of("..").resolve(vectors);
    return Bytes.of(Files.readAllBytes(folder.resolve(file)));
  }
}
