package cloister.crypto;

import java.math.BigInteger;

/// What an authority certified of a participant, checked by [Certificate#verify] and made nowhere
/// else.
public final class VerifiedCertificate {
  private final Certificate certificate;
  private final String name;
  private final VerifyingKey verifyingKey;
  private final SealingKey sealingKey;
  private final Validity validity;
  private final BigInteger serial;

  VerifiedCertificate(
      Certificate certificate,
      String name,
      VerifyingKey verifyingKey,
      SealingKey sealingKey,
      Validity validity,
      BigInteger serial) {
    this.certificate = certificate;
    this.name = name;
    this.verifyingKey = verifyingKey;
    this.sealingKey = sealingKey;
    this.validity = validity;
    this.serial = serial;
  }

  public Certificate certificate() {
    return certificate;
  }

  public String name() {
    return name;
  }

  public VerifyingKey verifyingKey() {
    return verifyingKey;
  }

  public SealingKey sealingKey() {
    return sealingKey;
  }

  public Validity validity() {
    return validity;
  }

  public BigInteger serial() {
    return serial;
  }

  @Override
  public String toString() {
    return "VerifiedCertificate of " + name + ", " + verifyingKey.thumbprint();
  }
}
