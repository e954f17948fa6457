package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.protocol.Limits;
import io.helidon.common.buffers.DataReader;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpException;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/// `/v1` over HTTP, on virtual threads. It trusts nothing it carries and is trusted with nothing:
/// see docs/protocol.md. The same routes are described by `openapi.json`.
final class HttpApi implements AutoCloseable {
  private static final int MAX_HEADER_BYTES = 8 * 1024;
  private static final int BUFFER_BYTES = 64 * 1024;
  private static final Duration GRACE = Duration.ofSeconds(3);

  /// Helidon's own words quote requests and print traces. It is kept, since loggers that nobody
  /// keeps forget their level.
  private static final Logger HELIDON = Logger.getLogger("io.helidon");

  private final String listen;
  private final WebServer server;
  private final Sessions sessions;
  private final Uploads uploads;
  private final Metrics metrics;
  private final Connections connections;

  // A message is copied a few times while it is opened and read: the bodies may have a sixteenth of
  // the memory. Those of sessions that are nobody's yet have a share of their own.
  private final BytesInFlight ofStrangers =
      new BytesInFlight(Runtime.getRuntime().maxMemory() / 64);
  private final BytesInFlight ofParticipants =
      new BytesInFlight(Runtime.getRuntime().maxMemory() / 64 * 3);

  /// @param requestTime see [Connections]
  HttpApi(
      String host,
      int port,
      Duration requestTime,
      Sessions sessions,
      Uploads uploads,
      Metrics metrics) {
    HELIDON.setLevel(Level.OFF);
    this.listen = host + ":" + port;
    this.sessions = sessions;
    this.uploads = uploads;
    this.metrics = metrics;
    this.connections = new Connections(requestTime);
    this.server =
        WebServer.builder()
            .host(host)
            .port(port)
            .maxPayloadSize(Limits.UPLOAD_PIECE_BYTES)
            .maxTcpConnections(Limits.CONNECTIONS)
            .connectionOptions(connections)
            // Replies that are ready still leave.
            .shutdownGracePeriod(GRACE)
            // The process stops in the order that Main gives, not in the order of shutdown hooks.
            .shutdownHook(false)
            .addConnectionSelector(
                Http1ConnectionSelector.builder()
                    .config(Http1Config.builder().maxHeadersSize(MAX_HEADER_BYTES).build())
                    .build())
            .directHandlers(directHandlers())
            .routing(this::routes)
            .build();
  }

  void start() {
    server.start();
    // It says in its log, and not here, that it could not.
    if (!server.isRunning()) {
      close();
      throw new CloisterException(
          ErrorCode.ADDRESS_TAKEN, listen + " is taken, or is no address of this machine");
    }
  }

  int port() {
    return server.port();
  }

  private void routes(HttpRouting.Builder routing) {
    routing
        .addFilter((chain, request, _) -> {
          connections.renew(request.remotePeer().address());
          chain.proceed();
        })
        .get(
            "/v1/health",
            (_, response) -> json(response, Json.object().put("status", "ok").build()))
        .get("/v1/openapi.json", (_, response) -> json(response, OpenApi.document()))
        .get("/metrics", (_, response) -> text(response, metrics.openMetrics()))
        .post("/v1/sessions", this::openSession)
        .post("/v1/sessions/{session}/messages", this::message)
        .put("/v1/uploads/{upload}/parts/{part}", this::uploadPiece)
        .error(Throwable.class, (_, response, failure) -> failed(response, failure));
  }

  private void openSession(ServerRequest request, ServerResponse response) throws IOException {
    try (var held = ofStrangers.hold()) {
      Bytes hello = body(request, held, Limits.HANDSHAKE_BYTES);
      Bytes welcome =
          connections.undisturbed(request.remotePeer().address(), () -> sessions.open(hello));
      octets(response, "application/json", welcome);
    }
  }

  /// Whose session it is, is known before a byte of the body is read.
  private void message(ServerRequest request, ServerResponse response) throws IOException {
    String session = request.path().pathParameters().get("session");
    var budget =
        switch (sessions.standing(session)) {
          case WAITING -> ofStrangers;
          case OPEN -> ofParticipants;
        };
    try (var held = budget.hold()) {
      Bytes message = body(request, held, Limits.MESSAGE_BYTES);
      Bytes reply =
          connections.undisturbed(
              request.remotePeer().address(), () -> sessions.message(session, message));
      octets(response, "application/octet-stream", reply);
    }
  }

