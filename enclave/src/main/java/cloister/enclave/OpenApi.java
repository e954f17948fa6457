package cloister.enclave;

import cloister.protocol.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/// The description of `/v1`, as it is served.
final class OpenApi {
  private static final Json DOCUMENT = load();

  private OpenApi() {}

  static Json document() {
    return DOCUMENT;
  }

  private static Json load() {
    try (InputStream in = OpenApi.class.getResourceAsStream("openapi.json")) {
      if (in == null) {
        throw new IllegalStateException("openapi.json is part of the program");
      }
      return Json.parse(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
