package cloister.cli;

/// The `cloister` command.
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    System.exit(CloisterCommand.run(Terminal.ofThisProcess(), arguments));
  }
}
