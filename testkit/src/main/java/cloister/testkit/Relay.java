package cloister.testkit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;

/// Who carries the messages: a plain HTTP server between client and enclave that sees every byte,
/// and does with it what the test says: records, replays, reorders, drops, cuts, changes, or leads
/// to another server.
public final class Relay implements AutoCloseable {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final int NO_ENCLAVE = 502;
  private static final Pattern ERROR = Pattern.compile("\\{\"error\":\\{\"code\":\"([a-z-]+)\"}}");

  private final HttpServer http;
  private final List<Carried> carried = new CopyOnWriteArrayList<>();
  private volatile URI enclave;
  private volatile Attack attack = Relay::honest;

  /// Bytes on their way, compared by what they are.
  public static final class Body {
    private final byte[] bytes;

    private Body(byte[] bytes) {
      this.bytes = bytes;
    }

    public static Body of(byte[] bytes) {
      return new Body(bytes.clone());
    }

    public static Body utf8(String text) {
      return new Body(text.getBytes(StandardCharsets.UTF_8));
    }

    public byte[] toArray() {
      return bytes.clone();
    }

    public int size() {
      return bytes.length;
    }

    public Body first(int size) {
      return new Body(Arrays.copyOf(bytes, size));
    }

    public Body flipped(int at) {
      byte[] changed = bytes.clone();
      changed[at] ^= 1;
      return new Body(changed);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Body body && Arrays.equals(bytes, body.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }
  }

  /// @param path with the query
  public record Request(String method, String path, Body body) {
    public Request with(Body other) {
      return new Request(method, path, other);
    }

    public Request to(String otherPath) {
      return new Request(method, otherPath, body);
    }

    public boolean isMessage() {
      return path.endsWith("/messages");
    }

    public boolean isHandshake() {
      return path.endsWith("/sessions");
    }

    public boolean isPiece() {
      return method.equals("PUT");
    }
  }

  /// @param announced how many bytes the headers promise; the connection ends after those of `body`
  public record Response(int status, Body body, int announced) {
    /// No answer: the connection ends.
    public static final Response LOST = new Response(0, Body.utf8(""), 0);

    public Response(int status, Body body) {
      this(status, body, body.size());
    }

    public Response with(Body other) {
      return new Response(status, other);
    }

    /// The connection ends in the middle of the body.
    public Response endingAfter(int bytes) {
      return new Response(status, body.first(bytes), announced);
    }

    /// The error that was answered in the clear, if that is what it is.
    public Optional<String> error() {
      var code = ERROR.matcher(new String(body.toArray(), StandardCharsets.UTF_8));
      return code.matches() ? Optional.of(code.group(1)) : Optional.empty();
    }
  }

  /// What went to the enclave and what it answered.
  public record Carried(Request request, Response response) {}

  public interface Onward {
    Response send(Request request) throws IOException, InterruptedException;
  }

  public interface Attack {
    Response carry(Request request, Onward onward) throws IOException, InterruptedException;
  }

  public Relay(URI enclave) throws IOException {
    this.enclave = enclave;
    this.http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    http.createContext("/", this::carry);
    http.start();
  }

  public URI uri() {
    return URI.create("http://127.0.0.1:" + http.getAddress().getPort());
  }

  /// From now on it leads to this server.
  public void leadTo(URI other) {
    enclave = other;
  }

  /// From now on.
  public void attack(Attack next) {
    attack = next;
  }

  public void carryHonestly() {
    attack = Relay::honest;
  }

  public static Response honest(Request request, Onward onward)
      throws IOException, InterruptedException {
    return onward.send(request);
  }

  /// Everything so far, in order.
  public List<Carried> carried() {
    return List.copyOf(carried);
  }

  /// The messages of sessions among it.
  public List<Carried> messages() {
    return carried.stream().filter(one -> one.request().isMessage()).toList();
  }

  /// The pieces of uploads among it.
  public List<Carried> pieces() {
    return carried.stream().filter(one -> one.request().isPiece()).toList();
  }

  /// What the enclave says to it.
  public Response send(Request request) throws IOException, InterruptedException {
    var built =
        HttpRequest.newBuilder(enclave.resolve(request.path()))
            .method(
                request.method(), HttpRequest.BodyPublishers.ofByteArray(request.body().toArray()))
            .build();
    var answer = HTTP.send(built, HttpResponse.BodyHandlers.ofByteArray());
    var response = new Response(answer.statusCode(), Body.of(answer.body()));
    carried.add(new Carried(request, response));
    return response;
  }

  private void carry(HttpExchange exchange) throws IOException {
    var request =
        new Request(
            exchange.getRequestMethod(),
            exchange.getRequestURI().toString(),
            Body.of(exchange.getRequestBody().readAllBytes()));
    Response response;
    try {
      response = attack.carry(request, this::send);
    } catch (IOException | InterruptedException _) {
      // As of any relay that cannot reach where it leads.
      response = new Response(NO_ENCLAVE, Body.utf8("relay"));
    }
    try (exchange) {
      if (response.equals(Response.LOST)) {
        return;
      }
      exchange.sendResponseHeaders(
          response.status(), response.announced() == 0 ? -1 : response.announced());
      exchange.getResponseBody().write(response.body().toArray());
    }
  }

  @Override
  public void close() {
    http.stop(0);
  }
}
