package cloister.benchmarks;

import cloister.protocol.Command.RunRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A small question's way to the enclave and back: with a run behind it, and as the protocol alone.
final class RoundTrip {
  private static final int ROWS = 1000;
  private static final int RUN_MEGABYTES = 512;

  private RoundTrip() {}

  static List<Result> measure(Launch launch, Path folder, Sizes sizes) throws Exception {
    try (var room = Room.open(launch, folder, ROWS, RUN_MEGABYTES);
        var loopback = new Loopback(room.enclave())) {
      room.publish();
      Loopback.Payload status;
      Loopback.Payload run;
      try (var relayed = room.researchThrough(loopback.uri())) {
        // The newest exchange counts: enrolling goes before it.
        relayed.status();
        status = loopback.last();
        Room.ask(relayed, room.question(Terms.Mode.NOISE, 0));
        run = loopback.last();
      }
      var research = room.participant(Terms.RESEARCH);
      int unmeasured = sizes.requests() / 2;
      var questions = new ArrayList<RunRequest>();
      for (int variant = 1; variant <= unmeasured + sizes.requests(); variant++) {
        questions.add(room.question(Terms.Mode.NOISE, variant));
      }
      var statuses =
          Alternation.of(
              unmeasured, sizes.requests(), _ -> research.status(), _ -> loopback.exchange(status));
      var runs =
          Alternation.of(
              unmeasured,
              sizes.requests(),
              round -> Room.ask(research, questions.get(round)),
              _ -> loopback.exchange(run));
      return List.of(
          result(Claim.STATUS_MEDIAN, status, statuses, 0.5),
          result(Claim.STATUS_TAIL, status, statuses, 0.99),
          result(Claim.RUN_MEDIAN, run, runs, 0.5),
          result(Claim.RUN_TAIL, run, runs, 0.99));
    }
  }

  private static Result result(
      Claim claim, Loopback.Payload payload, Alternation times, double quantile) {
    return new Result(
        claim,
        payload.request() + " + " + payload.reply() + " bytes",
        times.ours().milliseconds(quantile),
        times.peer().milliseconds(quantile));
  }
}
