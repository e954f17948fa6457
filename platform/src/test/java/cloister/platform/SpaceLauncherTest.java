package cloister.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Binding;
import cloister.attestation.Evidence;
import cloister.attestation.Tee;
import cloister.crypto.Bytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Against a real Unix-domain socket, whose server answers with what each test says, in as many
/// pieces as it says, and may never end.
final class SpaceLauncherTest {
  private static final Binding BINDING = Binding.of("cloister/test/v1", Bytes.utf8("nonce"));
  private static final String TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJnb29nbGUifQ.c2lnbmF0dXJl";
  private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  @TempDir Path folder;
  private ServerSocketChannel server;
  private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();

  /// Pieces; an empty one at the end keeps the connection open and says no more.
  private volatile List<String> answer = List.of();

  @BeforeEach
  void listen() throws IOException {
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(folder.resolve("socket")));
    Thread.ofVirtual().start(this::serve);
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private void serve() {
    try {
      while (true) {
        var connection = server.accept();
        Thread.ofVirtual().start(() -> answer(connection));
      }
    } catch (IOException _) {
      // The test is over.
    }
  }

  private void answer(SocketChannel connection) {
    try {
      requests.add(request(connection));
      for (String piece : answer) {
        if (piece.isEmpty()) {
          connection.read(ByteBuffer.allocate(1));
        }
        connection.write(ByteBuffer.wrap(piece.getBytes(StandardCharsets.ISO_8859_1)));
      }
      connection.close();
    } catch (IOException e) {
      // The client has left, which some tests want.
      if (connection.isOpen()) {
        try {
          connection.close();
        } catch (IOException closing) {
          throw new UncheckedIOException(closing);
        }
      }
    }
  }

  private static String request(SocketChannel connection) throws IOException {
    var read = new ByteArrayOutputStream();
    var one = ByteBuffer.allocate(1);
    String text = "";
    while (!text.endsWith("}")) {
      one.clear();
      if (connection.read(one) < 0) {
        break;
      }
      read.write(one.get(0));
      text = read.toString(StandardCharsets.UTF_8);
    }
    return text;
  }

  private Evidence evidence(Duration timeout) throws PlatformException {
    return new SpaceLauncher(
            folder.resolve("socket"),
            "https://cloister.example",
            new Attempts(1, Duration.ZERO),
            timeout)
        .evidence(BINDING);
  }

  private void gives(String... pieces) throws Exception {
    answer = List.of(pieces);
    var evidence = evidence(TIMEOUT);
    assertThat(evidence.tee()).isEqualTo(Tee.CONFIDENTIAL_SPACE);
    assertThat(evidence.report()).isEqualTo(Bytes.utf8(TOKEN));
  }

  private void refused(String says, String... pieces) {
    answer = List.of(pieces);
    assertThatThrownBy(() -> evidence(TIMEOUT))
        .isInstanceOf(PlatformException.class)
        .satisfies(e ->
            assertThat(e.getCause() == null ? e.getMessage() : e.getCause().getMessage())
                .contains(says));
  }

  private static String length(int bytes) {
    return HEAD + "Content-Length: " + bytes + "\r\n\r\n";
  }

  @Test
  void theRequestHasTheAudienceAndTheDigestOfTheBindingAsNonce() throws Exception {
    gives(length(TOKEN.length()) + TOKEN);
    String nonce =
        java.util.Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(BINDING.sha256().toArray());
    assertThat(nonce).hasSize(43);
    assertThat(requests.take())
        .startsWith("POST /v1/token HTTP/1.1\r\n")
        .contains("Content-Type: application/json\r\n")
        .endsWith(
            "\r\n\r\n{\"audience\":\"https://cloister.example\",\"nonces\":[\""
                + nonce
                + "\"],\"token_type\":\"PKI\"}");
  }

