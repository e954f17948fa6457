package cloister.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.AzureRegisters;
import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Measurement;
import cloister.attestation.Report;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.crypto.Secret;
import cloister.testkit.SoftTpm;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.RSAPublicKeySpec;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/// Runs against a real TPM 2.0 in software where swtpm is installed.
@EnabledIf(
    value = "cloister.testkit.SoftTpm#isInstalled",
    disabledReason = "swtpm is not installed: apt-get install swtpm")
final class TpmTest {
  private static final Binding BINDING = Binding.of("cloister/test/v1", Bytes.utf8("nonce"));
  private static final Attempts SHORT = new Attempts(3, Duration.ofMillis(1));
  private static final int PCR_EXTEND = 0x182;
  private static final int EVICT_CONTROL = 0x120;
  private static final int READ_PUBLIC = 0x173;
  private static final int OWNER = 0x4000_0001;

  /// An RSA-2048 key that signs what the TPM itself has made, with RSASSA and SHA-256.
  private static final Bytes ATTESTATION_KEY =
      Bytes.concat(
          Tpm.u16(0x0001),
          Tpm.u16(Tpm.SHA256),
          Tpm.u32(0x0005_0472),
          Tpm.u16(0),
          Tpm.u16(0x0010),
          Tpm.u16(0x0014),
          Tpm.u16(Tpm.SHA256),
          Tpm.u16(2048),
          Tpm.u32(0),
          Tpm.u16(0));

  @TempDir Path folder;
  private SoftTpm machine;

  @BeforeEach
  void boot() throws Exception {
    machine = SoftTpm.start(folder);
  }

  @AfterEach
  void stop() throws Exception {
    machine.close();
  }

  private Tpm open() throws java.io.IOException {
    return new Tpm(machine.connect(), SHORT);
  }

  private void reboot() throws Exception {
    machine.close();
    machine = SoftTpm.start(folder);
  }

  /// As firmware and boot loader do with what they start.
  private void measure(int register, String what) throws Exception {
    try (Tpm tpm = open()) {
      tpm.execute(
          PCR_EXTEND,
          List.of(register),
          Tpm.Authorization.PASSWORD_ONCE,
          Bytes.concat(Tpm.u32(1), Tpm.u16(Tpm.SHA256), digest(Bytes.utf8(what))),
          0);
    }
  }

  private static Bytes digest(Bytes content) {
    return Bytes.of(Digest.of(content).toArray());
  }

  @Test
  void registersAreReadInAsManyAnswersAsTheyTake() throws Exception {
    measure(11, "kernel");
    try (Tpm tpm = open()) {
      var all = new TreeSet<Integer>();
      for (int i = 0; i < 24; i++) {
        all.add(i);
      }
      var values = tpm.registers(all);
      assertThat(values.keySet()).isEqualTo(all);
      assertThat(values.get(11))
          .isEqualTo(digest(Bytes.concat(Bytes.of(new byte[32]), digest(Bytes.utf8("kernel")))));
      assertThat(values.get(4)).isEqualTo(Bytes.of(new byte[32]));
    }
  }

  @Test
  void anIndexIsMadeWrittenAndReadInChunks() throws Exception {
    byte[] long_ = new byte[1900];
    for (int i = 0; i < long_.length; i++) {
      long_[i] = (byte) (i * 7);
    }
    try (Tpm tpm = open()) {
      assertThatThrownBy(() -> tpm.nvRead(0x0140_0005))
          .isInstanceOfSatisfying(TpmRefusal.class, e -> assertThat(e.isNoSuchHandle()).isTrue());
      tpm.nvWrite(0x0140_0005, Bytes.of(long_));
      assertThat(tpm.nvIndex(0x0140_0005).dataBytes()).isEqualTo(1900);
      assertThat(tpm.nvRead(0x0140_0005)).isEqualTo(Bytes.of(long_));
      tpm.nvWrite(0x0140_0005, Bytes.utf8("again"));
      assertThat(tpm.nvRead(0x0140_0005).slice(0, 5)).isEqualTo(Bytes.utf8("again"));
    }
    reboot();
    try (Tpm tpm = open()) {
      assertThat(tpm.nvRead(0x0140_0005).slice(5, 1900)).isEqualTo(Bytes.of(long_).slice(5, 1900));
    }
  }

  @Test
  void aQuoteIsSignedByTheKeyOverTheNonceAndTheRegisters() throws Exception {
    measure(7, "secure boot");
    try (Tpm tpm = open()) {
      int key = tpm.createPrimary(ATTESTATION_KEY);
      Bytes nonce = BINDING.sha256();
      var quote = new TpmReader(tpm.quote(key, nonce, List.of(7, 4)));
      Bytes attest = quote.sized();
      assertThat(quote.u16()).isEqualTo(0x0014);
      assertThat(quote.u16()).isEqualTo(Tpm.SHA256);
      Bytes signature = quote.sized();
      quote.end();
      isSigned(publicKey(tpm, key), attest, signature);
      isQuote(attest, nonce, tpm.registers(List.of(4, 7)));
      tpm.flush(key);
    }
  }

