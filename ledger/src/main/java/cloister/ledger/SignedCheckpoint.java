package cloister.ledger;

import cloister.crypto.Bytes;
import java.util.Arrays;
import java.util.Base64;

/// A checkpoint and the ledger's own Ed25519 signature over it: a C2SP signed note with exactly one
/// signature line. Nothing about it is believed before [#verify].
public record SignedCheckpoint(Checkpoint checkpoint, Bytes keyId, Bytes signature) {
  private static final int KEY_ID_BYTES = 4;
  private static final int SIGNATURE_BYTES = 64;
  private static final String DASH = "\u2014 ";
  private static final int MAX_CHARACTERS =
      Checkpoint.MAX_CHARACTERS + 4 + Checkpoint.MAX_ORIGIN_CHARACTERS + 92;

  public SignedCheckpoint {
    if (keyId.size() != KEY_ID_BYTES || signature.size() != SIGNATURE_BYTES) {
      throw new IllegalArgumentException("a signature has 4 + 64 bytes");
    }
  }

  static SignedCheckpoint sign(Checkpoint checkpoint, CheckpointKey key, Signer signer) {
    if (!key.origin().equals(checkpoint.origin())) {
      throw new IllegalArgumentException("the key is of another origin than the checkpoint");
    }
    Bytes signature = signer.sign(Bytes.utf8(checkpoint.format()));
    return new SignedCheckpoint(checkpoint, key.id(), signature);
  }

  /// Returns the checkpoint, now known to be signed by `key`.
  public Checkpoint verify(CheckpointKey key) throws ProofException {
    if (!checkpoint.origin().equals(key.origin())) {
      throw new ProofException("the checkpoint is of another ledger");
    }
    if (!keyId.equals(key.id())) {
      throw new ProofException("the checkpoint is signed by another key");
    }
    if (!key.verifies(Bytes.utf8(checkpoint.format()), signature)) {
      throw new ProofException("the checkpoint's signature does not verify");
    }
    return checkpoint;
  }

  /// Parses what [#format] writes, and nothing else.
  public static SignedCheckpoint parse(String note) throws ProofException {
    int blank = note.indexOf("\n\n");
    if (note.length() > MAX_CHARACTERS || blank < 0) {
      throw new ProofException("not a signed checkpoint");
    }
    Checkpoint checkpoint = Checkpoint.parse(note.substring(0, blank + 1));
    String prefix = DASH + checkpoint.origin() + " ";
    String line = note.substring(blank + 2);
    if (!line.startsWith(prefix) || !line.endsWith("\n")) {
      throw new ProofException("a signed checkpoint has one signature line of its own origin");
    }
    try {
      byte[] bytes = Base64.getDecoder().decode(line.substring(prefix.length(), line.length() - 1));
      if (bytes.length == KEY_ID_BYTES + SIGNATURE_BYTES) {
        var signed =
            new SignedCheckpoint(
                checkpoint,
                Bytes.of(Arrays.copyOf(bytes, KEY_ID_BYTES)),
                Bytes.of(Arrays.copyOfRange(bytes, KEY_ID_BYTES, bytes.length)));
        if (signed.format().equals(note)) {
          return signed;
        }
      }
    } catch (IllegalArgumentException e) {
      throw new ProofException(ProofException.Reason.INVALID, "not a signature line", e);
    }
    throw new ProofException("not an Ed25519 signature line");
  }

  /// The note: the checkpoint, an empty line, `— origin base64(key id || signature)`.
  public String format() {
    byte[] bytes = Arrays.copyOf(keyId.toArray(), KEY_ID_BYTES + SIGNATURE_BYTES);
    System.arraycopy(signature.toArray(), 0, bytes, KEY_ID_BYTES, SIGNATURE_BYTES);
    String encoded = Base64.getEncoder().encodeToString(bytes);
    return checkpoint.format() + "\n" + DASH + checkpoint.origin() + " " + encoded + "\n";
  }
}
