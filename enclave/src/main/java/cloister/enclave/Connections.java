package cloister.enclave;

import cloister.protocol.CloisterException;
import cloister.protocol.ErrorCode;
import cloister.protocol.Limits;
import io.helidon.common.socket.SocketOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// The open connections: so many of one remote address, and each with a time by which its request
/// has to be whole. Helidon bounds their number and how long they are idle, but has no bound for an
/// address or for a request that trickles in, so that one address could hold all of them.
///
/// Helidon hands every accepted socket to its options, before it reads a byte: there they are
/// counted. Safe for concurrent use.
final class Connections implements SocketOptions, AutoCloseable {
  /// One customer's network in IPv6; addresses within it are free.
  private static final int IPV6_NETWORK_BYTES = 8;

  // Headers and body leave in two writes: Nagle's algorithm would hold the second back until the
  // first is acknowledged, 40 ms later.
  private final SocketOptions options = SocketOptions.builder().tcpNoDelay(true).build();

  private final Duration requestTime;
  private final Map<SocketAddress, Connection> open = new ConcurrentHashMap<>();
  private final ScheduledExecutorService sweeper =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("overdue-connections").factory());

  /// @param requestTime for a request to be whole, from the answer before it, and for its body from
  ///   its headers
  Connections(Duration requestTime) {
    this.requestTime = requestTime;
    long every = Math.max(1, requestTime.toMillis() / 8);
    var _ = sweeper.scheduleWithFixedDelay(this::closeOverdue, every, every, TimeUnit.MILLISECONDS);
  }

  private static final class Connection {
    final SocketChannel channel;
    final String network;

    /// [System#nanoTime]; none while the work is ours.
    volatile Optional<Long> due;

    Connection(SocketChannel channel, String network, long due) {
      this.channel = channel;
      this.network = network;
      this.due = Optional.of(due);
    }
  }

  @Override
  public void configureSocket(SocketChannel socket) {
    try {
      SocketAddress remote = socket.getRemoteAddress();
      admit(remote, socket, network(remote));
      options.configureSocket(socket);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private synchronized void admit(SocketAddress remote, SocketChannel socket, String network) {
    open.values().removeIf(connection -> !connection.channel.isOpen());
    long others = open.values().stream().filter(one -> one.network.equals(network)).count();
    if (others >= Limits.CONNECTIONS_OF_ONE_ADDRESS) {
      // Helidon closes the socket of which this is said.
      throw new CloisterException(ErrorCode.TOO_BUSY, "the address has its most connections");
    }
    open.put(remote, new Connection(socket, network, due()));
  }

  private static String network(SocketAddress remote) {
    InetAddress address = ((InetSocketAddress) remote).getAddress();
    byte[] bytes = address.getAddress();
    return HexFormat.of()
        .formatHex(Arrays.copyOf(bytes, Math.min(bytes.length, IPV6_NETWORK_BYTES)));
  }

  private long due() {
    return System.nanoTime() + requestTime.toNanos();
  }

  /// Gives the connection its full time from now on.
  void renew(SocketAddress remote) {
    due(remote, Optional.of(due()));
  }

  /// Does what takes its time on our side; the connection's time starts anew behind it.
  <T> T undisturbed(SocketAddress remote, Supplier<T> work) {
    due(remote, Optional.empty());
    try {
      return work.get();
    } finally {
      renew(remote);
    }
  }

  private void due(SocketAddress remote, Optional<Long> due) {
    Connection connection = open.get(remote);
    if (connection != null) {
      connection.due = due;
    }
  }

  private void closeOverdue() {
    long now = System.nanoTime();
    for (Connection connection : open.values()) {
      if (connection.due.filter(due -> due - now < 0).isPresent()) {
        try {
          connection.channel.close();
        } catch (IOException _) {
          // It is closed all the same.
        }
      }
    }
    open.values().removeIf(connection -> !connection.channel.isOpen());
  }

  @Override
  public void close() {
    sweeper.shutdownNow();
  }

  // What Helidon asks of options.

  @Override
  public Map<SocketOption<?>, Object> socketOptions() {
    return options.socketOptions();
  }

  @Override
  public Duration connectTimeout() {
    return options.connectTimeout();
  }

  @Override
  public Duration readTimeout() {
    return options.readTimeout();
  }

  @Override
  public Optional<Integer> socketReceiveBufferSize() {
    return options.socketReceiveBufferSize();
  }

  @Override
  public Optional<Integer> socketSendBufferSize() {
    return options.socketSendBufferSize();
  }

  @Override
  public boolean socketReuseAddress() {
    return options.socketReuseAddress();
  }

  @Override
  public boolean socketKeepAlive() {
    return options.socketKeepAlive();
  }

  @Override
  public boolean tcpNoDelay() {
    return options.tcpNoDelay();
  }
}
