package cloister.crypto;

/// A key that can sign certificates: in memory, or in an HSM that never lets go of it.
public sealed interface IssuingKey permits SigningKey, Pkcs11Key {
  IssuingAlgorithm algorithm();

  /// The public half as X.509 SubjectPublicKeyInfo.
  Bytes spki();

  /// The signature of the message: 64 bytes for Ed25519, DER for ECDSA.
  Bytes sign(byte[] message);
}
