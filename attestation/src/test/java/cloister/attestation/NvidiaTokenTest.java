package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Signatures.Algorithm;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class NvidiaTokenTest {
  private static final Instant NOW = TestAuthority.NOW;
  private static final long ISSUED = NOW.getEpochSecond() - 60;
  private static final Binding BINDING = Binding.of("cloister/session/v1", Bytes.utf8("nonce"));
  private static final TestAuthority SERVICE = TestAuthority.root(Kind.P384, "nv-eat-kid");
  private static final String HEADER = "{\"kid\":\"nv-eat-kid\",\"alg\":\"ES384\"}";
  private static final BigInteger UEID = new BigInteger("478176379286082186618948445787393647364");

  @Test
  void aVerdictOnOneDeviceIsVerified() throws Exception {
    VerifiedReport verified = verify(new Bundle("GPU-0"));
    var claims = (NvidiaClaims) verified.claims();
    assertThat(claims.architecture()).isEqualTo(NvidiaArchitecture.HOPPER);
    assertThat(claims.driver()).contains(NvidiaVersion.driver("550.90.07"));
    assertThat(claims.vbios()).isEqualTo(NvidiaVersion.vbios("96.00.9F.00.01"));
    assertThat(claims.boundTo(BINDING)).isTrue();
    assertThat(claims.debug()).isEqualTo(Claims.Debug.OFF);
    assertThat(claims.device().size()).isEqualTo(20);
    assertThat(new BigInteger(1, claims.device().toArray())).isEqualTo(UEID);
    var verifier = (NvidiaClaims.Nras) claims.verifier();
    assertThat(verifier.key())
        .isEqualTo(Digest.of(Bytes.of(SERVICE.keys().getPublic().getEncoded())));
    assertThat(verifier.keysFetched()).isEqualTo(NOW);
    assertThat(claims.expires()).isEqualTo(verifier.expires()).isAfter(NOW);
    assertThat(verified.checks())
        .extracting(Check::name)
        .contains("nvidia.nras.digest", "nvidia.nras.signature", "nvidia.nras.device.signature");
  }

  @Test
  void aVerdictOnASwitchIsVerified() throws Exception {
    var claims = (NvidiaClaims) verify(new Bundle("SWITCH-0")).claims();
    assertThat(claims.architecture()).isEqualTo(NvidiaArchitecture.LS10);
    assertThat(claims.driver()).isEmpty();
  }

  /// docs/forgotten-checks.md no. 18: other verifiers leave this digest out, and so take any two
  /// tokens.
  @Test
  void theDevicesTokenIsTheOneThatTheVerdictIsAbout() throws Exception {
    var other = new Bundle("GPU-0").device("ueid", "\"1\"");
    var bundle = new Bundle("GPU-0");
    bundle.swapDevice(other.deviceToken());
    assertThat(failures(bundle)).containsExactly("nvidia.nras.digest");
    for (String submods :
        List.of(
            "{}",
            "{\"GPU-1\":[\"DIGEST\",[\"SHA-256\",\"%s\"]]}",
            "{\"GPU-0\":[\"DIGEST\",[\"SHA-512\",\"%s\"]]}",
            "{\"GPU-0\":[\"OTHER\",[\"SHA-256\",\"%s\"]]}",
            "{\"GPU-0\":[\"DIGEST\",[\"SHA-256\",\"%.63s\"]]}",
            "{\"GPU-0\":[\"DIGEST\",[\"SHA-256\",\"%s\",\"\"]]}",
            "{\"GPU-0\":[\"DIGEST\",\"SHA-256\",\"%s\"]}",
            "{\"GPU-0\":[],\"GPU-1\":[]}")) {
      var altered = new Bundle("GPU-0");
      altered.overall("submods", submods.formatted(altered.digest()));
      assertThat(failures(altered)).as(submods).containsExactly("nvidia.nras.digest");
    }
  }

  @Test
  void eachStepOfTheVerdictCounts() throws Exception {
    assertThat(failures(new Bundle("GPU-0").overall("x-nvidia-overall-att-result", "false")))
        .containsExactly("nvidia.nras.overall");
    assertThat(failures(new Bundle("GPU-0").overall("x-nvidia-ver", "\"9.0\"")))
        .containsExactly("nvidia.nras.version");
    assertThat(failures(new Bundle("GPU-0").device("measres", "\"failure\"")))
        .containsExactly("nvidia.nras.measres");
    assertThat(failures(new Bundle("GPU-0").device("secboot", "false")))
        .containsExactly("nvidia.nras.secboot");
    for (String name : List.of("GPU-0", "SWITCH-0")) {
      for (String claim : new Bundle(name).steps) {
        assertThat(failures(new Bundle(name).device(claim, "false")))
            .as(claim)
            .containsExactly("nvidia.nras.steps");
        assertThatThrownBy(() -> verify(new Bundle(name).without(claim)))
            .hasMessageContaining(claim + " is missing");
      }
      for (String chain : new Bundle(name).chains) {
        for (String[] bad :
            new String[][] {{"valid", "revoked"}, {"expired", "good"}, {"valid", "unknown"}}) {
          assertThat(failures(new Bundle(name).device(chain, status(bad[0], bad[1]))))
              .as(chain)
              .containsExactly("nvidia.nras.revocation");
        }
      }
    }
  }

  /// docs/forgotten-checks.md no. 1.
  @Test
  void aDebuggedDeviceIsDebugged() throws Exception {
    for (String status : List.of("enabled", "disabled-since-boot", "")) {
      assertThat(verify(new Bundle("GPU-0").device("dbgstat", '"' + status + '"')).claims().debug())
          .isEqualTo(Claims.Debug.ON);
    }
  }

  @Test
  void theNonceIsOneAndTheSame() throws Exception {
    String other = "\"" + "11".repeat(32) + "\"";
    assertThat(failures(new Bundle("GPU-0").overall("eat_nonce", other)))
        .containsExactly("nvidia.nras.nonce");
    assertThat(failures(new Bundle("GPU-0").device("eat_nonce", other)))
        .containsExactly("nvidia.nras.nonce");
    assertThat(
            verify(new Bundle("GPU-0").device("eat_nonce", other).overall("eat_nonce", other))
                .claims()
                .boundTo(BINDING))
        .isFalse();
    String several = "[\"" + BINDING.gpuNonce().hex() + "\",\"" + "11".repeat(32) + "\"]";
    String prefix = "\"" + BINDING.gpuNonce().hex().substring(0, 62) + "\"";
    for (String nonce : List.of(several, prefix, "\"\"", "\"xx\"")) {
      assertThatThrownBy(() -> verify(new Bundle("GPU-0").device("eat_nonce", nonce)))
          .as(nonce)
          .hasMessageContaining("eat_nonce");
    }
  }

  @Test
  void bothTokensAreSignedByTheServiceAndCurrent() throws Exception {
    TestAuthority other = TestAuthority.root(Kind.P384, "another");
    var overall = new Bundle("GPU-0");
    overall.overallBy = other;
    assertThat(failures(overall)).containsExactly("nvidia.nras.signature");
    var device = new Bundle("GPU-0");
    device.deviceBy = other;
    assertThat(failures(device)).containsExactly("nvidia.nras.device.signature");
    String staging = "\"https://nras.attestation-stg.nvidia.com\"";
    assertThat(failures(new Bundle("GPU-0").overall("iss", staging)))
        .containsExactly("nvidia.nras.issuer");
    assertThat(failures(new Bundle("GPU-0").device("iss", staging)))
        .containsExactly("nvidia.nras.device.issuer");
    Evidence good = new Bundle("GPU-0").evidence();
    assertThat(failures(good, Collateral.none(), NOW)).containsExactly("nvidia.nras.keys");
    Instant issued = Instant.ofEpochSecond(ISSUED);
    assertThat(failures(good, keys(), issued.plusSeconds(3599))).isEmpty();
    assertThat(failures(good, keys(), issued.plusSeconds(3600)))
        .containsExactlyInAnyOrder("nvidia.nras.expires", "nvidia.nras.device.expires");
    assertThat(failures(good, keys(), issued.minusSeconds(60))).isEmpty();
    assertThat(failures(good, keys(), issued.minusSeconds(61)))
        .contains("nvidia.nras.issued-at", "nvidia.nras.device.issued-at");
    assertThat(failures(new Bundle("GPU-0").overall("exp", "" + (ISSUED + 3601))))
        .containsExactly("nvidia.nras.lifetime");
  }

  /// docs/forgotten-checks.md no. 16.
  @Test
  void noHeaderChoosesTheAlgorithmOrTheKey() throws Exception {
    for (String header :
        List.of(
            "{\"kid\":\"nv-eat-kid\",\"alg\":\"none\"}",
            "{\"kid\":\"nv-eat-kid\",\"alg\":\"HS256\"}",
            "{\"kid\":\"nv-eat-kid\",\"alg\":\"ES256\"}")) {
      var bundle = new Bundle("GPU-0");
      bundle.header = header;
      assertThat(failures(bundle)).as(header).containsExactly("nvidia.nras.signature");
    }
    var unknown = new Bundle("GPU-0");
    unknown.header = "{\"kid\":\"other\",\"alg\":\"ES384\",\"jku\":\"https://example.com/\"}";
    assertThat(failures(unknown)).containsExactly("nvidia.nras.keys");
  }

  @Test
  void anyFlippedBitIsRefused() throws Exception {
    byte[] good = new Bundle("GPU-0").evidence().report().toArray();
    var random = new Random(7);
    for (int at = random.nextInt(5); at < good.length; at += 5) {
      byte[] altered = good.clone();
      altered[at] ^= (byte) (1 << random.nextInt(8));
      assertThatThrownBy(() -> verify(new Evidence(Tee.NVIDIA, Bytes.of(altered)), keys(), NOW))
          .as("byte %d", at)
          .isInstanceOf(EvidenceException.class);
    }
    for (int length = 0; length < good.length; length += 11) {
      Bytes cut = Bytes.of(Arrays.copyOf(good, length));
      assertThatThrownBy(() -> Report.parse(new Evidence(Tee.NVIDIA, cut)))
          .isInstanceOf(EvidenceException.class);
    }
  }

  @Test
  void otherFormsOfABundleAreRefused() {
    String token = "\"" + new Bundle("GPU-0").deviceToken() + "\"";
    for (String form :
        List.of(
            "[]",
            "[[\"JWT\",T]]",
            "[[\"JWT\"],{\"GPU-0\":T}]",
            "[[\"JWT\",T,T],{\"GPU-0\":T}]",
            "[[\"JWS\",T],{\"GPU-0\":T}]",
            "[[\"JWT\",1],{\"GPU-0\":T}]",
            "[[\"JWT\",T],[]]",
            "[[\"JWT\",T],{}]",
            "[[\"JWT\",T],{\"GPU-0\":T,\"GPU-1\":T}]",
            "[[\"JWT\",T],{\"GPU-0\":T,\"GPU-0\":T}]",
            "[[\"JWT\",T],{\"CPU-0\":T}]",
            "[[\"JWT\",T],{\"GPU-0\":1}]",
            "[[\"JWT\",T],{\"GPU-0\":T},{}]",
            "[[\"JWT\",T],{\"GPU-0\":T}]x")) {
      Bytes bundle = Bytes.utf8(form.replaceAll("(?<!JW)T", token));
      assertThatThrownBy(() -> Report.parse(new Evidence(Tee.NVIDIA, bundle)))
          .as(form)
          .isInstanceOf(EvidenceException.class)
          .hasMessageContaining("the NVIDIA token bundle");
    }
    assertThatThrownBy(() ->
            Report.parse(
                new Evidence(
                    Tee.NVIDIA,
                    Map.of(
                        Evidence.Part.REPORT, Bytes.utf8("[]"),
                        Evidence.Part.CERTIFICATES, Bytes.utf8("x")))))
        .hasMessageContaining("has no part certificates");
  }

  @Test
  void whatADeviceIsIsReadStrictly() {
    assertRefused("hwmodel", "\"GX900 A01\"", "hwmodel");
    assertRefused("hwmodel", "\"LS_10 A01 FSP BROM\"", "hwmodel");
    assertRefused("hwmodel", "\"\"", "hwmodel");
    assertRefused("ueid", "\"-1\"", "ueid");
    assertRefused("ueid", "\"" + "9".repeat(50) + "\"", "ueid");
    assertRefused("x-nvidia-gpu-driver-version", "\"new\"", "driver-version");
    assertRefused("x-nvidia-gpu-vbios-version", "\"new\"", "vbios-version");
    assertRefused("x-nvidia-gpu-mode", "\"new\"", "no mode");
    assertRefused("secboot", "\"true\"", "neither true nor false");
  }

  private static void assertRefused(String claim, String value, String why) {
    assertThatThrownBy(() -> verify(new Bundle("GPU-0").device(claim, value)))
        .isInstanceOf(EvidenceException.class)
        .hasMessageContaining(why);
  }

  @Test
  void theMeasurementChangesWithChipDriverAndFirmware() throws Exception {
    var measurements =
        List.of(
            verify(new Bundle("GPU-0")).claims().measurement(),
            verify(new Bundle("SWITCH-0")).claims().measurement(),
            verify(new Bundle("GPU-0").device("hwmodel", "\"GB100 A01\"")).claims().measurement(),
            verify(new Bundle("GPU-0").device("x-nvidia-gpu-driver-version", "\"550.90.08\""))
                .claims()
                .measurement(),
            verify(new Bundle("GPU-0").device("x-nvidia-gpu-vbios-version", "\"96.00.9F.00.02\""))
                .claims()
                .measurement());
    assertThat(measurements).doesNotHaveDuplicates();
    assertThat(verify(new Bundle("GPU-0").device("ueid", "\"1\"")).claims().measurement())
        .isEqualTo(measurements.getFirst())
        .isEqualTo(Report.parse(new Bundle("GPU-0").evidence()).measured());
  }

  /// A bundle in the form of the real ones, changed by a test before it is signed.
  private static final class Bundle {
    final Map<String, String> overall = new LinkedHashMap<>();
    final Map<String, String> device = new LinkedHashMap<>();
    final List<String> steps = new ArrayList<>();
    final List<String> chains = new ArrayList<>();
    final String name;
    TestAuthority overallBy = SERVICE;
    TestAuthority deviceBy = SERVICE;
    String header = HEADER;
    private String token = "";

    Bundle(String name) {
      this.name = name;
      boolean gpu = name.startsWith("GPU");
      String prefix = gpu ? "x-nvidia-gpu-" : "x-nvidia-switch-";
      for (var token : List.of(overall, device)) {
        token.put("iss", "\"" + NvidiaToken.ISSUER + "\"");
        token.put("iat", "" + ISSUED);
        token.put("nbf", "" + ISSUED);
        token.put("exp", "" + (ISSUED + 3600));
        token.put("eat_nonce", "\"" + BINDING.gpuNonce().hex() + "\"");
      }
      overall.put("x-nvidia-ver", "\"3.0\"");
      overall.put("x-nvidia-overall-att-result", "true");
      device.put("hwmodel", gpu ? "\"GH100 A01 GSP BROM\"" : "\"LS_10 A01 FSP BROM\"");
      device.put("ueid", "\"" + UEID + "\"");
      device.put("measres", "\"success\"");
      device.put("dbgstat", "\"disabled\"");
      device.put("secboot", "true");
      if (gpu) {
        device.put(prefix + "driver-version", "\"550.90.07\"");
        steps.add(prefix + "vbios-index-no-conflict");
      }
      device.put(prefix + (gpu ? "vbios" : "bios") + "-version", "\"96.00.9F.00.01\"");
      for (String step :
          List.of("parsed", "nonce-match", "signature-verified", "cert-chain-fwid-match")) {
        steps.add(prefix + "attestation-report-" + step);
      }
      steps.add(prefix + "arch-check");
      chains.add(prefix + "attestation-report-cert-chain");
      for (String manifest : gpu ? List.of("driver", "vbios") : List.of("bios")) {
        for (String step :
            List.of(
                "fetched",
                "schema-validated",
                "signature-verified",
                "version-match",
                "measurements-available")) {
          steps.add(prefix + manifest + "-rim-" + step);
        }
        chains.add(prefix + manifest + "-rim-cert-chain");
      }
      steps.forEach(step -> device.put(step, "true"));
      chains.forEach(chain -> device.put(chain, status("valid", "good")));
    }

    Bundle overall(String claim, String value) {
      overall.put(claim, value);
      return this;
    }

    Bundle device(String claim, String value) {
      device.put(claim, value);
      return this;
    }

    Bundle without(String claim) {
      device.remove(claim);
      return this;
    }

    /// Another device's token under the verdict on this one.
    void swapDevice(String other) {
      overall("submods", submods());
      token = other;
    }

    String deviceToken() {
      if (token.isEmpty()) {
        token = text(TestTokens.signed(deviceBy, Algorithm.ES384, header, json(device)));
      }
      return token;
    }

    String digest() {
      return Digest.ofUtf8(deviceToken()).toString().substring("sha256:".length());
    }

    private String submods() {
      return "{\"" + name + "\":[\"DIGEST\",[\"SHA-256\",\"" + digest() + "\"]]}";
    }

    Evidence evidence() {
      String one = deviceToken();
      overall.putIfAbsent("submods", submods());
      String all = text(TestTokens.signed(overallBy, Algorithm.ES384, header, json(overall)));
      return new Evidence(
          Tee.NVIDIA, Bytes.utf8("[[\"JWT\",\"" + all + "\"],{\"" + name + "\":\"" + one + "\"}]"));
    }

    private static String json(Map<String, String> claims) {
      return claims.entrySet().stream()
          .map(claim -> "\"" + claim.getKey() + "\":" + claim.getValue())
          .collect(Collectors.joining(",", "{", "}"));
    }
  }

  private static String status(String certificate, String ocsp) {
    return "{\"x-nvidia-cert-status\":\"%s\",\"x-nvidia-cert-ocsp-status\":\"%s\"}"
        .formatted(certificate, ocsp);
  }

  private static String text(Bytes bytes) {
    return new String(bytes.toArray(), java.nio.charset.StandardCharsets.US_ASCII);
  }

  private static Collateral keys() throws EvidenceException {
    return Collateral.of(List.of(TestTokens.keySet(NvidiaToken.KEYS, "nv-eat-kid", SERVICE)));
  }

  private static VerifiedReport verify(Bundle bundle) throws EvidenceException {
    return verify(bundle.evidence(), keys(), NOW);
  }

  private static VerifiedReport verify(Evidence evidence, Collateral collateral, Instant at)
      throws EvidenceException {
    return Report.parse(evidence).verify(collateral, Anchors.pinned(), at);
  }

  private static Set<String> failures(Bundle bundle) throws EvidenceException {
    return failures(bundle.evidence(), keys(), NOW);
  }

  private static Set<String> failures(Evidence evidence, Collateral collateral, Instant at)
      throws EvidenceException {
    Report report = Report.parse(evidence);
    try {
      report.verify(collateral, Anchors.pinned(), at);
      return Set.of();
    } catch (EvidenceException e) {
      return e.checks().stream()
          .filter(Check::failed)
          .map(Check::name)
          .collect(Collectors.toUnmodifiableSet());
    }
  }
}
