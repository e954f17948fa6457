package cloister.crypto;

/// How a certificate authority signs. Ed25519 when the key lives in the enclave; ECDSA on P-384
/// when it lives in an HSM, because the JDK's PKCS#11 provider has no EdDSA (JDK 25, SunPKCS11
/// mechanisms), while P-384 with SHA-384 is what every HSM on sale does, at 192 bits of strength.
public enum IssuingAlgorithm {
  ED25519("Ed25519"),
  ECDSA_P384_SHA384("SHA384withECDSA");

  private final String jcaName;

  IssuingAlgorithm(String jcaName) {
    this.jcaName = jcaName;
  }

  /// The name in the JDK and in Bouncy Castle.
  String jcaName() {
    return jcaName;
  }
}
