package cloister.crypto;

import java.nio.charset.StandardCharsets;

/// What both ends of an HPKE session share: the key schedule, requests under its own key, and
/// responses under a key exported from it (RFC 9180 §9.8).
final class HpkeContext {
  private static final byte[] RESPONSE_KEY = ascii("cloister/response/key");
  private static final byte[] RESPONSE_NONCE = ascii("cloister/response/nonce");

  private final KeySchedule schedule;
  private final NumberedAead requests;
  private final NumberedAead responses;

  HpkeContext(Suite suite, Secret sharedSecret, Bytes info) {
    this(KeySchedule.base(suite.hpkeSuiteId(), sharedSecret, info.array(), AesGcm.KEY_BYTES));
  }

  HpkeContext(KeySchedule schedule) {
    this.schedule = schedule;
    this.requests = new NumberedAead(schedule.key(), schedule.baseNonce());
    try (Secret key = schedule.export(RESPONSE_KEY, AesGcm.KEY_BYTES);
        Secret nonce = schedule.export(RESPONSE_NONCE, AesGcm.NONCE_BYTES)) {
      this.responses = new NumberedAead(key, nonce);
    }
  }

  NumberedAead requests() {
    refuseIfClosed();
    return requests;
  }

  NumberedAead responses() {
    refuseIfClosed();
    return responses;
  }

  Secret export(String label, int length) {
    byte[] context = label.getBytes(StandardCharsets.UTF_8);
    if (label.startsWith("cloister/response/")) {
      throw new IllegalArgumentException("labels under cloister/response/ are taken");
    }
    return schedule.export(context, length);
  }

  void close() {
    schedule.close();
  }

  private void refuseIfClosed() {
    schedule.key().view();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
