package cloister.client;

import cloister.attestation.SimulatedEvidence;
import cloister.crypto.Bytes;
import cloister.crypto.CryptoException;
import cloister.crypto.Digest;
import cloister.crypto.Hpke;
import cloister.crypto.Secret;
import cloister.protocol.AnswerTable;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Receipt;
import cloister.protocol.Reply;
import java.util.Arrays;
import java.util.Optional;

/// A finished run whose receipt holds.
///
/// @param table absent when the answer is sealed to others
/// @param receipt the proof, opened and checked
/// @param receiptFile as it came, to keep or hand on
/// @param repeated the same question was answered before: the same answer, nothing charged
public record Finished(
    String run, Optional<AnswerTable> table, Receipt receipt, Bytes receiptFile, boolean repeated) {

  /// Checks the receipt, opens the answer with this home's key, and checks that it is the one the
  /// receipt is about.
  static Finished open(
      Reply.Ran ran, Home home, Membership membership, SimulatedEvidence simulated) {
    Receipt receipt = Receipts.verify(ran.receipt(), home, membership, simulated).receipt();
    if (!receipt.run().equals(ran.run())) {
      throw Session.unsound("its receipt is of another run");
    }
    Optional<AnswerTable> table =
        ran.answer().map(sealed -> open(ran.run(), sealed, home, receipt));
    return new Finished(
        ran.run(), table, receipt, Receipts.withCollateral(ran.receipt(), home), ran.repeated());
  }

  private static AnswerTable open(String run, Bytes sealed, Home home, Receipt receipt) {
    try (Secret opened = Hpke.open(home.openingKey(), AnswerTable.INFO, Bytes.utf8(run), sealed)) {
      byte[] bytes = opened.expose();
      Bytes canonical = Bytes.of(bytes);
      Arrays.fill(bytes, (byte) 0);
      if (!Digest.of(canonical).equals(receipt.output())) {
        throw new CloisterException(
            ErrorCode.RECEIPT_INVALID, "the receipt is about another answer than this one");
      }
      return AnswerTable.decode(canonical);
    } catch (CryptoException e) {
      throw new CloisterException(
          ErrorCode.MESSAGE_UNSEALABLE, "the answer is not sealed to this home's key", e);
    }
  }
}