  private void uploadPiece(ServerRequest request, ServerResponse response) throws IOException {
    var path = request.path().pathParameters();
    long offset = number(request.query().first("offset").orElse(""));
    int part = Math.toIntExact(Math.min(number(path.get("part")), Integer.MAX_VALUE));
    String upload = path.get("upload");
    uploads.expect(upload, part);
    try (var held = ofParticipants.hold()) {
      Bytes piece = body(request, held, Limits.UPLOAD_PIECE_BYTES);
      long next =
          connections.undisturbed(
              request.remotePeer().address(), () -> uploads.receive(upload, part, offset, piece));
      json(response, Json.object().put("offset", next).build());
    }
  }

  private static long number(String text) {
    if (!text.matches("\\d{1,18}")) {
      throw new CloisterException(ErrorCode.MESSAGE_MALFORMED, "not a number");
    }
    return Long.parseLong(text);
  }

  private static Bytes body(ServerRequest request, BytesInFlight.Hold held, int limitBytes)
      throws IOException {
    var body = new ByteArrayOutputStream();
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = request.content().inputStream()) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        if (body.size() + read > limitBytes) {
          throw new CloisterException(
              ErrorCode.TOO_LARGE, "the body is over " + limitBytes + " bytes");
        }
        held.more(read);
        body.write(buffer, 0, read);
      }
    }
    return Bytes.of(body.toByteArray());
  }

  /// The one handler of failures: whoever is outside a session learns a code and nothing else, and
  /// the operator the class of a bug. Messages of libraries quote what they were given.
  private void failed(ServerResponse response, Throwable failure) {
    switch (failure) {
      case CloisterException known -> refuse(response, status(known.code()), known.code());
      // There is no such route, or not with this method.
      case HttpException unrouted ->
          refuse(response, unrouted.status(), ErrorCode.MESSAGE_MALFORMED);
      default -> {
        if (cutOff(failure)) {
          refuse(response, Status.BAD_REQUEST_400, ErrorCode.MESSAGE_MALFORMED);
        } else {
          metrics.bug(failure);
          refuse(response, status(ErrorCode.INTERNAL), ErrorCode.INTERNAL);
        }
      }
    }
  }

  private static void refuse(ServerResponse response, Status status, ErrorCode code) {
    response.status(status);
    json(response, refusal(code));
  }

  private static Json refusal(ErrorCode code) {
    return Json.object().put("error", Json.object().put("code", code.label()).build()).build();
  }

  /// Whether the connection ended, by the client or for its slowness. Nobody's bug; and nobody
  /// reads the answer.
  private static boolean cutOff(Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
        .anyMatch(cause ->
            cause instanceof IOException
                || cause instanceof DataReader.InsufficientDataAvailableException
                || cause instanceof CloseConnectionException);
  }

  /// What Helidon refuses by itself, before a route is found, in the same words.
  private DirectHandlers directHandlers() {
    var handlers = DirectHandlers.builder();
    for (var event : DirectHandler.EventType.values()) {
      handlers.addHandler(event, new Unrouted());
    }
    return handlers.build();
  }

  private final class Unrouted implements DirectHandler {
    @Override
    public TransportResponse handle(
        TransportRequest request,
        EventType event,
        Status status,
        ServerResponseHeaders headers,
        Throwable failure,
        System.Logger log) {
      Throwable cause = Objects.requireNonNullElse(failure.getCause(), failure);
      if (event == EventType.INTERNAL_ERROR && !cutOff(cause)) {
        metrics.bug(cause);
      }
      return handle(request, event, status, headers, "");
    }

    @Override
    public TransportResponse handle(
        TransportRequest request,
        EventType event,
        Status status,
        ServerResponseHeaders headers,
        String message) {
      var code =
          switch (event) {
            case PAYLOAD_TOO_LARGE -> ErrorCode.TOO_LARGE;
            case INTERNAL_ERROR -> ErrorCode.INTERNAL;
            case BAD_REQUEST, FORBIDDEN, HTTP_VERSION_NOT_SUPPORTED, OTHER ->
                ErrorCode.MESSAGE_MALFORMED;
          };
      return TransportResponse.builder()
          .status(status)
          .headers(headers)
          .header(HeaderNames.CONTENT_TYPE, "application/json")
          .entity(refusal(code).canonical())
          .build();
    }
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
    connections.close();
  }
}
