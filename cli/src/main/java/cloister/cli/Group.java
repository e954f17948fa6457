package cloister.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// A noun with verbs of its own: `receipt verify`.
abstract class Group implements Runnable {
  @Spec private CommandSpec spec;

  final CommandLine with(Verb... verbs) {
    var line = new CommandLine(this);
    for (Verb verb : verbs) {
      line.addSubcommand(verb);
    }
    return line;
  }

  @Override
  public final void run() {
    throw new ParameterException(
        spec.commandLine(),
        "`"
            + spec.qualifiedName()
            + "` needs one of: "
            + String.join(", ", spec.subcommands().keySet()));
  }

  /// What owners permit.
  @Command(
      name = "terms",
      synopsisSubcommandLabel = "VERB",
      description = "Bring policies of other products over.")
  static final class Terms extends Group {}

  /// The proofs of runs.
  @Command(
      name = "receipt",
      synopsisSubcommandLabel = "VERB",
      description = "Check the proof of a run.")
  static final class Receipt extends Group {}

  /// The collaboration's log.
  @Command(
      name = "ledger",
      synopsisSubcommandLabel = "VERB",
      description = "Check the collaboration's log.")
  static final class Ledger extends Group {}

  /// What TEEs say about code.
  @Command(
      name = "evidence",
      synopsisSubcommandLabel = "VERB",
      description = "Show and verify what a TEE says about the code that it runs.")
  static final class Evidence extends Group {}

  /// What is demanded of evidence.
  @Command(
      name = "policy",
      synopsisSubcommandLabel = "VERB",
      description = "Read, compare and apply demands of evidence.")
  static final class Policy extends Group {}

  /// What evidence is verified with.
  @Command(
      name = "collateral",
      synopsisSubcommandLabel = "VERB",
      description = "Get and keep what vendors publish, with which evidence is verified.")
  static final class Collateral extends Group {}

  /// The server.
  @Command(
      name = "enclave",
      synopsisSubcommandLabel = "VERB",
      description = "Run an enclave, or say what it should measure.")
  static final class Enclave extends Group {}
}
