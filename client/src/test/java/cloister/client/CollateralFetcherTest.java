package cloister.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Collateral;
import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.attestation.Collateral.Source;
import cloister.crypto.Bytes;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Against a server that answers as the vendors' do, and against one that does not.
class CollateralFetcherTest {
  private static final String VENDOR = "https://vendor.invalid";
  private static final String INFO = "{\"tcbInfo\":{},\"signature\":\"00\"}";

  private final List<String> asked = new ArrayList<>();
  private HttpServer server;
  private CollateralFetcher fetcher;

  @TempDir Path folder;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    String chain = new String(resource("root.pem"), UTF_8);
    server.createContext(
        "/",
        exchange -> {
          asked.add(exchange.getRequestURI().toString());
          byte[] body =
              switch (exchange.getRequestURI().getPath()) {
                case "/tcb", "/bare" -> INFO.getBytes(UTF_8);
                case "/keys" -> "{\"keys\":[]}".getBytes(UTF_8);
                case "/rim" ->
                    "{\"id\":\"x\",\"rim\":\"%s\"}"
                        .formatted(Base64.getEncoder().encodeToString("<xml/>".getBytes(UTF_8)))
                        .getBytes(UTF_8);
                case "/huge" -> new byte[(4 << 20) + 1];
                default -> new byte[0];
              };
          if (exchange.getRequestURI().getPath().equals("/tcb")) {
            exchange
                .getResponseHeaders()
                .add("TCB-Info-Issuer-Chain", URLEncoder.encode(chain, UTF_8).replace("+", "%20"));
          }
          exchange.sendResponseHeaders(
              body.length == 0 ? 404 : 200, body.length == 0 ? -1 : body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    fetcher =
        new CollateralFetcher(
            Map.of(VENDOR, URI.create("http://127.0.0.1:" + server.getAddress().getPort())));
  }

  @AfterEach
  void stop() {
    fetcher.close();
    server.stop(0);
  }

  @Test
  void anItemAndTheChainOfItsHeaderAreFetchedOnceEach() throws Exception {
    var source = new Source(Kind.TCB_INFO, VENDOR + "/tcb", Optional.of("TCB-Info-Issuer-Chain"));
    var told = new ArrayList<Source>();
    Collateral found = fetcher.fetch(List.of(source, source), told::add, _ -> {});
    assertThat(found.items())
        .extracting(Item::kind)
        .containsExactly(Kind.TCB_INFO, Kind.CERTIFICATES);
    assertThat(found.items()).extracting(Item::source).containsOnly(VENDOR + "/tcb");
    assertThat(asked).hasSize(1);
    assertThat(told).containsExactly(source);
  }

  @Test
  void aManifestComesOutOfItsEnvelope() throws Exception {
    var found =
        fetcher.fetch(
            List.of(new Source(Kind.REFERENCE_MANIFEST, VENDOR + "/rim", Optional.empty())),
            _ -> {},
            _ -> {});
    assertThat(found.items().getFirst().bytes()).isEqualTo(Bytes.utf8("<xml/>"));
  }

  @Test
  void whatDoesNotAnswerAsAVendorIsNamed() {
    for (Source bad :
        List.of(
            new Source(Kind.KEY_SET, VENDOR + "/nothing", Optional.empty()),
            new Source(Kind.KEY_SET, VENDOR + "/huge", Optional.empty()),
            new Source(Kind.TCB_INFO, VENDOR + "/bare", Optional.of("TCB-Info-Issuer-Chain")),
            new Source(Kind.REVOCATION_LIST, VENDOR + "/keys", Optional.empty()),
            new Source(Kind.REFERENCE_MANIFEST, VENDOR + "/keys", Optional.empty()))) {
      assertThatThrownBy(() -> fetcher.fetch(List.of(bad), _ -> {}, _ -> {}))
          .as(bad.url())
          .isInstanceOfSatisfying(
              CloisterException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.COLLATERAL_UNREACHABLE));
    }
  }

  /// As the key of a chip whose product its report does not say.
  @Test
  void whatTheVendorDoesNotHaveIsNamedAndTheRestFetched() throws Exception {
    var there = new Source(Kind.KEY_SET, VENDOR + "/keys", Optional.empty());
    var absent = new Source(Kind.KEY_SET, VENDOR + "/nothing", Optional.empty());
    var told = new ArrayList<Source>();
    assertThat(fetcher.fetch(List.of(absent, there), _ -> {}, told::add).items())
        .extracting(Item::source)
        .containsExactly(there.url());
    assertThat(told).containsExactly(absent);
  }

  /// Of key sets the connection is all that there is.
  @Test
  void aVendorIsKnownByACertificateThatThisMachineTrusts() throws Exception {
    Path keys = folder.resolve("keys.p12");
    char[] password = "changeit".toCharArray();
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-dname",
                "CN=127.0.0.1",
                "-ext",
                "san=ip:127.0.0.1",
                "-keystore",
                keys.toString(),
                "-storepass",
                new String(password))
            .redirectErrorStream(true)
            .start();
    keytool.getInputStream().readAllBytes();
    assertThat(keytool.waitFor()).isZero();
    var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(KeyStore.getInstance(keys.toFile(), password), password);
    var tls = SSLContext.getInstance("TLS");
    tls.init(managers.getKeyManagers(), null, null);
    var stranger =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    stranger.setHttpsConfigurator(new HttpsConfigurator(tls));
    stranger.createContext("/", exchange -> asked.add(exchange.getRequestURI().toString()));
    stranger.start();
    URI address = URI.create("https://127.0.0.1:" + stranger.getAddress().getPort());
    try (var believing = new CollateralFetcher(Map.of(VENDOR, address))) {
      var source = new Source(Kind.KEY_SET, VENDOR + "/keys", Optional.empty());
      assertThatThrownBy(() -> believing.fetch(List.of(source), _ -> {}, _ -> {}))
          .isInstanceOf(CloisterException.class)
          .hasCauseInstanceOf(SSLHandshakeException.class);
      assertThat(asked).isEmpty();
    } finally {
      stranger.stop(0);
    }
  }

