package cloister.cli;

import cloister.client.Policies;
import cloister.protocol.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `cloister policy diff`
@Command(
    name = "diff",
    description = "Compare two attestation policies, demand by demand.",
    footer = {
      "Examples:",
      "  cloister policy diff policies/release-1.yaml policies/release-2.yaml",
      "",
      "Spacing, comments and the order of keys make no difference."
    })
final class PolicyDiff extends Verb {
  @Parameters(index = "0", paramLabel = "BEFORE", description = "A policy.")
  private Path before;

  @Parameters(index = "1", paramLabel = "AFTER", description = "Another.")
  private Path after;

  PolicyDiff(Options options) {
    super(options);
  }

  @Override
  void run() {
    Map<String, String> old = PolicyExplain.demands(Policies.read(before));
    Map<String, String> current = PolicyExplain.demands(Policies.read(after));
    var paths = new TreeSet<>(old.keySet());
    paths.addAll(current.keySet());
    Terminal.Ink ink = terminal().resultInk();
    var lines = new ArrayList<String>();
    var changes = new ArrayList<Json>();
    for (String path : paths) {
      String was = old.getOrDefault(path, "");
      String is = current.getOrDefault(path, "");
      if (was.equals(is)) {
        continue;
      }
      changes.add(Json.object().put("path", path).put("before", was).put("after", is).build());
      if (!was.isEmpty()) {
        lines.add(ink.bad("- " + path + "  " + Text.cell(was)));
      }
      if (!is.isEmpty()) {
        lines.add(ink.good("+ " + path + "  " + Text.cell(is)));
      }
    }
    options.print(
        Json.object().put("changes", Json.array(changes)).build(),
        lines.isEmpty() ? List.of("They demand the same.") : lines);
  }
}
