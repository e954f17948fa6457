package cloister.benchmarks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;

/// A server on the loopback interface with two parts: under `/v1` a relay to an enclave that notes
/// how large the last message and its reply were, and under `/bare` the same sizes sent back and
/// forth with nothing behind it.
final class Loopback implements AutoCloseable {
  static {
    // Else a reply's body waits 40 ms for the acknowledgement of its headers.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  /// Bytes of a request's body and of its reply's.
  record Payload(int request, int reply) {}

  private final URI enclave;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient client = client();
  private final AtomicReference<Payload> last = new AtomicReference<>(new Payload(0, 0));

  Loopback(URI enclave) throws IOException {
    this.enclave = enclave;
    this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/v1", this::relay);
    server.createContext("/bare", Loopback::bare);
    server.start();
  }

  private static HttpClient client() {
    return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /// Of the newest exchange that went through the relay.
  Payload last() {
    return last.get();
  }

  /// One exchange of that size without an enclave.
  void exchange(Payload payload) throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(uri().resolve("/bare?" + payload.reply()))
            .POST(BodyPublishers.ofByteArray(new byte[payload.request()]))
            .build();
    int received = client.send(request, BodyHandlers.ofByteArray()).body().length;
    if (received != payload.reply()) {
      throw new IllegalStateException(received + " bytes came instead of " + payload.reply());
    }
  }

  private void relay(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    var request =
        HttpRequest.newBuilder(enclave.resolve(exchange.getRequestURI()))
            .header("Content-Type", exchange.getRequestHeaders().getFirst("Content-Type"))
            .POST(BodyPublishers.ofByteArray(body))
            .build();
    try {
      var response = client.send(request, BodyHandlers.ofByteArray());
      last.set(new Payload(body.length, response.body().length));
      reply(exchange, response.statusCode(), response.body());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      exchange.close();
    }
  }

  private static void bare(HttpExchange exchange) throws IOException {
    exchange.getRequestBody().readAllBytes();
    reply(exchange, 200, new byte[Integer.parseInt(exchange.getRequestURI().getQuery())]);
  }

  private static void reply(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length);
    try (var out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  @Override
  public void close() {
    client.close();
    server.stop(0);
    threads.close();
  }
}
