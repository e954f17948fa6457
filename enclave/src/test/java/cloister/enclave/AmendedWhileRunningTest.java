package cloister.enclave;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cloister.protocol.CloisterException;
import cloister.protocol.Command;
import cloister.protocol.ErrorCode;
import cloister.protocol.Reply;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Owners who change their documents between two questions, or under one that is being answered.
/// Noise derives from the question: if two exact tables were ever one question, their difference
/// would be exact.
@Timeout(120)
final class AmendedWhileRunningTest {
  private static final String SUM =
      "SELECT SUM(a.w) AS s FROM airline.weights a JOIN media.members m ON a.email = m.email";

  @TempDir Path folder;

  /// A release of numbers and of one other participant's membership.
  private static String weights(String bounds) {
    return """
    dataset: weights
    unit: email
    columns:
      email: {type: string, semantic: email, use: [join]}
      w: {type: "decimal(10,2)", use: [sum, avg], bounds: %s}
    terms:
      - rule: any
        analysts: [research]
        analyses: [any-sql]
        purposes: [ResearchAndDevelopment]
        recipients: [research]
        obligations:
          minimum-units: 1
          differential-privacy: {epsilon: 1}
          budget: {epsilon: 100}
    """
        .formatted(bounds);
  }

  private static String members(String obligations) {
    return """
    dataset: members
    unit: email
    columns:
      email: {type: string, semantic: email, use: [join]}
    terms:
      - rule: any
        analysts: [research]
        analyses: [any-sql]
        purposes: [ResearchAndDevelopment]
        recipients: [research]
        obligations: {minimum-units: 1%s}
    """
        .formatted(obligations);
  }

  private static final String NOISE =
      ", differential-privacy: {epsilon: 0.1}, budget: {epsilon: 10}";

  /// Than the airline's, so that the noise stays what it is.
  private static final String WEAKER =
      ", differential-privacy: {epsilon: 5}, budget: {epsilon: 10}";

  private static CharSequence people(String header, String more) {
    return IntStream.range(0, 1000)
        .mapToObj(i -> "p" + i + "@example.org" + more)
        .collect(Collectors.joining("\n", header + "\n", "\n"));
  }

  private TestRoom room(String obligations) throws Exception {
    var room = TestRoom.active(folder, InstantSource.system());
    room.share(room.media, members(obligations), people("email", ""));
    room.share(room.airline, weights("[0, 500]"), people("email,w", ",500"));
    return room;
  }

  private static BigDecimal spent(TestRoom room, String dataset) throws Exception {
    Reply.Budgets budgets = room.media.ask(new Command.Budget());
    return budgets.budgets().stream()
        .filter(line -> line.dataset().toString().endsWith(dataset))
        .map(Reply.BudgetLine::spentEpsilon)
        .findFirst()
        .orElse(BigDecimal.ZERO);
  }

  private static Reply.Ran got(Future<Reply.Ran> run) throws Exception {
    try {
      return run.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  @Test
  void underOtherBoundsItIsAnotherQuestion() throws Exception {
    try (var room = room(NOISE)) {
      Reply.Ran first = room.research.ask(room.adHoc(SUM));
      Reply.Ran same = room.research.ask(room.adHoc(SUM));
      assertThat(same.repeated()).isTrue();
      room.airline.ask(new Command.Apply(List.of(room.airline.signed(weights("[0, 5]")))));
      Reply.Ran second = room.research.ask(room.adHoc(SUM));
      assertThat(second.repeated()).isFalse();
      assertThat(spent(room, "members")).isEqualByComparingTo("0.2");
      assertThat(room.research.open(second).rows()).isNotEqualTo(room.research.open(first).rows());
    }
  }

  /// Both runs under one noise would differ by exactly what the bounds change: one person.
  @Test
  void aRunUnderBoundsThatChangeIsNotAnswered() throws Exception {
    try (var room = room(NOISE);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var wire = room.research.connect();
      Callable<Reply.Ran> ask = () -> room.research.ask(wire, room.adHoc(SUM));
      Future<Reply.Ran> early;
      try (var _ = TestRoom.standstill()) {
        early = threads.submit(ask);
        awaitSpending(room);
        room.airline.ask(new Command.Apply(List.of(room.airline.signed(weights("[100, 500]")))));
      }
      assertThatThrownBy(() -> got(early))
          .isInstanceOfSatisfying(
              CloisterException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.DATA_REPLACED));
      Reply.Ran late = room.research.ask(room.adHoc(SUM));
      assertThat(late.repeated()).isFalse();
      assertThat(spent(room, "members")).isEqualByComparingTo("0.2");
    }
  }

  @Test
  void aBudgetThatIsDemandedWhileItRunsIsChargedOrNothingLeaves() throws Exception {
    String count =
        "SELECT COUNT(DISTINCT m.email) AS n FROM airline.weights a JOIN media.members m ON a.email ="
            + " m.email";
    try (var room = room("");
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var wire = room.research.connect();
      Callable<Reply.Ran> ask = () -> room.research.ask(wire, room.adHoc(count));
      Future<Reply.Ran> early;
      try (var _ = TestRoom.standstill()) {
        early = threads.submit(ask);
        awaitSpending(room);
        room.media.ask(new Command.Apply(List.of(room.media.signed(members(WEAKER)))));
      }
      assertThatThrownBy(() -> got(early)).hasMessageContaining("demanded a budget");
      assertThat(spent(room, "members")).isEqualByComparingTo("0");
      Reply.Ran again = room.research.ask(room.adHoc(count));
      assertThat(again.repeated()).isFalse();
      assertThat(spent(room, "members")).isEqualByComparingTo("1");
    }
  }

  /// Until the run is reserved.
  private static void awaitSpending(TestRoom room) throws Exception {
    while (spent(room, "weights").signum() == 0) {
      Thread.onSpinWait();
    }
  }
}
