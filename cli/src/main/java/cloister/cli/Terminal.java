package cloister.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Where a command writes: its result to standard output, everything else to standard error.
///
/// Colours and moving progress appear only on a terminal, and colours not even there when
/// `NO_COLOR` is set (no-color.org). Safe for use by several threads.
final class Terminal {
  private static final int USUAL_COLUMNS = 80;

  /// A colour of ours, or else one character that [Text#visible] may have to write out.
  private static final Pattern OTHERS =
      Pattern.compile("(\u001b\\[(?:0|1|2|31|32|1;33)m)|[^\\x20-\\x7e]");

  private final PrintStream out;
  private final PrintStream err;
  private final Ink outInk;
  private final Ink errInk;
  private final Motion motion;
  private final int columns;

  Terminal(PrintStream out, PrintStream err, Ink outInk, Ink errInk, Motion motion, int columns) {
    this.out = out;
    this.err = err;
    this.outInk = outInk;
    this.errInk = errInk;
    this.motion = motion;
    this.columns = columns;
  }

  /// Whether lines may be rewritten.
  enum Motion {
    MOVING,
    STILL
  }

  /// Whether text may be coloured.
  enum Ink {
    COLOURED,
    PLAIN;

    String strong(String text) {
      return paint("1", text);
    }

    String faint(String text) {
      return paint("2", text);
    }

    String good(String text) {
      return paint("32", text);
    }

    String bad(String text) {
      return paint("31", text);
    }

    String warning(String text) {
      return paint("1;33", text);
    }

    /// What is printed of a line: text that came in a file or from the other side moves no cursor
    /// and renames no window. Only this ink's own colours pass.
    String shown(String line) {
      return this == PLAIN ? Text.visible(line) : OTHERS.matcher(line).replaceAll(Ink::written);
    }

    private static String written(MatchResult found) {
      return found.group(1) == null
          ? Matcher.quoteReplacement(Text.visible(found.group()))
          : Matcher.quoteReplacement(found.group(1));
    }

    private String paint(String code, String text) {
      return this == PLAIN || text.isEmpty() ? text : "\u001b[" + code + "m" + text + "\u001b[0m";
    }
  }

  /// This process's own streams. The launcher says which of them are terminals, and how wide: Java
  /// can only tell whether all are.
  static Terminal ofThisProcess() {
    return new Terminal(
        stream(FileDescriptor.out),
        stream(FileDescriptor.err),
        ink("cloister.stdout"),
        ink("cloister.stderr"),
        isTerminal("cloister.stderr") ? Motion.MOVING : Motion.STILL,
        Math.clamp(Integer.getInteger("cloister.columns", USUAL_COLUMNS), 40, 500));
  }

  private static PrintStream stream(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }

  private static Ink ink(String property) {
    Map<String, String> environment = System.getenv();
    boolean wanted =
        environment.getOrDefault("NO_COLOR", "").isEmpty()
            && !environment.getOrDefault("TERM", "").equals("dumb");
    return wanted && isTerminal(property) ? Ink.COLOURED : Ink.PLAIN;
  }

  private static boolean isTerminal(String property) {
    return "terminal".equals(System.getProperty(property));
  }

  /// Prints a line of the result.
  void result(String line) {
    out.println(outInk.shown(line));
    out.flush();
  }

  /// Whether all of the result was written: a stream of Java's keeps quiet about a full disk.
  boolean isComplete() {
    return !out.checkError();
  }

  /// For whoever writes results by itself.
  PrintWriter writer() {
    return new PrintWriter(out, true, StandardCharsets.UTF_8);
  }

  /// Tells the person something; never part of the result.
  synchronized void say(String... lines) {
    for (String line : lines) {
      err.println(errInk.shown(line));
    }
  }

  /// Rewrites the current line of standard error; call only when it is [#moving()].
  synchronized void rewrite(String line) {
    err.print("\r\u001b[2K" + clip(errInk.shown(line)));
    err.flush();
  }

  private String clip(String line) {
    int last = columns - 1;
    return line.codePointCount(0, line.length()) <= last || line.indexOf('\u001b') >= 0
        ? line
        : line.substring(0, line.offsetByCodePoints(0, last - 1)) + "…";
  }

  boolean moving() {
    return motion == Motion.MOVING;
  }

  int columns() {
    return columns;
  }

  /// For text that goes to [#result].
  Ink resultInk() {
    return outInk;
  }

  /// For text that goes to [#say].
  Ink ink() {
    return errInk;
  }
}
