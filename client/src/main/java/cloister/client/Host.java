package cloister.client;

import cloister.crypto.Bytes;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/// The untrusted machine that carries bytes between client and enclave over HTTP (docs/protocol.md
/// §§3, 4, 7). Nothing that it says is believed, not even its errors: a failed attempt is a failed
/// attempt. Safe for use by several threads.
final class Host implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(10);

  /// A run may take as long as the enclave lets it.
  private static final Duration ANSWER = Duration.ofMinutes(15);

  /// The largest honest reply: an answer of 10,000 groups with its receipt.
  private static final int MAX_REPLY_BYTES = 16 << 20;

  private static final int ATTEMPTS = 3;
  private final URI url;
  private final HttpClient http;

  Host(URI url) {
    if (url.getHost() == null
        || !("http".equals(url.getScheme()) || "https".equals(url.getScheme()))) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID,
          "an enclave's address looks like https://enclave.example:8443");
    }
    String text = url.toString();
    this.url = URI.create(text.endsWith("/") ? text : text + "/");
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
  }

  URI url() {
    return url;
  }

  /// Sends a handshake, and returns the reply's bytes exactly as they came.
  Bytes open(Bytes request) throws InterruptedException {
    return exchange("v1/sessions", "application/json", request);
  }

  /// Sends a sealed message. When no reply comes the very same bytes are sent again, which the
  /// enclave answers with the very same reply and does not execute twice.
  Bytes message(String session, Bytes sealed) throws InterruptedException {
    return exchange("v1/sessions/" + session + "/messages", "application/octet-stream", sealed);
  }

  private Bytes exchange(String path, String type, Bytes body) throws InterruptedException {
    byte[] bytes = body.toArray();
    HttpResponse<InputStream> response =
        attempt(() -> request(path, type, BodyPublishers.ofByteArray(bytes)).build());
    return Bytes.of(read(response));
  }

  private HttpRequest.Builder request(String path, String type, BodyPublisher body) {
    return HttpRequest.newBuilder(url.resolve(path))
        .timeout(ANSWER)
        .header("Content-Type", type)
        .method(path.startsWith("v1/uploads") ? "PUT" : "POST", body);
  }

  /// Sends sealed bytes of a part, from the offset.
  void put(String upload, int part, long offset, byte[] sealed) throws InterruptedException {
    HttpResponse<InputStream> response =
        attempt(() ->
            request(
                    "v1/uploads/" + upload + "/parts/" + part + "?offset=" + offset,
                    "application/octet-stream",
                    BodyPublishers.ofByteArray(sealed))
                .build());
    read(response);
  }

  private HttpResponse<InputStream> attempt(Supplier<HttpRequest> request)
      throws InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        return http.send(request.get(), BodyHandlers.ofInputStream());
      } catch (IOException e) {
        if (attempt == ATTEMPTS) {
          throw unreachable(e);
        }
        Thread.sleep(Duration.ofMillis(200L << attempt));
      }
    }
  }

  private byte[] read(HttpResponse<InputStream> response) {
    try (InputStream body = response.body()) {
      byte[] bytes = body.readNBytes(MAX_REPLY_BYTES + 1);
      if (response.statusCode() / 100 != 2) {
        throw refused(response.statusCode(), bytes);
      }
      if (bytes.length > MAX_REPLY_BYTES) {
        throw new CloisterException(ErrorCode.TOO_LARGE, "the server's reply is too large");
      }
      return bytes;
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  /// The server, or whoever stands before it, refused the attempt in the clear. Which code it names
  /// is a hint for a person and decides nothing.
  private CloisterException refused(int status, byte[] body) {
    return new CloisterException(
        ErrorCode.SERVER_UNREACHABLE,
        url
            + " refused the attempt (HTTP "
            + status
            + hint(body).map(code -> ", saying `" + code.label() + "`").orElse("")
            + "); nothing vouches for what it says in the clear");
  }

  private static Optional<ErrorCode> hint(byte[] body) {
    try {
      return Json.parseFields(body, 4096, "refusal")
          .object("error")
          .optional("code", (in, name) -> in.string(name, 64))
          .flatMap(ErrorCode::byLabel);
    } catch (CloisterException _) {
      return Optional.empty();
    }
  }

  private CloisterException unreachable(IOException e) {
    return new CloisterException(
        ErrorCode.SERVER_UNREACHABLE, "no answer from " + url + " (" + reason(e) + ")", e);
  }

  private static String reason(IOException e) {
    return switch (e) {
      case java.net.ConnectException _ -> "it refuses the connection, or there is no such host";
      case java.net.http.HttpTimeoutException _ -> "it takes too long";
      default -> "the connection ended";
    };
  }

  @Override
  public void close() {
    http.close();
  }
}
