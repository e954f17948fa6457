package cloister.privacy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// A noise stream for each group, which depends on the run's key and the group's own: a group's
/// noise is the same in whatever order groups arrive, and whichever others there are. HMAC-SHA256
/// of the group's key under 32 bytes of the run's stream. Not safe for concurrent use.
final class GroupStreams {
  private final Mac mac;

  GroupStreams(NoiseStream run) {
    var key = ByteBuffer.allocate(NoiseStream.KEY_BYTES);
    while (key.hasRemaining()) {
      key.putLong(run.nextLong());
    }
    try {
      mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.array(), "HmacSHA256"));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256, which takes any key", e);
    }
    Arrays.fill(key.array(), (byte) 0);
  }

  /// Different keys have different encodings: each text has its length before it, and NULL -1.
  NoiseStream of(List<Optional<String>> keys) {
    for (Optional<String> key : keys) {
      byte[] text = key.orElse("").getBytes(StandardCharsets.UTF_8);
      int length = key.isPresent() ? text.length : -1;
      mac.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, length));
      mac.update(text);
    }
    byte[] key = mac.doFinal();
    var stream = new NoiseStream(key);
    Arrays.fill(key, (byte) 0);
    return stream;
  }
}