  private static void isQuote(Bytes attest, Bytes nonce, java.util.SortedMap<Integer, Bytes> values)
      throws Exception {
    var fields = new TpmReader(attest);
    assertThat(fields.u32()).isEqualTo(0xff54_4347);
    assertThat(fields.u16()).isEqualTo(0x8018);
    fields.sized(); // qualified signer
    assertThat(fields.sized()).isEqualTo(nonce);
    fields.bytes(17); // clock
    fields.bytes(8); // firmware
    assertThat(fields.bytes(10)).isEqualTo(Tpm.selection(values.keySet()));
    assertThat(fields.sized()).isEqualTo(Tpm.digest(values));
    fields.end();
  }

  private static void isSigned(PublicKey key, Bytes content, Bytes value) throws Exception {
    var signature = Signature.getInstance("SHA256withRSA");
    signature.initVerify(key);
    signature.update(content.toArray());
    assertThat(signature.verify(value.toArray())).isTrue();
  }

  private static PublicKey publicKey(Tpm tpm, int key) throws Exception {
    var area =
        new TpmReader(
            tpm.execute(READ_PUBLIC, List.of(key), Tpm.Authorization.NONE, Bytes.concat(), 0)
                .sized());
    area.bytes(8); // type, name algorithm, attributes
    area.sized(); // policy
    area.bytes(12); // symmetric, scheme and its digest, bits, exponent (the default)
    return KeyFactory.getInstance("RSA")
        .generatePublic(
            new RSAPublicKeySpec(
                new BigInteger(1, area.sized().toArray()), BigInteger.valueOf(65_537)));
  }

  @Test
  void theSameSystemGetsTheSameRootAfterARestartAndAnotherGetsNone() throws Exception {
    Path state = Files.createDirectory(folder.resolve("state"));
    var sealing = new TpmSealing(this::open, state, SHORT);
    measure(4, "our system");
    Secret first = sealing.root();
    assertThat(first.size()).isEqualTo(32);
    assertThat(sealing.root()).isEqualTo(first);

    reboot();
    measure(7, "keys that the cloud has updated");
    measure(4, "our system");
    assertThat(sealing.root()).isEqualTo(first);

    // A system that is changed at run time is another, too.
    measure(12, "another command line");
    assertThatThrownBy(sealing::root)
        .isInstanceOf(PlatformException.class)
        .hasMessageContaining("another system sealed it")
        .hasMessageContaining("--state");
    reboot();
    measure(4, "their system");
    assertThatThrownBy(sealing::root).isInstanceOf(PlatformException.class);
    // Nothing of that has harmed the state.
    reboot();
    measure(4, "our system");
    assertThat(sealing.root()).isEqualTo(first);
  }

  /// The host starts a system of its own, and seals a root that it knows under the registers that
  /// ours will have: it is opened by them, and must not be believed.
  @Test
  void aRootThatAnotherSystemSealedUnderOurRegistersIsRefused() throws Exception {
    measure(4, "our system");
    var ours = new TreeMap<Integer, Bytes>();
    try (Tpm tpm = open()) {
      ours.putAll(tpm.registers(AzureRegisters.MEASURED));
    }
    reboot();
    measure(4, "their system");
    Bytes planted;
    try (Tpm tpm = open();
        Secret known = Secret.of(new byte[32])) {
      planted = tpm.seal(known, ours, AzureRegisters.MEASURED);
    }
    reboot();
    measure(4, "our system");
    try (Tpm tpm = open()) {
      assertThatThrownBy(() -> tpm.unseal(planted, AzureRegisters.MEASURED))
          .isInstanceOf(SealRefused.class)
          .hasMessageContaining("another system sealed it");
      // The same with what it says about its making replaced by what ours would say.
      try (Secret mine = Secret.random(32)) {
        Bytes honest = tpm.seal(mine, AzureRegisters.MEASURED);
        assertThatThrownBy(() -> tpm.unseal(mixed(planted, honest), AzureRegisters.MEASURED))
            .isInstanceOf(SealRefused.class)
            .hasMessageContaining("the TPM does not open it");
      }
      assertThat(tpm.registers(AzureRegisters.MEASURED)).isEqualTo(ours);
    }
  }

  /// The object of one with the creation data and ticket of the other.
  private static Bytes mixed(Bytes object, Bytes creation) throws Exception {
    var from = new TpmReader(object);
    Bytes parts = Bytes.concat(Tpm.sized(from.sized()), Tpm.sized(from.sized()));
    var with = new TpmReader(creation);
    with.sized();
    with.sized();
    return Bytes.concat(parts, with.rest());
  }

