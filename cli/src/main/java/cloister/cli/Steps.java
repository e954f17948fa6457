package cloister.cli;

import cloister.protocol.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Tells a story in numbered steps with their times, and whether what each step promises holds. Not
/// safe for concurrent use.
final class Steps {
  private static final int WIDTH = 74;
  private final Options options;
  private final long started = System.nanoTime();
  private final List<Json> told = new ArrayList<>();
  private int number;

  Steps(Options options) {
    this.options = options;
  }

  /// What a step does; it throws when it cannot go on.
  interface Body {
    void run(Step step) throws Exception;
  }

  /// Something that must be true does not hold: the story ends, and the command fails.
  static final class DoesNotHold extends RuntimeException {
    private static final long serialVersionUID = 1;

    DoesNotHold(String what) {
      super(what);
    }
  }

  /// A step that is being told.
  final class Step {
    private final List<String> notes = new ArrayList<>();
    private final List<String> held = new ArrayList<>();

    Terminal.Ink ink() {
      return Steps.this.ink();
    }

    /// Adds lines below the title.
    void note(String... lines) {
      for (String line : lines) {
        notes.add(line);
        say("      " + line);
      }
    }

    void note(List<String> lines) {
      note(lines.toArray(String[]::new));
    }

    /// The command that a person would type for it.
    void command(String who, String command) {
      say("    " + ink().faint(who + " $ " + command));
    }

    /// Checks a promise, and says it.
    void holds(String promise, boolean holds) {
      if (!holds) {
        say("    " + ink().bad("✗ " + promise));
        throw new DoesNotHold(promise);
      }
      held.add(promise);
      say("    " + ink().good("✓") + " " + promise);
    }
  }

  void step(String title, Body body) throws Exception {
    number++;
    var step = new Step();
    long from = System.nanoTime();
    String heading = "%2d  %s".formatted(number, title);
    say("", ink().strong(heading));
    body.run(step);
    Duration time = Duration.ofNanos(System.nanoTime() - from);
    say("    " + ink().faint(" ".repeat(WIDTH - 14) + "%10s".formatted(Text.duration(time))));
    told.add(
        Json.object()
            .put("step", number)
            .put("title", title)
            .put("held", step.held)
            .put("notes", step.notes)
            .put("milliseconds", time.toMillis())
            .build());
  }

  Duration time() {
    return Duration.ofNanos(System.nanoTime() - started);
  }

  Json told() {
    return Json.array(told);
  }

  /// On standard output for people, who asked to see it; on standard error beside JSON.
  void say(String... lines) {
    for (String line : lines) {
      if (options.json()) {
        options.terminal().say(line);
      } else {
        options.terminal().result(line);
      }
    }
  }

  private Terminal.Ink ink() {
    return options.json() ? options.terminal().ink() : options.terminal().resultInk();
  }
}
