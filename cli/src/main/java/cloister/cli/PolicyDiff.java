package cloister.cli;

import cloister.client.Policies;
import cloister.protocol.Json;
import cloister.protocol.PolicyDocument;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
      "Spacing, comments, the order of keys and, but for command lines, of lists make no difference.",
      "Entries of `accept` are numbered as in BEFORE."
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
    PolicyDocument old = Policies.read(before);
    PolicyDocument current = Policies.read(after);
    List<PolicyDemands.Change> changes = PolicyDemands.changes(old.json(), current.json());
    options.print(
        Json.object()
            .put("before", old.digest())
            .put("after", current.digest())
            .put("changes", json(changes))
            .build(),
        changes.isEmpty() ? unchanged(old, current) : lines(changes, terminal().resultInk()));
  }

  static Json json(List<PolicyDemands.Change> changes) {
    return Json.array(
        changes.stream()
            .map(change ->
                Json.object()
                    .put("path", change.path())
                    .putIfPresent("before", change.before(), was -> was)
                    .putIfPresent("after", change.after(), is -> is)
                    .build())
            .toList());
  }

  static List<String> lines(List<PolicyDemands.Change> changes, Terminal.Ink ink) {
    var lines = new ArrayList<String>();
    for (PolicyDemands.Change change : changes) {
      change.before().ifPresent(was -> lines.add(ink.bad(line("- ", change.path(), was))));
      change.after().ifPresent(is -> lines.add(ink.good(line("+ ", change.path(), is))));
    }
    return lines;
  }

  private static String line(String sign, String path, Json value) {
    return sign + Text.cell(path) + "  " + Text.cell(PolicyDemands.shown(path, value));
  }

  /// Enclaves are bound to digests, so that policies of different ones are never the same.
  private static List<String> unchanged(PolicyDocument old, PolicyDocument current) {
    return old.digest().equals(current.digest())
        ? List.of("They demand the same.")
        : List.of(
            "No demand differs, but a list is in another order or repeats itself, and so the digests"
                + " differ:",
            "- " + old.digest(),
            "+ " + current.digest());
  }
}
