package cloister.cli;

import static cloister.cli.Trio.AIRLINE;
import static cloister.cli.Trio.MEDIA;
import static cloister.cli.Trio.PEOPLE;
import static cloister.cli.Trio.RESEARCH;
import static org.assertj.core.api.Assertions.assertThat;

import cloister.client.Finished;
import cloister.client.Participant;
import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.room.Name;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two analysts, each with several sessions, race for the last of a budget.
final class BudgetRaceTest {
  private static final int BUDGET = 3;
  private static final int RACERS = 8;

  @TempDir private Path folder;

  @Test
  void asManyAreAnsweredAsTheBudgetPaysForAndTheOthersAreToldSo() throws Exception {
    try (var server = Trio.serve(folder.resolve("state"));
        var trio = Trio.at(folder, Trio.uri(server))) {
      trio.ready(BUDGET);
      try (var research = trio.enter(RESEARCH)) {
        research.budget(); // enrols: who receives must have a certificate
      }
      var answered = new ArrayList<Finished>();
      var refusals = new ArrayList<CloisterException>();
      for (var racer : race(trio)) {
        try {
          answered.add(racer.get());
        } catch (ExecutionException e) {
          refusals.add((CloisterException) e.getCause());
        }
      }
      assertThat(answered).hasSize(BUDGET).noneMatch(Finished::repeated);
      assertThat(refusals)
          .hasSize(RACERS - BUDGET)
          .allMatch(refusal -> refusal.code() == ErrorCode.BUDGET_EXHAUSTED);
      assertThat(trio.spent()).isEqualByComparingTo(BigDecimal.valueOf(BUDGET));
      // The receipts tell one story: each began where another ended.
      assertThat(answered)
          .extracting(finished ->
              finished
                  .receipt()
                  .datasets()
                  .values()
                  .iterator()
                  .next()
                  .budget()
                  .orElseThrow()
                  .before()
                  .epsilon()
                  .intValueExact())
          .containsExactlyInAnyOrder(0, 1, 2);
      try (var airline = trio.enter(AIRLINE)) {
        assertThat(airline.runs()).hasSize(BUDGET);
      }
    }
  }

  private static List<Future<Finished>> race(Trio trio) throws Exception {
    var start = new CyclicBarrier(RACERS);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var racers = new ArrayList<Future<Finished>>();
      for (int i = 0; i < RACERS; i++) {
        int age = i;
        Name name = i % 2 == 0 ? RESEARCH : MEDIA;
        racers.add(
            threads.submit(() -> {
              try (Participant racer = trio.enter(name)) {
                racer.budget();
                start.await();
                return racer.run(trio.question(name, PEOPLE, age));
              }
            }));
      }
      return racers;
    }
  }
}
