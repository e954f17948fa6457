package cloister.cli;

import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `cloister completion`
@Command(
    name = "completion",
    description = "Print a script that completes verbs and options in your shell.",
    footer = {
      "Examples:",
      "  source <(cloister completion bash)",
      "  cloister completion zsh > ~/.cloister-completion && source ~/.cloister-completion"
    })
final class Completion extends Verb {
  @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}")
  private Shell shell;

  Completion(Options options) {
    super(options);
  }

  /// The shells there are scripts for.
  enum Shell {
    bash,
    zsh
  }

  @Override
  void run() {
    CommandLine all = CloisterCommand.commandLine(options);
    // The one script serves both: it turns on zsh's emulation of bash completion where it finds
    // zsh.
    String script = AutoComplete.bash("cloister", all);
    String start = shell == Shell.zsh ? "autoload -Uz compinit && compinit -u\n" : "";
    terminal().result(start + script);
  }
}
