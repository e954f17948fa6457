package cloister.platform;

import cloister.crypto.Bytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/// One HTTP/1.1 exchange (RFC 9112) over a Unix-domain socket, which the JDK's client does not
/// speak. Everything of the answer is bounded, and all of the exchange has one deadline.
final class UnixHttp {
  static final int MOST_HEAD_BYTES = 16 * 1024;

  private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.1 (\\d{3})( .*)?");
  private static final Pattern FIELD = Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)");
  private static final Pattern CHUNK_SIZE = Pattern.compile("([0-9a-fA-F]{1,6})[ \\t]*(;.*)?");
  private static final int MOST_LINE_BYTES = 4096;

  private final SocketChannel channel;
  private final Selector selector;
  private final long deadlineNanos;
  private final int mostBodyBytes;
  private final ByteBuffer received = ByteBuffer.allocate(8192).flip();
  private int headBytes;

  private UnixHttp(
      SocketChannel channel, Selector selector, long deadlineNanos, int mostBodyBytes) {
    this.channel = channel;
    this.selector = selector;
    this.deadlineNanos = deadlineNanos;
    this.mostBodyBytes = mostBodyBytes;
  }

  /// @param contentType without parameters, in lower case; empty where the answer has none
  record Answer(int status, String contentType, Bytes body) {}

  /// Sends a JSON body.
  static Answer post(Path socket, String path, String json, int mostBodyBytes, Duration timeout)
      throws IOException {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    String head =
        "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
            .formatted(path, body.length);
    long deadlineNanos = System.nanoTime() + timeout.toNanos();
    try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        var selector = Selector.open()) {
      channel.configureBlocking(false);
      var exchange = new UnixHttp(channel, selector, deadlineNanos, mostBodyBytes);
      if (!channel.connect(UnixDomainSocketAddress.of(socket))) {
        exchange.await(SelectionKey.OP_CONNECT);
        channel.finishConnect();
      }
      exchange.send(head.getBytes(StandardCharsets.US_ASCII));
      exchange.send(body);
      return exchange.answer();
    }
  }

  private void send(byte[] bytes) throws IOException {
    var rest = ByteBuffer.wrap(bytes);
    while (rest.hasRemaining()) {
      if (channel.write(rest) == 0) {
        await(SelectionKey.OP_WRITE);
      }
    }
  }

  private Answer answer() throws IOException {
    var status = STATUS_LINE.matcher(line());
    if (!status.matches()) {
      throw new IOException("the answer is not HTTP/1.1");
    }
    Map<String, String> fields = fields();
    String length = fields.get("content-length");
    String encoding = fields.get("transfer-encoding");
    byte[] body;
    if (encoding != null && length == null) {
      // RFC 9112 §6.1: what is not chunked at last has no end.
      if (!encoding.equalsIgnoreCase("chunked")) {
        throw new IOException("the answer has an unknown transfer encoding");
      }
      body = chunks();
    } else if (length != null && encoding == null && length.matches("\\d{1,9}")) {
      body = exactly(Integer.parseInt(length), mostBodyBytes);
    } else {
      // Both, neither, or a length that is none: where it ends would be anybody's guess.
      throw new IOException("the answer does not say how long it is");
    }
    String type = fields.getOrDefault("content-type", "");
    return new Answer(
        Integer.parseInt(status.group(1)),
        type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT),
        Bytes.of(body));
  }

  private Map<String, String> fields() throws IOException {
    var fields = new HashMap<String, String>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      var field = FIELD.matcher(line);
      if (!field.matches()) {
        throw new IOException("the answer has a malformed header");
      }
      String name = field.group(1).toLowerCase(Locale.ROOT);
      if (fields.put(name, field.group(2).strip()) != null
          && !name.equals("set-cookie")
          && !name.equals("via")) {
        throw new IOException("the answer has a header twice");
      }
    }
    return fields;
  }

  /// RFC 9112 §7.1.
  private byte[] chunks() throws IOException {
    var body = new ByteArrayOutputStream();
    while (true) {
      var size = CHUNK_SIZE.matcher(line());
      if (!size.matches()) {
        throw new IOException("the answer has a malformed chunk");
      }
      int chunkBytes = Integer.parseInt(size.group(1), 16);
      if (chunkBytes == 0) {
        fields();
        return body.toByteArray();
      }
      body.writeBytes(exactly(chunkBytes, mostBodyBytes - body.size()));
      if (!line().isEmpty()) {
        throw new IOException("a chunk is longer than it says");
      }
    }
  }

  private byte[] exactly(int count, int most) throws IOException {
    if (count > most) {
      throw new IOException("the answer has more than " + mostBodyBytes + " bytes");
    }
    byte[] bytes = new byte[count];
    for (int at = 0; at < count; ) {
      fill();
      int part = Math.min(count - at, received.remaining());
      received.get(bytes, at, part);
      at += part;
    }
    return bytes;
  }

  /// Up to CR LF, which is not in it.
  private String line() throws IOException {
    var line = new ByteArrayOutputStream();
    while (true) {
      fill();
      byte next = received.get();
      if (++headBytes > MOST_HEAD_BYTES || line.size() > MOST_LINE_BYTES) {
        throw new IOException("the answer has a longer head than " + MOST_HEAD_BYTES + " bytes");
      }
      if (next == '\n') {
        byte[] bytes = line.toByteArray();
        if (bytes.length == 0 || bytes[bytes.length - 1] != '\r') {
          throw new IOException("a line of the answer does not end in CR LF");
        }
        return new String(bytes, 0, bytes.length - 1, StandardCharsets.ISO_8859_1);
      }
      line.write(next);
    }
  }

  /// At least one byte to read.
  private void fill() throws IOException {
    while (!received.hasRemaining()) {
      received.clear();
      int count = channel.read(received);
      received.flip();
      if (count < 0) {
        throw new IOException("the answer ends early");
      }
      if (count == 0) {
        await(SelectionKey.OP_READ);
      }
    }
  }

  private void await(int operation) throws IOException {
    channel.register(selector, operation);
    long leftMillis = (deadlineNanos - System.nanoTime()) / 1_000_000;
    if (leftMillis <= 0 || selector.select(leftMillis) == 0) {
      if (Thread.currentThread().isInterrupted()) {
        throw new IOException("interrupted");
      }
      throw new IOException("no answer in time");
    }
    selector.selectedKeys().clear();
  }
}
