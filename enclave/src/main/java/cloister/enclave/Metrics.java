package cloister.enclave;

import java.util.concurrent.atomic.LongAdder;

/// Counters for the operator, in OpenMetrics text. None depends on data, on a question or on an
/// answer: the operator sees the traffic anyway, and these count nothing else.
final class Metrics {
  private static final System.Logger LOG = System.getLogger("cloister.enclave");

  private final LongAdder sessions = new LongAdder();
  private final LongAdder messages = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final LongAdder uploadedBytes = new LongAdder();
  private final LongAdder bugs = new LongAdder();

  void sessionOpened() {
    sessions.increment();
  }

  void messageAnswered() {
    messages.increment();
  }

  /// A message that could not be opened: noise from the network, or an attack.
  void messageRefused() {
    refused.increment();
  }

  void uploaded(long bytes) {
    uploadedBytes.add(bytes);
  }

  /// The failure's class and where it rose; never its message, which may quote data.
  void bug(Throwable failure) {
    bugs.increment();
    StackTraceElement[] trace = failure.getStackTrace();
    String where =
        trace.length == 0 ? "unknown" : trace[0].getClassName() + ":" + trace[0].getLineNumber();
    LOG.log(System.Logger.Level.ERROR, "bug: {0} at {1}", failure.getClass().getName(), where);
  }

  String openMetrics() {
    var text = new StringBuilder();
    counter(text, "sessions_opened", "Sessions opened.", sessions);
    counter(text, "messages_answered", "Messages opened and answered.", messages);
    counter(text, "messages_refused", "Messages that could not be opened.", refused);
    counter(text, "uploaded_bytes", "Sealed bytes received.", uploadedBytes);
    counter(text, "bugs", "Failures that no error code foresees.", bugs);
    return text.append("# EOF\n").toString();
  }

  private static void counter(StringBuilder text, String name, String help, LongAdder value) {
    text.append("# TYPE cloister_").append(name).append(" counter\n");
    text.append("# HELP cloister_").append(name).append(' ').append(help).append('\n');
    text.append("cloister_").append(name).append("_total ").append(value.sum()).append('\n');
  }
}
