package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Measurement;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import cloister.crypto.Digest;
import cloister.crypto.Secret;
import cloister.crypto.SigningKey;
import cloister.platform.Platform;
import cloister.protocol.Answered;
import cloister.protocol.CloisterException;
import cloister.protocol.EnclaveChannel;
import cloister.protocol.ErrorCode;
import cloister.protocol.Handshake;
import cloister.protocol.Limits;
import cloister.protocol.SignedRequest;
import cloister.simulated.InsecureSimulatedTee;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Strangers who hold what they can: connections, requests that never end, bytes that nobody asked
/// for. Whatever they do, `health` answers, and the log has nothing of it.
@Timeout(120)
final class EdgeTest {
  private static final String NOBODY = "0".repeat(32);
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Duration SHORT = Duration.ofSeconds(1);

  private static Evidence simulated(Binding binding) {
    return InsecureSimulatedTee.running(new Measurement("sha384", Bytes.of(new byte[48])))
        .evidence(binding, Instant.EPOCH);
  }

  @TempDir Path folder;

  /// An edge with nothing behind it but what makes evidence.
  private static final class Edge implements AutoCloseable {
    final Metrics metrics = new Metrics();
    final HttpApi api;

    Edge(Path folder, Duration requestTime, Function<Binding, Evidence> evidence) {
      var sessions =
          new Sessions(
              new Attester(new OnlyEvidence(evidence)),
              InstantSource.system(),
              metrics,
              new NoRooms(),
              16);
      try (Secret root = Secret.random(32)) {
        var uploads = new Uploads(folder, root, metrics);
        api = new HttpApi("127.0.0.1", 0, requestTime, sessions, uploads, metrics);
      }
      api.start();
    }

    Socket connect() throws IOException {
      return new Socket(InetAddress.getLoopbackAddress(), api.port());
    }

    Socket connectFrom(String address) throws IOException {
      return new Socket(
          InetAddress.getLoopbackAddress(), api.port(), InetAddress.getByName(address), 0);
    }

    /// Asked from another address than the attackers'.
    void isHealthy() throws IOException {
      try (var socket = connectFrom("127.0.0.2")) {
        assertThat(ask(socket, "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n"))
            .startsWith("HTTP/1.1 200")
            .endsWith("{\"status\":\"ok\"}");
      }
    }

    void hasSeenNoBug() {
      assertThat(metrics.openMetrics()).contains("cloister_bugs_total 0\n");
    }

    @Override
    public void close() {
      api.close();
    }
  }

  record OnlyEvidence(Function<Binding, Evidence> made) implements Platform {
    @Override
    public Evidence evidence(Binding binding) {
      return made.apply(binding);
    }

    @Override
    public Tee tee() {
      return Tee.SIMULATED;
    }

    @Override
    public Measurement measurement() {
      return new Measurement("sha384", Bytes.of(new byte[48]));
    }

    @Override
    public Secret sealingRoot() {
      return Secret.random(32);
    }
  }

  private static final class NoRooms implements Sessions.Handler {
    @Override
    public Answered handle(
        SignedRequest request, SignedRequest.Content content, EnclaveChannel channel) {
      throw new CloisterException(ErrorCode.COLLABORATION_UNKNOWN, "there is none");
    }

    @Override
    public boolean names(Digest collaboration, Digest thumbprint) {
      return false;
    }
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
  }

  /// What comes until the server ends the connection.
  private static String readAll(Socket socket) throws IOException {
    var reply = new java.io.ByteArrayOutputStream();
    try {
      socket.getInputStream().transferTo(reply);
    } catch (IOException reset) {
      // An end too.
    }
    return reply.toString(StandardCharsets.ISO_8859_1);
  }

  /// The last that the client says, and all that it hears.
  private static String ask(Socket socket, String text) throws IOException {
    write(socket, text);
    socket.shutdownOutput();
    return readAll(socket);
  }

