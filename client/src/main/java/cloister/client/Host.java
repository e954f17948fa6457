package cloister.client;

import cloister.crypto.Bytes;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The untrusted machine that carries bytes between client and enclave over HTTP (docs/protocol.md
/// §§3, 4, 7). Nothing that it says is believed, not even its errors: a failed attempt is a failed
/// attempt, and whether to make another is up to [Attempts]. Safe for use by several threads.
final class Host implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(10);

  /// A run may take as long as the enclave lets it.
  private static final Duration ANSWER = Duration.ofMinutes(15);

  /// The largest honest reply: an answer of 10,000 groups with its receipt.
  private static final int MAX_REPLY_BYTES = 16 << 20;

  private static final String OCTETS = "application/octet-stream";

  private final URI url;
  private final Duration patience;
  private final HttpClient http;

  Host(URI url) {
    this(url, ANSWER);
  }

  /// @param patience how long one reply may take, to its last byte
  Host(URI url, Duration patience) {
    if (url.getHost() == null
        || !("http".equals(url.getScheme()) || "https".equals(url.getScheme()))) {
      throw new CloisterException(
          ErrorCode.PARAMETER_INVALID,
          "an enclave's address looks like https://enclave.example:8443");
    }
    String text = url.toString();
    this.url = URI.create(text.endsWith("/") ? text : text + "/");
    this.patience = patience;
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
    return send("POST", "v1/sessions", "application/json", request.toArray());
  }

  /// Sends a sealed message. When no reply comes the very same bytes may be sent again: the enclave
  /// answers them with the very same reply and does not execute them twice.
  Bytes message(String session, Bytes sealed) throws InterruptedException {
    return send("POST", "v1/sessions/" + session + "/messages", OCTETS, sealed.toArray());
  }

  /// Sends sealed bytes of a part, from the offset. That this returns proves nothing: where the
  /// upload has got to, the enclave says in its session.
  void put(String upload, int part, long offset, byte[] sealed) throws InterruptedException {
    Bytes _ =
        send(
            "PUT", "v1/uploads/" + upload + "/parts/" + part + "?offset=" + offset, OCTETS, sealed);
  }

  /// One attempt, whose whole reply has to be there in time: the time limit of an `HttpRequest`
  /// ends with the reply's headers, and a body could trickle for ever.
  private Bytes send(String method, String path, String type, byte[] body)
      throws InterruptedException {
    var request =
        HttpRequest.newBuilder(url.resolve(path))
            .header("Content-Type", type)
            .method(method, BodyPublishers.ofByteArray(body))
            .build();
    var exchange =
        http.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_REPLY_BYTES));
    try {
      HttpResponse<byte[]> response = exchange.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      if (response.statusCode() / 100 != 2) {
        throw refused(response.statusCode(), response.body());
      }
      return Bytes.of(response.body());
    } catch (TimeoutException e) {
      throw unreachable("it takes too long", e);
    } catch (ExecutionException e) {
      throw failed(Objects.requireNonNull(e.getCause(), "an execution fails by something"));
    } finally {
      exchange.cancel(true);
    }
  }

  private CloisterException failed(Throwable failure) {
    return switch (failure) {
      case HttpTimeoutException e -> unreachable("it takes too long", e);
      case ConnectException e ->
          unreachable("it refuses the connection, or there is no such host", e);
      default -> unreachable("the connection ended", failure);
    };
  }

  private CloisterException unreachable(String reason, Throwable cause) {
    return new CloisterException(
        ErrorCode.SERVER_UNREACHABLE, "no answer from " + url + " (" + reason + ")", cause);
  }

  /// Whether no answer came within the time that an honest one can take.
  static boolean tookTooLong(CloisterException failure) {
    return failure.getCause() instanceof TimeoutException
        || failure.getCause() instanceof HttpTimeoutException;
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

  @Override
  public void close() {
    http.close();
  }
}
