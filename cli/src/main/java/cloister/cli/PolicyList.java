package cloister.cli;

import cloister.protocol.Json;
import cloister.protocol.PolicyDocument;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;

/// `cloister policy list`
@Command(
    name = "list",
    description = "List the policies that your home demands of every enclave.",
    footer = {"Examples:", "  cloister policy list"})
final class PolicyList extends Verb {
  PolicyList(Options options) {
    super(options);
  }

  @Override
  void run() {
    List<PolicyDocument> required = options.home().policies().required();
    var lines = new ArrayList<String>();
    for (PolicyDocument policy : required) {
      lines.add(policy.policy().name() + "  " + policy.digest());
    }
    options.print(
        Json.object()
            .put(
                "required",
                Json.array(
                    required.stream()
                        .map(policy ->
                            Json.object()
                                .put("name", policy.policy().name())
                                .put("digest", policy.digest())
                                .build())
                        .toList()))
            .build(),
        lines.isEmpty()
            ? List.of("Your home demands nothing beside what collaborations demand.")
            : lines);
  }
}
