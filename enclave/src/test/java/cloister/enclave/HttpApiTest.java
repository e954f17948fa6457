package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.crypto.Bytes;
import cloister.crypto.SigningKey;
import cloister.protocol.Command;
import cloister.protocol.Handshake;
import cloister.protocol.Json;
import cloister.protocol.Limits;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What somebody without a key can do to the port: get small, clean refusals.
final class HttpApiTest {
  private static final int LARGEST_ERROR_BYTES = 256;
  private static final List<String> METHODS =
      List.of("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS");
  private static final String NOBODY = "0".repeat(32);

  @TempDir static Path folder;
  private static TestRoom room;

  @BeforeAll
  static void start() throws Exception {
    room = TestRoom.active(folder, InstantSource.system());
  }

  @AfterAll
  static void stop() {
    room.close();
  }

  private static HttpResponse<byte[]> send(String method, String path, byte[] body)
      throws Exception {
    var request =
        HttpRequest.newBuilder(URI.create(room.uri() + path))
            .method(method, HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    return TestParticipant.HTTP.send(request, HttpResponse.BodyHandlers.ofByteArray());
  }

  private static void clean(HttpResponse<byte[]> response) {
    String body = new String(response.body(), StandardCharsets.UTF_8);
    assertThat(response.statusCode()).as(body).isBetween(400, 599);
    assertThat(response.statusCode()).as(body).isNotEqualTo(500);
    cleanText(body);
    response.headers().map().values().forEach(values -> cleanText(String.join(",", values)));
  }

  private static void cleanText(String text) {
    assertThat(text.length()).as(text).isLessThan(LARGEST_ERROR_BYTES);
    assertThat(text)
        .doesNotContainIgnoringCase("exception")
        .doesNotContainIgnoringCase("helidon")
        .doesNotContain("\tat ")
        .doesNotContain("java.")
        .doesNotContain("cloister.")
        .doesNotContain(folder.toString());
  }

  // Routes.

  private record Route(String method, String path) {}

  private static List<Route> documented() throws Exception {
    var document = Json.parse(send("GET", "/v1/openapi.json", new byte[0]).body());
    var routes = new ArrayList<Route>();
    ((Json.Obj) ((Json.Obj) document).get("paths").orElseThrow())
        .members()
        .forEach((path, operations) ->
            ((Json.Obj) operations)
                .members()
                .keySet()
                .forEach(method ->
                    routes.add(new Route(method.toUpperCase(java.util.Locale.ROOT), path))));
    return routes;
  }

  private static String concrete(String path) {
    return path.replaceAll("\\{(session|upload)}", NOBODY).replace("{part}", "0");
  }

  @Test
  void theDescriptionNamesExactlyTheRoutesThatAreServed() throws Exception {
    var documented = documented();
    assertThat(documented).hasSize(6);
    var paths = new TreeSet<String>();
    for (Route route : documented) {
      paths.add(route.path());
      var response = send(route.method(), concrete(route.path()), new byte[0]);
      if (route.method().equals("GET")) {
        assertThat(response.statusCode()).as(route.toString()).isEqualTo(200);
      } else {
        // Served: it is the request that is refused, in the API's own words.
        assertThat(new String(response.body(), StandardCharsets.UTF_8))
            .as(route.toString())
            .matches("\\{\"error\":\\{\"code\":\"[a-z-]+\"}}");
      }
    }
    for (String path : paths) {
      for (String method : METHODS) {
        if (!documented.contains(new Route(method, path))) {
          var response = send(method, concrete(path), new byte[0]);
          assertThat(response.statusCode()).as("%s %s", method, path).isIn(404, 405);
          clean(response);
        }
      }
    }
  }

  // The description, against what the server does.

  /// One call of an operation that the server grants, and some that it refuses.
  private record Calls(Call granted, List<Call> refused) {}

  private record Call(String method, String path, Bytes body) {
    Call(String method, String path, byte[] body) {
      this(method, path, Bytes.of(body));
    }
  }

  private static Map<String, Calls> calls(TestParticipant.SealedUpload upload) throws Exception {
    var wire = room.airline.connect();
    String message = wire.messages().getPath();
    byte[] hello =
        Handshake.Hello.of(
                Bytes.of(new byte[Handshake.NONCE_BYTES]), SigningKey.generate().verifyingKey())
            .encode()
            .toArray();
    byte[] sealed = room.airline.seal(wire, new Command.Status()).toArray();
    byte[] part = upload.parts().getFirst().toArray();
    String piece = "/v1/uploads/" + upload.id() + "/parts/0";
    var none = new byte[0];
    return Map.of(
        "health",
        new Calls(
            new Call("GET", "/v1/health", none),
            List.of(new Call("POST", "/v1/health", none), new Call("GET", "/v1/health/x", none))),
        "openapi",
        new Calls(
            new Call("GET", "/v1/openapi.json", none),
            List.of(new Call("DELETE", "/v1/openapi.json", none))),
        "metrics",
        new Calls(
            new Call("GET", "/metrics", none), List.of(new Call("PUT", "/metrics", new byte[9]))),
        "openSession",
        new Calls(
            new Call("POST", "/v1/sessions", hello),
            List.of(
                new Call("POST", "/v1/sessions", none),
                new Call("GET", "/v1/sessions", none),
                new Call("POST", "/v1/sessions", new byte[Limits.HANDSHAKE_BYTES + 1]))),
        "message",
        new Calls(
            new Call("POST", message, sealed),
            List.of(
                new Call("POST", message, new byte[64]),
                new Call("GET", message, none),
                new Call("POST", message.replaceAll("[0-9a-f]{32}", NOBODY), sealed))),
        "uploadPiece",
        new Calls(
            new Call("PUT", piece + "?offset=0", part),
            List.of(
                new Call("PUT", piece, part),
                new Call("PUT", piece + "?offset=x", part),
                new Call("PUT", piece + "?offset=1", part),
                new Call("PUT", "/v1/uploads/" + upload.id() + "/parts/1?offset=0", part),
                new Call("PUT", "/v1/uploads/" + NOBODY + "/parts/0?offset=0", part),
                new Call("PUT", piece + "?offset=0", new byte[Limits.UPLOAD_PIECE_BYTES + 1]))));
  }

  @Test
  void everyAnswerIsOneThatTheDescriptionForesees() throws Exception {
    room.airline.ask(new Command.Apply(List.of(room.airline.signed(TestRoom.CUSTOMERS))));
    var dataset = TestRoom.dataset(room.airline, TestRoom.CUSTOMERS);
    var schema = TestRoom.schema(room.airline, TestRoom.CUSTOMERS);
    var upload = room.airline.sealUpload(dataset, schema, List.of(Bytes.of(new byte[100])));
    room.airline.open(upload, 0);
    var calls = calls(upload);

    var document = object(Json.parse(send("GET", "/v1/openapi.json", new byte[0]).body()));
    var described = new TreeSet<String>();
    for (Json item : object(member(document, "paths")).members().values()) {
      for (Json one : object(item).members().values()) {
        Json.Obj operation = object(one);
        String id = text(member(operation, "operationId"));
        described.add(id);
        Json.Obj responses = object(member(operation, "responses"));
        Calls all = Objects.requireNonNull(calls.get(id), id);
        var granted = answered(all.granted());
        assertThat(granted.statusCode()).as(id).isEqualTo(200);
        conforms(id, document, object(member(responses, "200")), granted);
        for (Call call : all.refused()) {
          var refused = answered(call);
          String what = call.method() + " " + call.path();
          assertThat(refused.statusCode()).as(what).isBetween(400, 499);
          conforms(what, document, object(member(responses, "default")), refused);
        }
      }
    }
    assertThat(described).isEqualTo(calls.keySet());
    // What Helidon refuses by itself, in the same words.
    Json.Obj refused =
        object(
            member(object(member(object(member(document, "components")), "responses")), "Refused"));
    for (Call call :
        List.of(
            new Call("GET", "/nothing", new byte[0]),
            new Call("POST", "/", new byte[10]),
            new Call("GET", "/v1/health?" + "a".repeat(20_000), new byte[0]))) {
      conforms(call.path(), document, refused, answered(call));
    }
  }

  /// What is refused before it was read whole may lose its answer with the connection (RFC 9112
  /// §9.6): then it is asked again.
  private static HttpResponse<byte[]> answered(Call call) throws Exception {
    for (int lost = 0; lost < 10; lost++) {
      try {
        return send(call.method(), call.path(), call.body().toArray());
      } catch (IOException _) {
        // Asked again.
      }
    }
    throw new AssertionError("no answer to " + call.method() + " " + call.path());
  }

  private static void conforms(
      String what, Json.Obj document, Json.Obj described, HttpResponse<byte[]> response) {
    var reference = described.get("$ref");
    if (reference.isPresent()) {
      Json at = document;
      for (String step : text(reference.get()).substring("#/".length()).split("/", -1)) {
        at = member(object(at), step);
      }
      conforms(what, document, object(at), response);
      return;
    }
    Json.Obj content = object(member(described, "content"));
    String type =
        response.headers().firstValue("content-type").orElse("none").replaceAll(";.*", "").strip();
    assertThat(content.members()).as(what).containsKey(type);
    Json.Obj schema = object(member(object(member(content, type)), "schema"));
    if (type.equals("application/json")) {
      conforms(what, schema, Json.parse(response.body()));
    } else {
      assertThat(text(member(schema, "type"))).as(what).isEqualTo("string");
      assertThat(response.body()).as(what).isNotEmpty();
    }
  }

  /// As much of JSON Schema as the description uses; another word in it fails the test.
  private static void conforms(String what, Json.Obj schema, Json value) {
    schema
        .members()
        .forEach((word, rule) -> {
          switch (word) {
            case "type" -> {
              var type =
                  switch (text(rule)) {
                    case "object" -> Json.Obj.class;
                    case "string" -> Json.Str.class;
                    case "integer" -> Json.Num.class;
                    case "array" -> Json.Arr.class;
                    default -> throw new AssertionError("a type of no answer: " + rule);
                  };
              assertThat(value).as(what).isInstanceOf(type);
            }
            case "required" ->
                ((Json.Arr) rule)
                    .elements()
                    .forEach(name ->
                        assertThat(object(value).members()).as(what).containsKey(text(name)));
            case "properties" ->
                object(value)
                    .members()
                    .forEach((name, inner) ->
                        object(rule)
                            .get(name)
                            .ifPresent(
                                property -> conforms(what + "." + name, object(property), inner)));
            case "additionalProperties" ->
                assertThat(object(member(schema, "properties")).members().keySet())
                    .as(what)
                    .containsAll(object(value).members().keySet());
            case "items" ->
                ((Json.Arr) value)
                    .elements()
                    .forEach(element -> conforms(what + "[]", object(rule), element));
            case "const" -> assertThat(value).as(what).isEqualTo(rule);
            case "pattern" -> assertThat(text(value)).as(what).matches(text(rule));
            case "contentEncoding" ->
                assertThat(Base64.getDecoder().decode(text(value))).as(what).isNotEmpty();
            default -> throw new AssertionError("a word that this test does not know: " + word);
          }
        });
  }

  private static Json.Obj object(Json json) {
    return (Json.Obj) json;
  }

  private static Json member(Json.Obj json, String name) {
    return json.get(name).orElseThrow();
  }

  private static String text(Json json) {
    return ((Json.Str) json).value();
  }

  @Test
  void whatIsNotDescribedIsNotThere() throws Exception {
    for (String path :
        List.of(
            "/",
            "/v1",
            "/v1/",
            "/v2/sessions",
            "/health",
            "/v1/metrics",
            "/openapi",
            "/observe",
            "/observe/health",
            "/v1/sessions/" + NOBODY,
            "/v1/sessions/" + NOBODY + "/messages/more",
            "/v1/uploads",
            "/v1/uploads/" + NOBODY + "/parts",
            "/v1/../metrics/x",
            "/v1/%2e%2e/%2e%2e/etc/passwd",
            "/v1/openapi.json/../../../../etc/passwd",
            "/favicon.ico")) {
      for (String method : METHODS) {
        var response = send(method, path, new byte[0]);
        assertThat(response.statusCode()).as("%s %s", method, path).isIn(400, 404, 405);
        clean(response);
      }
    }
  }

  // Bodies.

  @Test
  void unknownSessionsAndUploadsAreNotFound() throws Exception {
    for (String id : List.of(NOBODY, "x", "%00", "..%2f..", "a".repeat(1000))) {
      clean(send("POST", "/v1/sessions/" + id + "/messages", new byte[64]));
      clean(send("PUT", "/v1/uploads/" + id + "/parts/0?offset=0", new byte[64]));
    }
  }

  @Test
  void garbageAtEveryRouteIsACleanRefusal() throws Exception {
    long seed = new SplittableRandom().nextLong();
    var random = new SplittableRandom(seed);
    String session = room.airline.wire.messages().getPath();
    for (int i = 0; i < 60; i++) {
      byte[] garbage = new byte[random.nextInt(3000)];
      random.nextBytes(garbage);
      for (var response :
          List.of(
              send("POST", "/v1/sessions", garbage),
              send("POST", session, garbage),
              send("PUT", "/v1/uploads/" + NOBODY + "/parts/0?offset=0", garbage))) {
        assertThat(response.statusCode()).as("seed %s", seed).isNotEqualTo(200);
        clean(response);
      }
    }
    for (String json :
        List.of(
            "",
            "null",
            "[]",
            "{}",
            "{\"nonce\":1}",
            "{\"nonce\":\"\"}",
            "{\"nonce\":\"" + "A".repeat(44) + "\"}",
            "{\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"more\":1}",
            "{\"nonce\":\"x\",\"nonce\":\"y\"}",
            "[".repeat(2000))) {
      clean(send("POST", "/v1/sessions", json.getBytes(StandardCharsets.UTF_8)));
    }
    for (String number : List.of("-1", "9".repeat(40), "x", "1e3", "%20", "0x0")) {
      clean(send("PUT", "/v1/uploads/" + NOBODY + "/parts/" + number + "?offset=0", new byte[1]));
      clean(send("PUT", "/v1/uploads/" + NOBODY + "/parts/0?offset=" + number, new byte[1]));
    }
    // The session that was shot at still serves.
    room.airline.ask(new Command.Status());
  }

  @Test
  void bodiesOverTheirLimitAreRefused() throws Exception {
    var hello = send("POST", "/v1/sessions", new byte[Limits.HANDSHAKE_BYTES + 1]);
    assertThat(hello.statusCode()).isEqualTo(413);
    clean(hello);
    var message =
        send("POST", room.media.wire.messages().getPath(), new byte[Limits.MESSAGE_BYTES + 1]);
    assertThat(message.statusCode()).isEqualTo(413);
    clean(message);
    room.media.ask(new Command.Status());
  }

  @Test
  void aBodyThatClaimsToBeHugeIsRefusedBeforeItComes() throws Exception {
    String reply =
        raw(
            "PUT /v1/uploads/"
                + NOBODY
                + "/parts/0?offset=0 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
    assertThat(reply).startsWith("HTTP/1.1 413");
    cleanText(reply);
  }

  @Test
  void headersAndAddressesOverTheirLimitAreRefused() throws Exception {
    String many =
        "GET /v1/health HTTP/1.1\r\nHost: x\r\nX-Filler: " + "a".repeat(64 * 1024) + "\r\n\r\n";
    String longAddress = "GET /v1/health?" + "a".repeat(64 * 1024) + " HTTP/1.1\r\nHost: x\r\n\r\n";
    for (String request :
        List.of(
            many, longAddress, "GARBAGE\r\n\r\n", "GET  HTTP/9\r\n\r\n", "\u0000\u0001\r\n\r\n")) {
      String reply = raw(request);
      assertThat(reply).doesNotStartWith("HTTP/1.1 200");
      cleanText(reply);
    }
    assertThat(send("GET", "/v1/health", new byte[0]).statusCode()).isEqualTo(200);
  }

  /// What comes back, until the server closes or is silent.
  private static String raw(String request) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), room.server.port())) {
      socket.setSoTimeout(2000);
      var in = socket.getInputStream();
      var reply = new java.io.ByteArrayOutputStream();
      try {
        socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
        for (int octet = in.read(); octet >= 0; octet = in.read()) {
          reply.write(octet);
        }
      } catch (IOException closedOrSilent) {
        // What has come until then is the reply.
      }
      return reply.toString(StandardCharsets.ISO_8859_1);
    }
  }

  // What the operator reads.

  @Test
  void metricsAndHealthSayNothingOfTheCollaboration() throws Exception {
    String health =
        new String(send("GET", "/v1/health", new byte[0]).body(), StandardCharsets.UTF_8);
    assertThat(health).isEqualTo("{\"status\":\"ok\"}");
    String metrics =
        new String(send("GET", "/metrics", new byte[0]).body(), StandardCharsets.UTF_8);
    assertThat(metrics).endsWith("# EOF\n").contains("cloister_bugs_total 0\n");
    for (String line : metrics.lines().toList()) {
      assertThat(line)
          .matches(
              "# (TYPE|HELP) cloister_(sessions_opened|messages_answered|messages_refused|uploaded_bytes|bugs) .*"
                  + "|cloister_(sessions_opened|messages_answered|messages_refused|uploaded_bytes|bugs)_total"
                  + " \\d+|# EOF");
      assertThat(line).doesNotContain("airline").doesNotContain("sha256").doesNotContain("{");
    }
  }

  @Test
  void anEnclaveThatStopsEndsWhatItAcknowledgedAndAnswersNoMore(@TempDir Path elsewhere)
      throws Exception {
    var stopping = TestRoom.active(elsewhere, InstantSource.system());
    stopping.airline.ask(new Command.Suspend());
    URI gone = stopping.uri();
    stopping.close();
    Bytes hello =
        Handshake.Hello.of(
                Bytes.of(new byte[Handshake.NONCE_BYTES]), SigningKey.generate().verifyingKey())
            .encode();
    assertThatThrownBy(() -> TestParticipant.post(gone.resolve("/v1/sessions"), hello))
        .isInstanceOf(ConnectException.class);
    stopping.server = TestRoom.start(elsewhere, InstantSource.system());
    stopping.reconnect();
    cloister.protocol.Reply.Status status = stopping.airline.ask(new Command.Status());
    assertThat(status.suspendedBy()).containsExactly(stopping.airline.name);
    stopping.close();
  }
}
