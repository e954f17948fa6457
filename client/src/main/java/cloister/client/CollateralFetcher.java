package cloister.client;

import cloister.attestation.Collateral;
import cloister.attestation.Collateral.Item;
import cloister.attestation.Collateral.Kind;
import cloister.attestation.Collateral.Source;
import cloister.attestation.EvidenceException;
import cloister.crypto.Bytes;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// Gets collateral from the vendors' services, or from mirrors of them (Intel's PCCS, a proxy).
/// Nothing that comes back is believed, so no more is asked of the connection than that it ends:
/// the verifier checks every item against a pinned key. Key sets alone are as good as the
/// connection to the vendor or the mirror, where a policy does not name their keys.
public final class CollateralFetcher implements AutoCloseable {
  private static final int MAX_BYTES = 4 << 20;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final HttpClient http =
      HttpClient.newBuilder()
          .connectTimeout(Duration.ofSeconds(10))
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();

  private final Map<String, URI> mirrors;

  /// @param mirrors by the beginning of a vendor's URL, what to put in its place
  public CollateralFetcher(Map<String, URI> mirrors) {
    this.mirrors = Map.copyOf(mirrors);
  }

  /// Where a source is asked for: at the vendor's, or at its mirror.
  public URI address(Source source) {
    String url = source.url();
    for (Map.Entry<String, URI> mirror : mirrors.entrySet()) {
      if (url.startsWith(mirror.getKey())) {
        return URI.create(mirror.getValue() + url.substring(mirror.getKey().length()));
      }
    }
    return URI.create(url);
  }

  /// What was named as the beginning of a vendor's URL, and no source begins with it.
  public List<String> unmatched(List<Source> sources) {
    return mirrors.keySet().stream()
        .filter(prefix -> sources.stream().noneMatch(source -> source.url().startsWith(prefix)))
        .sorted()
        .toList();
  }

  /// Fetches all.
  ///
  /// @param progress told of each source before it is asked
  public Collateral fetch(List<Source> sources, Consumer<Source> progress)
      throws InterruptedException {
    var items = new ArrayList<Item>();
    for (Source source : sources.stream().distinct().toList()) {
      progress.accept(source);
      items.addAll(fetch(source));
    }
    try {
      return Collateral.of(items);
    } catch (EvidenceException e) {
      throw new CloisterException(
          ErrorCode.COLLATERAL_UNREACHABLE, "what came is malformed: " + e.getMessage(), e);
    }
  }

  private List<Item> fetch(Source source) throws InterruptedException {
    URI url = address(source);
    HttpResponse<byte[]> response;
    try {
      response =
          http.send(
              HttpRequest.newBuilder(url).timeout(PATIENCE).build(),
              BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_BYTES));
    } catch (IOException e) {
      throw new CloisterException(ErrorCode.COLLATERAL_UNREACHABLE, "no answer from " + url, e);
    }
    if (response.statusCode() != 200) {
      throw new CloisterException(
          ErrorCode.COLLATERAL_UNREACHABLE,
          "%s answered with status %d".formatted(url, response.statusCode()));
    }
    var items = new ArrayList<Item>();
    Bytes body = Bytes.of(response.body());
    items.add(
        new Item(
            source.kind(),
            source.url(),
            source.kind() == Kind.REFERENCE_MANIFEST ? manifest(body) : body));
    if (source.chainHeader().isPresent()) {
      String chain =
          response
              .headers()
              .firstValue(source.chainHeader().get())
              .orElseThrow(() ->
                  new CloisterException(
                      ErrorCode.COLLATERAL_UNREACHABLE,
                      url + " answered without the header " + source.chainHeader().get()));
      items.add(new Item(Kind.CERTIFICATES, source.url(), Bytes.utf8(decoded(url, chain))));
    }
    return items;
  }

  private static String decoded(URI url, String chain) {
    try {
      return URLDecoder.decode(chain, StandardCharsets.US_ASCII);
    } catch (IllegalArgumentException e) {
      throw new CloisterException(
          ErrorCode.COLLATERAL_UNREACHABLE, url + " answered with a malformed chain", e);
    }
  }

  /// NVIDIA's service wraps a manifest into `{"rim": base64, …}`.
  private static Bytes manifest(Bytes body) {
    return Optional.of(Json.parse(body.toArray(), MAX_BYTES))
        .filter(Json.Obj.class::isInstance)
        .flatMap(json -> ((Json.Obj) json).get("rim"))
        .filter(Json.Str.class::isInstance)
        .map(rim -> Bytes.base64(((Json.Str) rim).value()))
        .orElseThrow(() ->
            new CloisterException(
                ErrorCode.COLLATERAL_UNREACHABLE, "the answer holds no reference manifest"));
  }

  @Override
  public void close() {
    http.close();
  }
}
