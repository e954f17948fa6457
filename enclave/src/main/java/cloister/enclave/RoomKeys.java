package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.crypto.CertificateAuthority;
import cloister.crypto.Digest;
import cloister.crypto.Secret;
import cloister.crypto.SigningKey;
import cloister.crypto.VerifyingKey;
import cloister.ledger.Checkpoint;
import cloister.ledger.CheckpointKey;
import cloister.ledger.SignedCheckpoint;
import cloister.ledger.TreeHead;
import cloister.protocol.AnswerTable;
import java.util.HexFormat;

/// The keys of one collaboration in this enclave. All but an authority in an HSM derive from a root
/// secret that was drawn when the collaboration was opened, and that is in the ledger's first,
/// sealed, event.
final class RoomKeys implements AutoCloseable {
  private static final int FOOTPRINT_SALT_BYTES = 16;

  private final Secret root;
  private final SigningKey signing;
  private final CertificateAuthority authority;

  RoomKeys(Secret root, CertificateAuthority authority) {
    this.root = root;
    this.authority = authority;
    try (Secret seed = derive("signing", 32)) {
      this.signing = SigningKey.ofSeed(seed);
    }
  }

  /// The key of a collaboration's authority where no HSM holds it.
  static SigningKey authorityKey(Secret root) {
    try (Secret seed = root.derive("cloister/room/authority/v1", Bytes.of(new byte[0]), 32)) {
      return SigningKey.ofSeed(seed);
    }
  }

  /// Signs receipts and checkpoints.
  SigningKey signing() {
    return signing;
  }

  VerifyingKey verifyingKey() {
    return signing.verifyingKey();
  }

  CertificateAuthority authority() {
    return authority;
  }

  SignedCheckpoint sign(Digest collaboration, TreeHead head) {
    var key = checkpointKey(collaboration, signing.verifyingKey());
    return new Checkpoint(key.origin(), head).sign(key, signing::sign);
  }

  static CheckpointKey checkpointKey(Digest collaboration, VerifyingKey key) {
    return cloister.protocol.Checkpoints.key(collaboration, key);
  }

  /// The key of a question's noise. It depends on nothing that a restart or a rollback changes: the
  /// same question of the same data never has other noise.
  Secret noise(Digest question) {
    return root.derive("cloister/room/noise/v1", Bytes.of(question.toArray()), 32);
  }

  /// What the units of this room are hashed with for [cloister.privacy.Footprint]s: the same for
  /// ever, so that all of them compare.
  String footprintSalt() {
    try (Secret salt =
        root.derive("cloister/room/footprints/v1", Bytes.of(new byte[0]), FOOTPRINT_SALT_BYTES)) {
      return HexFormat.of().formatHex(salt.expose());
    }
  }

  /// What hides an answer behind its digest from those who hold only its receipt.
  Bytes salt(Digest question) {
    try (Secret salt =
        root.derive(
            "cloister/room/answer-salt/v1", Bytes.of(question.toArray()), AnswerTable.SALT_BYTES)) {
      return Bytes.of(salt.expose());
    }
  }

  private Secret derive(String use, int length) {
    return root.derive("cloister/room/" + use + "/v1", Bytes.of(new byte[0]), length);
  }

  @Override
  public void close() {
    root.close();
  }
}
