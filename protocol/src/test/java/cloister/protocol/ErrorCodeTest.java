package cloister.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import cloister.testkit.Golden;
import org.junit.jupiter.api.Test;

class ErrorCodeTest {
  @Test
  void theCatalogueInTheDocumentationIsThisOne() {
    var page =
        new StringBuilder(
            """
            # Errors

            Every error has a code, one sentence on what happened, and what to do. Codes are stable; the sentence
            that comes with one may say more. No message holds a value of the data, a key or an engine's text.
            This page is generated: `make golden` rewrites it from `ErrorCode`.

            | Kind | Exit code of `cloister` | Means |
            |---|---|---|
            """);
    for (var kind : ErrorCode.Kind.values()) {
      page.append("| %s | %d | %s |%n".formatted(kind, kind.exitCode(), kind.meaning()));
    }
    page.append("%n| Code | Kind | What happened | What to do |%n|---|---|---|---|%n".formatted());
    for (var code : ErrorCode.values()) {
      page.append(
          "| `%s` | %s | %s | %s |%n"
              .formatted(code.label(), code.kind(), code.meaning(), code.remedy()));
    }
    Golden.check("../../../../docs/errors.md", page.toString());
  }

  @Test
  void everyCodeIsFoundByItsLabel() {
    for (var code : ErrorCode.values()) {
      assertThat(ErrorCode.byLabel(code.label())).contains(code);
      assertThat(code.meaning()).endsWith(".");
      assertThat(code.remedy()).endsWith(".");
    }
  }

  @Test
  void kindsHaveDifferentExitCodesAndNoneSaysSuccess() {
    assertThat(ErrorCode.Kind.values())
        .extracting(ErrorCode.Kind::exitCode)
        .doesNotHaveDuplicates()
        .doesNotContain(0);
  }
}
