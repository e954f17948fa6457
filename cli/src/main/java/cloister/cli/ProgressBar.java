package cloister.cli;

import cloister.client.Progress;

/// Shows how far something has come: a bar that moves on a terminal, and otherwise nothing until
/// the line that says it is done.
final class ProgressBar implements Progress {
  private static final long REDRAW_NANOS = 80_000_000;
  private static final int CELLS = 24;
  private final Terminal terminal;
  private final String label;
  private final String afterwards;
  private final long started = System.nanoTime();
  private long drawn = started - REDRAW_NANOS;

  ProgressBar(Terminal terminal, String label) {
    this(terminal, label, "");
  }

  /// @param afterwards what goes on when the bar is full
  ProgressBar(Terminal terminal, String label, String afterwards) {
    this.terminal = terminal;
    this.label = label;
    this.afterwards = afterwards;
  }

  @Override
  public synchronized void at(long doneBytes, long totalBytes) {
    long now = System.nanoTime();
    if (terminal.moving() && doneBytes >= totalBytes && !afterwards.isEmpty()) {
      terminal.rewrite("  " + afterwards);
      return;
    }
    if (!terminal.moving() || now - drawn < REDRAW_NANOS) {
      return;
    }
    drawn = now;
    double part = totalBytes == 0 ? 1 : (double) doneBytes / totalBytes;
    int full = (int) (part * CELLS);
    double seconds = (now - started) / 1e9;
    String rate = seconds < 0.2 ? "" : Text.bytes((long) (doneBytes / seconds)) + "/s";
    terminal.rewrite(
        "  %s %s%s %3d %%  %s of %s  %s"
            .formatted(
                label,
                "█".repeat(full),
                "░".repeat(CELLS - full),
                (int) (part * 100),
                Text.bytes(doneBytes),
                Text.bytes(totalBytes),
                rate));
  }

  /// Takes the bar away.
  void clear() {
    if (terminal.moving()) {
      terminal.rewrite("");
    }
  }
}
