package cloister.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cloister.crypto.Bytes;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.testkit.Relay;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A host may answer what and as slowly as it likes: an attempt ends, and there are few of them.
final class HostTest {
  private static final Bytes HELLO = Bytes.utf8("{}");
  private static final Duration LONG = Duration.ofMinutes(5);

  private final CountDownLatch over = new CountDownLatch(1);
  private final AtomicInteger requests = new AtomicInteger();
  private @Nullable HttpServer server;

  private URI serve(HttpHandler handler) throws Exception {
    var serving = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server = serving;
    serving.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    serving.createContext(
        "/",
        exchange -> {
          requests.incrementAndGet();
          handler.handle(exchange);
        });
    serving.start();
    return URI.create("http://127.0.0.1:" + serving.getAddress().getPort());
  }

  @AfterEach
  void stop() {
    over.countDown();
    if (server != null) {
      server.stop(0);
    }
  }

  private void untilTheTestIsOver() {
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static CloisterException failure(URI uri, Duration patience) {
    try (var host = new Host(uri, patience)) {
      return catchThrowableOfType(
          CloisterException.class, () -> Attempts.of(() -> host.open(HELLO)));
    }
  }

  @Test
  void aBodyThatNeverEndsIsGivenUpAndNotAskedForAgain() throws Exception {
    URI uri =
        serve(exchange -> {
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write(1);
          exchange.getResponseBody().flush();
          untilTheTestIsOver();
        });
    var failure = failure(uri, Duration.ofMillis(300));
    assertThat(failure.code()).isEqualTo(ErrorCode.SERVER_UNREACHABLE);
    assertThat(failure).hasMessageContaining("it takes too long");
    assertThat(requests).hasValue(1);
  }

  @Test
  void anAnswerThatNeverBeginsIsGivenUpAndNotAskedForAgain() throws Exception {
    URI uri = serve(_ -> untilTheTestIsOver());
    assertThat(failure(uri, Duration.ofMillis(300))).hasMessageContaining("it takes too long");
    assertThat(requests).hasValue(1);
  }

  @Test
  void aBodyWithoutEndIsNotKept() throws Exception {
    URI uri =
        serve(exchange -> {
          exchange.sendResponseHeaders(200, 0);
          byte[] much = new byte[1 << 20];
          while (over.getCount() > 0) {
            exchange.getResponseBody().write(much);
          }
        });
    assertThat(failure(uri, LONG).code()).isEqualTo(ErrorCode.SERVER_UNREACHABLE);
    assertThat(requests).hasValue(Attempts.MOST);
  }

  @Test
  void aHostThatOnlyRefusesIsAskedAFewTimes() throws Exception {
    URI uri =
        serve(exchange -> {
          exchange.sendResponseHeaders(503, -1);
          exchange.close();
        });
    assertThat(failure(uri, LONG)).hasMessageContaining("HTTP 503");
    assertThat(requests).hasValue(Attempts.MOST);
  }

  @Test
  void aHostThatEndsEachConnectionIsAskedAFewTimes() throws Exception {
    try (var relay = new Relay(URI.create("http://127.0.0.1:1"))) {
      relay.attack((_, _) -> {
        requests.incrementAndGet();
        return Relay.Response.LOST;
      });
      assertThat(failure(relay.uri(), LONG)).hasMessageContaining("the connection ended");
      assertThat(requests).hasValue(Attempts.MOST);
    }
  }

  @Test
  void aRedirectIsARefusal() throws Exception {
    try (var elsewhere = new Relay(URI.create("http://127.0.0.1:1"))) {
      var followed = new AtomicInteger();
      elsewhere.attack((_, _) -> {
        followed.incrementAndGet();
        return new Relay.Response(200, Relay.Body.utf8("{}"));
      });
      URI uri =
          serve(exchange -> {
            exchange.getResponseHeaders().add("Location", elsewhere.uri() + "/v1/sessions");
            exchange.sendResponseHeaders(307, -1);
            exchange.close();
          });
      assertThat(failure(uri, LONG)).hasMessageContaining("HTTP 307");
      assertThat(followed).hasValue(0);
    }
  }

  @Test
  void whoeverWaitsCanBeInterrupted() throws Exception {
    var arrived = new CountDownLatch(1);
    URI uri =
        serve(_ -> {
          arrived.countDown();
          untilTheTestIsOver();
        });
    try (var host = new Host(uri, LONG);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var ended = new CountDownLatch(1);
      var waiting =
          threads.submit(() -> {
            assertThatThrownBy(() -> Attempts.of(() -> host.open(HELLO)))
                .isInstanceOf(InterruptedException.class);
            ended.countDown();
            return true;
          });
      arrived.await();
      threads.shutdownNow();
      ended.await();
      assertThat(waiting.get()).isTrue();
    }
  }
}
