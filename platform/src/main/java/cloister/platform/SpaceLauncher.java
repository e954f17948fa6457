package cloister.platform;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Set;
import java.util.regex.Pattern;

/// Tokens of Google Cloud Attestation, through the launcher of Confidential Space
/// (google/go-tpm-tools, launcher/teeserver). The nonce is base64url of the binding's SHA-256: 43
/// characters, where 10 to 74 are taken.
final class SpaceLauncher implements EvidenceSource {
  static final Path SOCKET = Path.of("/run/container_launcher/teeserver.sock");

  /// Google's verifier is asked over the network by the launcher.
  static final Duration TIMEOUT = Duration.ofSeconds(20);

  static final int MOST_TOKEN_BYTES = 64 * 1024;

  private static final Pattern AUDIENCE = Pattern.compile("[A-Za-z0-9:/._~-]{1,512}");
  private static final Pattern TOKEN =
      Pattern.compile("eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+");

  /// The launcher says text/html of a token; a fixed one would say what it is.
  private static final Set<String> TYPES = Set.of("text/html", "text/plain", "application/jwt");

  private final Path socket;
  private final String audience;
  private final Attempts attempts;
  private final Duration timeout;

  /// @param audience for whom tokens are, as the policies of participants name it
  SpaceLauncher(Path socket, String audience, Attempts attempts, Duration timeout) {
    if (!AUDIENCE.matcher(audience).matches()) {
      throw new IllegalArgumentException(
          "an audience has 1 to 512 letters, digits and :/._~-, as in https://cloister.example");
    }
    this.socket = socket;
    this.audience = audience;
    this.attempts = attempts;
    this.timeout = timeout;
  }

  @Override
  public Evidence evidence(Binding binding) throws PlatformException {
    String nonce =
        Base64.getUrlEncoder().withoutPadding().encodeToString(binding.sha256().toArray());
    // No character of either needs escaping.
    String request =
        "{\"audience\":\"%s\",\"nonces\":[\"%s\"],\"token_type\":\"PKI\"}"
            .formatted(audience, nonce);
    return attempts.until(
        "a token from " + socket, () -> new Evidence(Tee.CONFIDENTIAL_SPACE, token(request)));
  }

  private Bytes token(String request) throws IOException, PlatformException {
    var answer = UnixHttp.post(socket, "/v1/token", request, MOST_TOKEN_BYTES, timeout);
    if (answer.status() >= 400 && answer.status() < 500) {
      throw new PlatformException(
          "the launcher refused the request for a token with status %d: its log says why"
              .formatted(answer.status()));
    }
    if (answer.status() != 200) {
      throw new IOException("the launcher answered with status " + answer.status());
    }
    String token = new String(answer.body().toArray(), StandardCharsets.US_ASCII).strip();
    if (!TYPES.contains(answer.contentType()) || !TOKEN.matcher(token).matches()) {
      throw new IOException("the launcher answered with something else than a token");
    }
    return Bytes.utf8(token);
  }
}
