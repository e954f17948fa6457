package cloister.enclave;

import cloister.crypto.Bytes;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/// Who carries the messages: a plain HTTP server between client and enclave that sees every byte,
/// and does with it what the test says.
final class Relay implements AutoCloseable {
  private static final int NO_ENCLAVE = 502;

  private final HttpServer http;
  private final URI enclave;
  private final List<Carried> carried = new CopyOnWriteArrayList<>();
  private volatile Attack attack = (request, onward) -> onward.send(request);

  /// @param path with the query
  record Request(String method, String path, Bytes body) {
    Request with(Bytes other) {
      return new Request(method, path, other);
    }

    Request to(String otherPath) {
      return new Request(method, otherPath, body);
    }

    boolean isMessage() {
      return path.endsWith("/messages");
    }
  }

  record Response(int status, Bytes body) {
    Response with(Bytes other) {
      return new Response(status, other);
    }

    /// The error that was answered in the clear, if that is what it is.
    Optional<String> error() {
      String text = new String(body.toArray(), java.nio.charset.StandardCharsets.UTF_8);
      var code =
          java.util.regex.Pattern.compile("\\{\"error\":\\{\"code\":\"([a-z-]+)\"}}").matcher(text);
      return code.matches() ? Optional.of(code.group(1)) : Optional.empty();
    }
  }

  /// What went to the enclave and what it answered.
  record Carried(Request request, Response response) {}

  interface Onward {
    Response send(Request request) throws Exception;
  }

  interface Attack {
    Response carry(Request request, Onward onward) throws Exception;
  }

  Relay(URI enclave) throws IOException {
    this.enclave = enclave;
    this.http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    http.createContext("/", this::carry);
    http.start();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + http.getAddress().getPort());
  }

  /// From now on.
  void attack(Attack next) {
    attack = next;
  }

  void carryHonestly() {
    attack = (request, onward) -> onward.send(request);
  }

  /// Everything so far, in order.
  List<Carried> carried() {
    return List.copyOf(carried);
  }

  /// The messages of sessions among it.
  List<Carried> messages() {
    return carried.stream().filter(one -> one.request().isMessage()).toList();
  }

  /// What the enclave says to it.
  Response send(Request request) throws Exception {
    var built =
        HttpRequest.newBuilder(enclave.resolve(request.path()))
            .method(
                request.method(), HttpRequest.BodyPublishers.ofByteArray(request.body().toArray()))
            .build();
    var answer = TestParticipant.HTTP.send(built, HttpResponse.BodyHandlers.ofByteArray());
    var response = new Response(answer.statusCode(), Bytes.of(answer.body()));
    carried.add(new Carried(request, response));
    return response;
  }

  private void carry(HttpExchange exchange) throws IOException {
    var request =
        new Request(
            exchange.getRequestMethod(),
            exchange.getRequestURI().toString(),
            Bytes.of(exchange.getRequestBody().readAllBytes()));
    Response response;
    try {
      response = attack.carry(request, this::send);
    } catch (Exception e) {
      response = new Response(NO_ENCLAVE, Bytes.utf8("relay"));
    }
    try (exchange) {
      byte[] body = response.body().toArray();
      exchange.sendResponseHeaders(response.status(), body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    http.stop(0);
  }
}