  private static String hello() {
    String body =
        new String(
            Handshake.Hello.of(
                    Bytes.of(new byte[Handshake.NONCE_BYTES]), SigningKey.generate().verifyingKey())
                .encode()
                .toArray(),
            StandardCharsets.ISO_8859_1);
    return "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  @Test
  void whatNeverBecomesARequestIsCutOff() throws Exception {
    try (var edge = new Edge(folder, SHORT, EdgeTest::simulated)) {
      List<Socket> attackers = new ArrayList<>();
      for (String begun :
          List.of(
              "",
              "P",
              "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nX-Filler: a",
              "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
              "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{")) {
        var socket = edge.connect();
        write(socket, begun);
        attackers.add(socket);
      }
      edge.isHealthy();
      for (var socket : attackers) {
        assertThat(readAll(socket)).doesNotStartWith("HTTP/1.1 2");
        socket.close();
      }
      edge.isHealthy();
      edge.hasSeenNoBug();
    }
  }

  @Test
  void whoTricklesIsCutOffLikeWhoIsSilent() throws Exception {
    try (var edge = new Edge(folder, SHORT, EdgeTest::simulated);
        var socket = edge.connect()) {
      write(socket, "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n");
      socket.setSoTimeout(100);
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 4000; i++) {
                  write(socket, " ");
                  try {
                    if (socket.getInputStream().read() < 0) {
                      throw new IOException("the server ended it");
                    }
                  } catch (java.net.SocketTimeoutException stillOpen) {
                    // The next byte.
                  }
                }
              })
          .isInstanceOf(IOException.class);
      edge.hasSeenNoBug();
    }
  }

  @Test
  void workOfTheEnclavesOwnIsNotCutOff() throws Exception {
    var slowOneIsGone = new CountDownLatch(1);
    Function<Binding, Evidence> slow =
        binding -> {
          try {
            slowOneIsGone.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return simulated(binding);
        };
    try (var edge = new Edge(folder, SHORT, slow);
        var working = edge.connect()) {
      write(working, hello());
      try (var silent = edge.connect()) {
        assertThat(readAll(silent)).isEmpty();
      }
      working.shutdownOutput();
      slowOneIsGone.countDown();
      assertThat(readAll(working)).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void oneAddressHasItsShareOfTheConnections() throws Exception {
    try (var edge = new Edge(folder, LONG, EdgeTest::simulated)) {
      List<Socket> held = new ArrayList<>();
      for (int i = 0; i < Limits.CONNECTIONS_OF_ONE_ADDRESS; i++) {
        held.add(edge.connect());
      }
      for (int i = 0; i < 3; i++) {
        try (var tooMany = edge.connect()) {
          assertThat(readAll(tooMany)).isEmpty();
        }
      }
      edge.isHealthy();
      for (var socket : held) {
        socket.close();
      }
      // The server notices in its own time.
      String reply = "";
      while (reply.isEmpty()) {
        try (var socket = edge.connect()) {
          reply = ask(socket, hello());
        } catch (IOException refused) {
          // Once more.
        }
      }
      assertThat(reply).startsWith("HTTP/1.1 200");
      edge.hasSeenNoBug();
    }
  }

  @Test
  void nothingIsReadForASessionOrAnUploadThatDoesNotExist() throws Exception {
    try (var edge = new Edge(folder, LONG, EdgeTest::simulated)) {
      for (String begun :
          List.of(
              "POST /v1/sessions/" + NOBODY + "/messages HTTP/1.1\r\nContent-Length: 4194304",
              "PUT /v1/uploads/"
                  + NOBODY
                  + "/parts/0?offset=0 HTTP/1.1\r\nContent-Length: 8388608")) {
        try (var socket = edge.connect()) {
          write(socket, begun + "\r\nHost: x\r\n\r\n");
          var first = new byte[12];
          assertThat(socket.getInputStream().readNBytes(first, 0, 12)).isEqualTo(12);
          assertThat(new String(first, StandardCharsets.ISO_8859_1)).isEqualTo("HTTP/1.1 404");
        }
      }
    }
  }

  @Test
  void strangersHoldAShareOfTheMemoryAndNoMore() throws Exception {
    int held = Limits.MESSAGE_BYTES - 1;
    long share = Runtime.getRuntime().maxMemory() / 64;
    int attackers = Math.toIntExact(share / held + 1);
    assertThat(attackers).isLessThan(Limits.CONNECTIONS_OF_ONE_ADDRESS);
    try (var edge = new Edge(folder, LONG, EdgeTest::simulated);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Socket> sockets = new ArrayList<>();
      List<CompletableFuture<String>> refusals = new ArrayList<>();
      for (int i = 0; i < attackers; i++) {
        var socket = edge.connect();
        sockets.add(socket);
        String session = session(edge);
        refusals.add(CompletableFuture.supplyAsync(() -> firstWords(socket), threads));
        Thread.startVirtualThread(() -> {
          try {
            write(
                socket,
                "POST /v1/sessions/"
                    + session
                    + "/messages HTTP/1.1\r\nHost: x\r\nContent-Length: "
                    + Limits.MESSAGE_BYTES
                    + "\r\n\r\n"
                    + "x".repeat(held));
          } catch (IOException refused) {
            // The reply says so.
          }
        });
      }
      assertThat(CompletableFuture.anyOf(refusals.toArray(CompletableFuture[]::new)).join())
          .isEqualTo("HTTP/1.1 503");
      edge.isHealthy();
      edge.hasSeenNoBug();
      for (var socket : sockets) {
        socket.close();
      }
    }
  }

  private static String session(Edge edge) throws IOException {
    try (var socket = edge.connect()) {
      String reply = ask(socket, hello());
      return reply.replaceAll("(?s).*\"session\":\"([0-9a-f]{32})\".*", "$1");
    }
  }

  private static String firstWords(Socket socket) {
    try {
      return new String(socket.getInputStream().readNBytes(12), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  @Test
  void bytesInFlightAreCountedAndGivenBack() {
    var budget = new BytesInFlight(100);
    try (var one = budget.hold();
        var other = budget.hold()) {
      one.more(60);
      assertThatThrownBy(() -> other.more(41))
          .isInstanceOfSatisfying(
              CloisterException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_BUSY));
      other.more(40);
    }
    try (var all = budget.hold()) {
      all.more(100);
    }
  }

  // Failures of our own.

  @Test
  void anErrorEndsInTheOneHandlerAndIsLoggedByItsClassAlone() throws Exception {
    var logged = new ArrayList<String>();
    var log =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            synchronized (logged) {
              logged.add(
                  line.getLoggerName()
                      + line.getMessage()
                      + Arrays.toString(line.getParameters())
                      + line.getThrown());
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger.getLogger("").addHandler(log);
    var failures =
        List.<Error>of(
            new OutOfMemoryError("canary"),
            new StackOverflowError("canary"),
            new AssertionError("canary"));
    try {
      for (Error failure : failures) {
        Function<Binding, Evidence> failing =
            _ -> {
              throw failure;
            };
        try (var edge = new Edge(folder, LONG, failing);
            var socket = edge.connect()) {
          assertThat(ask(socket, hello()))
              .startsWith("HTTP/1.1 500")
              .endsWith("{\"error\":{\"code\":\"internal\"}}")
              .doesNotContain("canary");
          assertThat(edge.metrics.openMetrics()).contains("cloister_bugs_total 1\n");
          edge.isHealthy();
        }
      }
    } finally {
      Logger.getLogger("").removeHandler(log);
    }
    assertThat(logged).hasSize(failures.size());
    for (int i = 0; i < failures.size(); i++) {
      assertThat(logged.get(i))
          .startsWith("cloister.enclave")
          .contains("bug: ")
          .endsWith("null")
          .doesNotContain("canary");
    }
  }

  @Test
  void aClientThatHangsUpIsNoBug() throws Exception {
    try (var edge = new Edge(folder, LONG, EdgeTest::simulated)) {
      for (String begun :
          IntStream.of(0, 5, 40, 90)
              .mapToObj(at -> hello().substring(0, hello().length() - 1 - at))
              .toList()) {
        try (var socket = edge.connect()) {
          assertThat(ask(socket, begun)).doesNotStartWith("HTTP/1.1 5");
        }
      }
      edge.isHealthy();
      edge.hasSeenNoBug();
    }
  }

  @Test
  void aTakenPortIsSaidInOneLine() throws Exception {
    try (var edge = new Edge(folder, LONG, EdgeTest::simulated)) {
      var settings = TestRoom.settings(folder.resolve("second"), edge.api.port());
      for (int attempt = 0; attempt < 2; attempt++) {
        // Twice: the first left nothing that stands in the way of the second.
        assertThatThrownBy(() -> InsecureServer.start(settings, InstantSource.system()))
            .isInstanceOfSatisfying(
                CloisterException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.ADDRESS_TAKEN))
            .hasMessage(
                "127.0.0.1:" + edge.api.port() + " is taken, or is no address of this machine");
      }
    }
  }

  @Test
  void withoutMemoryBackedStorageNoServerStartsUnlessTheDiskIsAskedFor() {
    assertThatThrownBy(() -> EnclaveServer.plaintextFolder(Optional.empty(), Optional.empty()))
        .isInstanceOfSatisfying(
            CloisterException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.MEMORY_UNPROTECTED));
    Path disk = folder.resolve("disk");
    assertThat(EnclaveServer.plaintextFolder(Optional.empty(), Optional.of(disk)))
        .isEqualTo(disk)
        .isDirectory();
    // Where there is memory, no option takes plaintext to the disk.
    assertThat(EnclaveServer.plaintextFolder(Optional.of(folder), Optional.of(disk)))
        .isEqualTo(folder);
  }
}