  @Test
  void aBodyIsReadByItsLengthOrByItsChunksInWhateverPieces() throws Exception {
    String whole = length(TOKEN.length() + 1) + TOKEN + "\n";
    gives(whole.split("(?<=.)"));
    String chunked =
        HEAD
            + "Transfer-Encoding: chunked\r\n\r\n5;name=value\r\n"
            + TOKEN.substring(0, 5)
            + "\r\n"
            + Integer.toHexString(TOKEN.length() - 5)
            + "\r\n"
            + TOKEN.substring(5)
            + "\r\n0\r\nTrailer: x\r\n\r\n";
    gives(chunked);
    gives(chunked.split("(?<=.)"));
    // Whoever has said how long it is need not end the connection.
    gives(length(TOKEN.length()), TOKEN, "");
  }

  @Test
  void whatStallsEndsAtTheDeadline() {
    for (String said : new String[] {"HTTP/1.1 200", HEAD, length(60), length(60) + "eyJ"}) {
      answer = List.of(said, "");
      assertThatThrownBy(() -> evidence(Duration.ofMillis(50)))
          .isInstanceOf(PlatformException.class)
          .hasRootCauseMessage("no answer in time");
    }
  }

  @Test
  void otherStatusesAndTypesAreRefused() {
    refused("status 400", "HTTP/1.1 400 Bad Request\r\nContent-Length: 7\r\n\r\nsecrets");
    refused("status 500", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
    refused("status 302", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
    refused(
        "something else than a token",
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: "
            + TOKEN.length()
            + "\r\n\r\n"
            + TOKEN);
    refused("something else than a token", length(5) + "token");
    refused("something else than a token", length(0));
  }

  @Test
  void anAnswerWithoutAnEndOrWithTwoIsRefused() {
    refused("how long it is", HEAD + "\r\n" + TOKEN);
    refused(
        "how long it is",
        HEAD + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    refused("how long it is", HEAD + "Content-Length: -5\r\n\r\n");
    refused("a header twice", HEAD + "Content-Length: 5\r\ncontent-length: 6\r\n\r\n");
    refused("unknown transfer", HEAD + "Transfer-Encoding: gzip, chunked\r\n\r\n");
  }

  @Test
  void cutOversizeAndMalformedAnswersAreRefused() {
    refused("ends early");
    refused("ends early", length(60) + "eyJ");
    refused("more than 65536 bytes", length(65_537) + "x".repeat(65_537));
    refused(
        "more than 65536 bytes",
        HEAD
            + "Transfer-Encoding: chunked\r\n\r\n8000\r\n"
            + "x".repeat(0x8000)
            + "\r\n8001\r\n"
            + "x".repeat(0x8001)
            + "\r\n0\r\n\r\n");
    refused("longer head", HEAD + "X: " + "x".repeat(20_000) + "\r\n\r\n");
    StringBuilder many = new StringBuilder(HEAD);
    for (int i = 0; i < 2000; i++) {
      many.append("X").append(i).append(": y\r\n");
    }
    refused("longer head", many + "\r\n");
    refused("not HTTP/1.1", "SSH-2.0-x\r\n\r\n");
    refused("not HTTP/1.1", "HTTP/2 200\r\n\r\n");
    refused("CR LF", "HTTP/1.1 200 OK\n\n");
    refused("malformed header", HEAD + " folded\r\n\r\n");
    refused("malformed chunk", HEAD + "Transfer-Encoding: chunked\r\n\r\n-1\r\n");
    refused("malformed chunk", HEAD + "Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n");
    refused(
        "longer than it says", HEAD + "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n");
  }

  @Test
  void aSocketThatNobodyServesIsAFailure() throws Exception {
    server.close();
    assertThatThrownBy(() -> evidence(TIMEOUT)).isInstanceOf(PlatformException.class);
  }

  @Test
  void anAudienceThatWouldAddToTheRequestIsRefused() {
    for (String audience : new String[] {"", "a\"b", "a\\b", "a b", "x".repeat(513)}) {
      assertThatThrownBy(
              () -> new SpaceLauncher(folder.resolve("socket"), audience, Attempts.USUAL, TIMEOUT))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
