package cloister.benchmarks;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;

/// A certificate or revocation list as the JDK keeps it: the object that it gives for these bytes
/// each time, which remembers the key by which its signature was verified last. In a process that
/// verifies evidence of one machine again, only what is new has its signature computed; a benchmark
/// that let that be would time a tenth of the work.
interface JdkMemory {
  /// Has the signature verified by keys that did not make it, so that the next verification
  /// computes it.
  void forget();

  static List<JdkMemory> ofList(byte[] der) throws GeneralSecurityException {
    X509CRL list = (X509CRL) factory().generateCRL(new ByteArrayInputStream(der));
    return List.of(() -> Strangers.KEYS.forEach(key -> attempt(() -> list.verify(key))));
  }

  /// Of all certificates in there: PEM, in base64 in a token's header, or DER anywhere.
  static List<JdkMemory> ofCertificates(byte[] bytes) throws GeneralSecurityException {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    if (text.startsWith("eyJ")) {
      byte[] header = Base64.getUrlDecoder().decode(text.substring(0, text.indexOf('.')));
      return ofCertificates(header);
    }
    List<X509Certificate> found = new ArrayList<>();
    var encoded =
        Pattern.compile("\"(MII[A-Za-z0-9+/=]+)\"|-----BEGIN CERTIFICATE-----([^-]+)-----END")
            .matcher(text);
    while (encoded.find()) {
      String base64 = encoded.group(1) == null ? encoded.group(2) : encoded.group(1);
      addCertificate(found, Base64.getMimeDecoder().decode(base64), 0);
    }
    for (int at = 0; at + 4 < bytes.length; at++) {
      if (bytes[at] == 0x30 && bytes[at + 1] == (byte) 0x82) {
        addCertificate(found, bytes, at);
      }
    }
    return found.stream()
        .<JdkMemory>map(one -> () -> Strangers.KEYS.forEach(key -> attempt(() -> one.verify(key))))
        .toList();
  }

  private static void addCertificate(List<X509Certificate> found, byte[] bytes, int at)
      throws GeneralSecurityException {
    try {
      var stream = new ByteArrayInputStream(bytes, at, bytes.length - at);
      found.add((X509Certificate) factory().generateCertificate(stream));
    } catch (CertificateException _) {
      // Another structure that begins like one.
    }
  }

  private static CertificateFactory factory() throws CertificateException {
    return CertificateFactory.getInstance("X.509");
  }

  private static void attempt(Attempt attempt) {
    try {
      attempt.verify();
    } catch (GeneralSecurityException _) {
      // Which is what was wanted.
    }
  }

  /// A verification that fails.
  interface Attempt {
    void verify() throws GeneralSecurityException;
  }

  /// Keys that signed nothing, of every kind that vendors have.
  final class Strangers {
    private static final List<PublicKey> KEYS = generate();

    private Strangers() {}

    private static List<PublicKey> generate() {
      try {
        return List.of(
            BareSignature.generate("EC", new ECGenParameterSpec("secp256r1")).getPublic(),
            BareSignature.generate("EC", new ECGenParameterSpec("secp384r1")).getPublic(),
            BareSignature.generate(
                    "RSA", new RSAKeyGenParameterSpec(4096, RSAKeyGenParameterSpec.F4))
                .getPublic());
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("every JDK has such keys", e);
      }
    }
  }
}
