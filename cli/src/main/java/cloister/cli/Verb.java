package cloister.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.ExitCode;

/// One thing that the command can do. Verbs parse, call the client and print; they decide nothing.
abstract class Verb implements Callable<Integer> {
  final Options options;

  Verb(Options options) {
    this.options = options;
  }

  abstract void run() throws Exception;

  @Override
  public Integer call() throws Exception {
    run();
    return ExitCode.OK;
  }

  final Terminal terminal() {
    return options.terminal();
  }
}
