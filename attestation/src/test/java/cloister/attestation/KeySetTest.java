package cloister.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.attestation.Signatures.Algorithm;
import cloister.attestation.TestAuthority.Kind;
import cloister.crypto.Bytes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Key sets of which one takes the place of another.
class KeySetTest {
  private static final Instant NOW = TestAuthority.NOW;
  private static final String ISSUER = "https://issuer.example/keys";
  private static final TestAuthority LEAKED = TestAuthority.root(Kind.RSA, "Leaked");
  private static final TestAuthority NEXT = TestAuthority.root(Kind.RSA, "Next");
  private static final Bytes TOKEN =
      TestTokens.signed(
          LEAKED,
          Algorithm.RS256,
          "{\"alg\":\"RS256\",\"kid\":\"one\"}",
          "{\"iat\":%d,\"exp\":%d}".formatted(NOW.getEpochSecond(), NOW.getEpochSecond() + 60));

  private final Collateral.Item old = set("one", LEAKED, NOW.minusSeconds(60));
  private final Collateral.Item newer = set("two", NEXT, NOW);

  @Test
  void aKeyThatTheNewestSetLacksIsWithdrawn() throws Exception {
    assertThat(refusal(old)).isEmpty();
    assertThat(refusal(old, newer)).contains("no usable key one");
    assertThat(refusal(newer, old)).contains("no usable key one");
    var elsewhere = TestTokens.keySet("https://other.example/keys", "two", NEXT);
    assertThat(refusal(old, elsewhere)).as("a newer set of another source").isEmpty();
    var undated = new Collateral.Item(old.kind(), ISSUER, old.bytes());
    assertThat(refusal(undated, newer)).contains("no usable key one");
  }

  @Test
  void theNewestOfASourceReplacesTheOthersAndOneThatIsMalformedReplacesNone() throws Exception {
    assertThat(and(old, newer)).containsExactly(newer);
    assertThat(and(newer, old)).containsExactly(newer);
    assertThat(and(newer, newer)).containsExactly(newer);
    var later = TestTokens.keySet(ISSUER, "{\"keys\":1}", NOW.plusSeconds(60));
    assertThat(and(newer, later)).containsExactly(newer);
    assertThat(refusal(old, later)).isEmpty();
    var elsewhere = TestTokens.keySet("https://other.example/keys", "two", NEXT);
    assertThat(and(old, elsewhere)).containsExactly(old, elsewhere);
    assertThat(Collateral.of(List.of(old, elsewhere)).without(ISSUER).items())
        .containsExactly(elsewhere);
  }

  @Test
  void aKeySetEndsWhenNoPolicyAcceptsItAnyMore() throws Exception {
    Instant end = old.fetched().orElseThrow().plus(Duration.ofDays(31));
    assertThat(Collateral.dates(old).until()).contains(end);
    assertThat(Collateral.of(List.of(old)).endingAfter(end).items()).hasSize(1);
    assertThat(Collateral.of(List.of(old)).endingAfter(end.plusSeconds(1)).items()).isEmpty();
    assertThatThrownBy(() ->
            new Collateral.Item(Collateral.Kind.TCB_INFO, ISSUER, old.bytes(), Optional.of(NOW)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static List<Collateral.Item> and(Collateral.Item one, Collateral.Item other)
      throws EvidenceException {
    return Collateral.of(List.of(one)).and(Collateral.of(List.of(other))).items();
  }

  private static Collateral.Item set(String kid, TestAuthority key, Instant fetched) {
    return TestTokens.keySet(ISSUER, "{\"keys\":[" + TestTokens.key(kid, key) + "]}", fetched);
  }

  /// Empty if the token holds.
  private static String refusal(Collateral.Item... sets) throws EvidenceException {
    Collateral collateral = Collateral.of(List.of(sets));
    try {
      Jws.parse("a token", TOKEN)
          .requireSignedByIssuer(new Checks(), "t", Algorithm.RS256, collateral, ISSUER, NOW);
      return "";
    } catch (EvidenceException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