  @Test
  void noByteOfWhatIsSealedCanBeAltered() throws Exception {
    try (Tpm tpm = open();
        Secret secret = Secret.random(32)) {
      Bytes sealed = tpm.seal(secret, AzureRegisters.MEASURED);
      assertThat(tpm.unseal(sealed, AzureRegisters.MEASURED)).isEqualTo(secret);
      for (int at = 0; at < sealed.size(); at += 3) {
        byte[] altered = sealed.toArray();
        altered[at] ^= 1;
        assertThatThrownBy(() -> tpm.unseal(Bytes.of(altered), AzureRegisters.MEASURED))
            .as("byte " + at)
            .isInstanceOf(SealRefused.class);
      }
      for (int size : new int[] {0, 1, 2, 50, sealed.size() - 1}) {
        assertThatThrownBy(() -> tpm.unseal(sealed.slice(0, size), AzureRegisters.MEASURED))
            .isInstanceOf(SealRefused.class);
      }
    }
  }

  @Test
  void evidenceOfAzureIsTheReportAQuoteAndItsRegisters() throws Exception {
    measure(4, "our system");
    PublicKey key;
    // What the paravisor does at start: its report in an index, its key at a handle.
    try (Tpm tpm = open()) {
      int made = tpm.createPrimary(ATTESTATION_KEY);
      key = publicKey(tpm, made);
      tpm.execute(
          EVICT_CONTROL,
          List.of(OWNER, made),
          Tpm.Authorization.PASSWORD_ONCE,
          Tpm.u32(AzureCvm.ATTESTATION_KEY),
          0);
      tpm.flush(made);
      tpm.nvWrite(AzureCvm.REPORT_INDEX, hclReport(key, BINDING.reportData().hex()));
    }
    var source = new AzureCvm(this::open, SHORT);
    Evidence evidence = source.evidence(BINDING);
    assertThat(evidence.tee()).isEqualTo(Tee.AZURE_CVM);
    assertThat(evidence.report()).isEqualTo(hclReport(key, BINDING.reportData().hex()));
    // By the verifiers' own reader: the quote, the registers and what they measure.
    Measurement measured = Report.parse(evidence).measured();
    var quote = new TpmReader(evidence.part(Evidence.Part.TPM_QUOTE).orElseThrow());
    Bytes attest = quote.sized();
    quote.bytes(4);
    isSigned(key, attest, quote.sized());
    try (Tpm tpm = open()) {
      isQuote(attest, BINDING.sha256(), tpm.registers(AzureRegisters.NAMED));
      assertThat(measured)
          .isEqualTo(new Measurement("sha256", Tpm.digest(tpm.registers(AzureRegisters.MEASURED))));
      assertThat(tpm.nvRead(AzureCvm.USER_DATA_INDEX)).isEqualTo(BINDING.reportData());
      // One that the paravisor never brings up to date is not taken for fresh.
      tpm.nvWrite(AzureCvm.REPORT_INDEX, hclReport(key, "00".repeat(64)));
    }
    assertThatThrownBy(() -> source.evidence(BINDING))
        .isInstanceOf(PlatformException.class)
        .hasRootCauseMessage("the paravisor made no report of the user data");
  }

  /// As the paravisor writes it, about hardware that has said nothing.
  private static Bytes hclReport(PublicKey key, String userData) {
    var rsa = (RSAPublicKey) key;
    Bytes json =
        Bytes.utf8(
            """
            {"keys":[{"kid":"HCLAkPub","kty":"RSA","n":"%s","e":"AQAB"}],\
            "vm-configuration":{"secure-boot":true},"user-data":"%s"}\
            """
                .formatted(
                    Base64.getUrlEncoder().withoutPadding().encodeToString(unsigned(rsa)),
                    userData.toUpperCase(Locale.ROOT)));
    var report = ByteBuffer.allocate(1236 + json.size()).order(ByteOrder.LITTLE_ENDIAN);
    report.put(Bytes.utf8("HCLA").toArray()).putInt(2).putInt(report.capacity()).putInt(2);
    report.putInt(32, 2).putInt(32 + 0x34, 1); // SNP: version and algorithm
    report.position(1216);
    report.putInt(20 + json.size()).putInt(1).putInt(2).putInt(1).putInt(json.size());
    report.put(json.toArray());
    return Bytes.of(report.array());
  }

  private static byte[] unsigned(RSAPublicKey key) {
    byte[] signed = key.getModulus().toByteArray();
    return Arrays.copyOfRange(signed, signed.length - 256, signed.length);
  }

  @Test
  void aTpmThatIsNotAzuresIsNamed() {
    assertThatThrownBy(() -> new AzureCvm(this::open, SHORT).evidence(BINDING))
        .isInstanceOf(PlatformException.class)
        .hasMessageContaining("no confidential VM of Azure");
  }
}
