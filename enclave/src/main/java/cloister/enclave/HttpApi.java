package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.protocol.Limits;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpException;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/// `/v1` over HTTP, on virtual threads. It trusts nothing it carries and is trusted with nothing:
/// see docs/protocol.md. The same routes are described by `openapi.json`.
final class HttpApi implements AutoCloseable {
  private static final int MAX_HEADER_BYTES = 8 * 1024;
  private static final int MAX_CONNECTIONS = 1024;
  private static final Duration IDLE = Duration.ofMinutes(2);

  private final WebServer server;
  private final Sessions sessions;
  private final Uploads uploads;
  private final Metrics metrics;

  HttpApi(String host, int port, Sessions sessions, Uploads uploads, Metrics metrics) {
    this.sessions = sessions;
    this.uploads = uploads;
    this.metrics = metrics;
    this.server =
        WebServer.builder()
            .host(host)
            .port(port)
            .maxPayloadSize(Limits.UPLOAD_PIECE_BYTES)
            .maxTcpConnections(MAX_CONNECTIONS)
            .idleConnectionTimeout(IDLE)
            // Headers and body leave in two writes: Nagle's algorithm would hold the second back
            // until the first is acknowledged, 40 ms later.
            .connectionOptions(options -> options.tcpNoDelay(true))
            // The process stops in the order that Main gives, not in the order of shutdown hooks.
            .shutdownHook(false)
            .addConnectionSelector(
                Http1ConnectionSelector.builder()
                    .config(Http1Config.builder().maxHeadersSize(MAX_HEADER_BYTES).build())
                    .build())
            .routing(this::routes)
            .build();
  }

  void start() {
    server.start();
  }

  int port() {
    return server.port();
  }

  private void routes(HttpRouting.Builder routing) {
    routing
        .get(
            "/v1/health",
            (_, response) -> json(response, Json.object().put("status", "ok").build()))
        .get("/v1/openapi.json", (_, response) -> json(response, OpenApi.document()))
        .get("/metrics", (_, response) -> text(response, metrics.openMetrics()))
        .post("/v1/sessions", this::openSession)
        .post("/v1/sessions/{session}/messages", this::message)
        .put("/v1/uploads/{upload}/parts/{part}", this::uploadPiece)
        // The one handler of failures: whoever is outside a session learns a code and nothing else.
        .error(CloisterException.class, (_, response, e) -> fail(response, e.code()))
        .error(IOException.class, (_, response, _) -> fail(response, ErrorCode.MESSAGE_MALFORMED))
        .error(RuntimeException.class, (_, response, e) -> bug(response, e));
  }

  private void openSession(ServerRequest request, ServerResponse response) throws IOException {
    octets(response, "application/json", sessions.open(body(request, Limits.HANDSHAKE_BYTES)));
  }

  private void message(ServerRequest request, ServerResponse response) throws IOException {
    String session = request.path().pathParameters().get("session");
    Bytes reply = sessions.message(session, body(request, Limits.MESSAGE_BYTES));
    octets(response, "application/octet-stream", reply);
  }

  private void uploadPiece(ServerRequest request, ServerResponse response) throws IOException {
    var path = request.path().pathParameters();
    long offset = number(request.query().first("offset").orElse("0"));
    int part = Math.toIntExact(Math.min(number(path.get("part")), Integer.MAX_VALUE));
    Bytes piece = body(request, Limits.UPLOAD_PIECE_BYTES);
    long next = uploads.receive(path.get("upload"), part, offset, piece);
    json(response, Json.object().put("offset", next).build());
  }

  private static long number(String text) {
    if (!text.matches("\\d{1,18}")) {
      throw new CloisterException(ErrorCode.MESSAGE_MALFORMED, "not a number");
    }
    return Long.parseLong(text);
  }

  private static Bytes body(ServerRequest request, int limitBytes) throws IOException {
    try (InputStream in = request.content().inputStream()) {
      byte[] body = in.readNBytes(limitBytes + 1);
      if (body.length > limitBytes) {
        throw new CloisterException(
            ErrorCode.TOO_LARGE, "the body is over " + limitBytes + " bytes");
      }
      return Bytes.of(body);
    }
  }

  private static void fail(ServerResponse response, ErrorCode code) {
    response.status(status(code));
    json(
        response,
        Json.object().put("error", Json.object().put("code", code.label()).build()).build());
  }

  private static Status status(ErrorCode code) {
    return switch (code) {
      case SESSION_UNKNOWN, UPLOAD_UNKNOWN -> Status.NOT_FOUND_404;
      case TOO_LARGE -> Status.REQUEST_ENTITY_TOO_LARGE_413;
      case TOO_BUSY, STOPPING -> Status.SERVICE_UNAVAILABLE_503;
      case STORAGE_FULL -> Status.create(507);
      default ->
          switch (code.kind()) {
            case USER -> Status.BAD_REQUEST_400;
            case REFUSED -> Status.FORBIDDEN_403;
            case RESOURCE -> Status.SERVICE_UNAVAILABLE_503;
            case INTERNAL -> Status.INTERNAL_SERVER_ERROR_500;
          };
    };
  }

  /// A bug, or Helidon's own refusal of a request it could not read or that has no route. The class
  /// is all that is logged: messages of libraries quote what they were given.
  private void bug(ServerResponse response, RuntimeException failure) {
    switch (failure) {
      case RequestException refused -> response.status(refused.status()).send();
      case HttpException refused -> response.status(refused.status()).send();
      default -> {
        metrics.bug(failure);
        fail(response, ErrorCode.INTERNAL);
      }
    }
  }

  private static void json(ServerResponse response, Json body) {
    octets(response, "application/json", Bytes.of(body.canonical()));
  }

  private static void text(ServerResponse response, String body) {
    octets(
        response, "application/openmetrics-text; version=1.0.0; charset=utf-8", Bytes.utf8(body));
  }

  private static void octets(ServerResponse response, String type, Bytes body) {
    response.header(HeaderNames.CONTENT_TYPE.defaultCase(), type).send(body.toArray());
  }

  @Override
  public void close() {
    server.stop();
  }
}