  /// Nothing takes back what was there: the newest that is authentic counts, and all stay.
  @Test
  void theStoreKeepsEveryItemOnceAndDropsWhatEndedLongAgo() throws Exception {
    var store = new CollateralStore(folder);
    assertThat(store.read().items()).isEmpty();
    Instant now = Instant.parse("2026-11-28T12:00:00Z");
    Item keys = keySet(now);
    Item root = new Item(Kind.CERTIFICATES, VENDOR, Bytes.of(resource("root.pem")));
    assertThat(store.add(Collateral.of(List.of(keys, root)), now).fresh()).isEqualTo(2);
    assertThat(store.add(Collateral.of(List.of(root, keys)), now).fresh()).isZero();
    assertThat(store.read().items()).containsExactly(keys, root);
    Instant next = now.plus(Duration.ofDays(121));
    store.add(Collateral.of(List.of(keySet(next))), next);
    assertThat(store.read().items())
        .as("of one source the newest")
        .containsExactly(root, keySet(next));
    store.add(Collateral.none(), next.plus(Duration.ofDays(122)));
    assertThat(store.read().items()).containsExactly(root);
    store.add(Collateral.none(), Instant.parse("2060-01-01T00:00:00Z"));
    assertThat(store.read().items()).isEmpty();
  }

  /// What could not be read again would lock the home.
  @Test
  void aBundleThatMakesTheStoreTooLargeIsRefusedAndTheStoreStays() throws Exception {
    var store = new CollateralStore(folder);
    Instant now = Instant.parse("2026-11-28T12:00:00Z");
    Item root = new Item(Kind.CERTIFICATES, VENDOR, Bytes.of(resource("root.pem")));
    assertThat(store.add(Collateral.of(List.of(root)), now).fresh()).isEqualTo(1);
    var large = new ArrayList<Item>();
    for (int i = 0; i < 256; i++) {
      String keys = "{\"keys\":[],\"%s\":0}".formatted("x".repeat(200_000));
      large.add(new Item(Kind.KEY_SET, VENDOR + "/" + i, Bytes.utf8(keys), Optional.of(now)));
    }
    assertThatThrownBy(() -> store.add(Collateral.of(large), now))
        .isInstanceOf(CloisterException.class)
        .hasMessageContaining("drop some of it first");
    assertThat(store.read().items()).containsExactly(root);
  }

  private static Item keySet(Instant fetched) {
    return new Item(Kind.KEY_SET, VENDOR, Bytes.utf8("{\"keys\":[]}"), Optional.of(fetched));
  }

  /// Any certificate will do: it is a pinned one, which is public.
  private static byte[] resource(String name) throws IOException {
    try (var file = Collateral.class.getResourceAsStream("intel-sgx-root.pem")) {
      if (file == null) {
        throw new IOException("no " + name);
      }
      return file.readAllBytes();
    }
  }
}
