package cloister.ledger;

import cloister.crypto.Digest;
import java.util.Base64;

/// What a ledger says about itself: which ledger it is and the head of its tree. C2SP
/// tlog-checkpoint, without extension lines: three lines, one spelling.
public record Checkpoint(String origin, TreeHead head) {
  static final int MAX_ORIGIN_CHARACTERS = 255;

  /// Origin, a size of 19 digits, a root of 44 characters, three line feeds.
  static final int MAX_CHARACTERS = MAX_ORIGIN_CHARACTERS + 19 + 44 + 3;

  public Checkpoint {
    requireOrigin(origin);
  }

  /// Parses what [#format] writes, and nothing else.
  public static Checkpoint parse(String text) throws ProofException {
    if (text.length() <= MAX_CHARACTERS) {
      String[] lines = text.split("\n", -1);
      if (lines.length == 4) {
        try {
          var head =
              new TreeHead(
                  Long.parseLong(lines[1]), Digest.wrap(Base64.getDecoder().decode(lines[2])));
          var checkpoint = new Checkpoint(lines[0], head);
          // Leading zeros, a plus sign, other digits, spare base64 bits: all have another spelling.
          if (checkpoint.format().equals(text)) {
            return checkpoint;
          }
        } catch (IllegalArgumentException e) {
          throw new ProofException(ProofException.Reason.INVALID, "not a checkpoint", e);
        }
      }
    }
    throw new ProofException("not a checkpoint of origin, size and root");
  }

  /// The text that is signed.
  public String format() {
    String root = Base64.getEncoder().encodeToString(head.root().toArray());
    return origin + "\n" + head.size() + "\n" + root + "\n";
  }

  /// Signs with the private half of `key`, whose origin must be this one's.
  public SignedCheckpoint sign(CheckpointKey key, Signer signer) {
    return SignedCheckpoint.sign(this, key, signer);
  }

  /// An origin doubles as the name of the key, so it is what a signed note allows in one: no space
  /// and no plus sign; and printable ASCII, so that it looks the same to everybody.
  ///
  /// @throws IllegalArgumentException if it is none
  public static String requireOrigin(String origin) {
    boolean allowed = origin.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '+');
    if (origin.isEmpty() || origin.length() > MAX_ORIGIN_CHARACTERS || !allowed) {
      throw new IllegalArgumentException(
          "an origin has 1 to " + MAX_ORIGIN_CHARACTERS + " printable ASCII characters and no +");
    }
    return origin;
  }
}
