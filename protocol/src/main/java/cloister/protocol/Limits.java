package cloister.protocol;

import java.time.Duration;

/// The bounds of docs/protocol.md §10, in one place for both sides.
public final class Limits {
  public static final int HANDSHAKE_BYTES = 4 << 10;
  public static final int MESSAGE_BYTES = 4 << 20;
  public static final int UPLOAD_PIECE_BYTES = 8 << 20;
  public static final long UPLOAD_PART_BYTES = 256L << 20;
  public static final int UPLOAD_PARTS = 4096;
  public static final int DOCUMENT_BYTES = 256 << 10;
  public static final int DOCUMENTS = 256;

  /// Datasets and analyses of all participants. Each has an equal share, so that none can take
  /// another's; together with [#DOCUMENT_BYTES_OF_ALL] it keeps a `status` within one message.
  public static final int DOCUMENTS_OF_ALL = 1000;

  /// In canonical JSON; in a `status` they are a third larger.
  public static final int DOCUMENT_BYTES_OF_ALL = 1536 << 10;

  /// The newest ones.
  public static final int RUNS_LISTED = 1000;

  public static final int SQL_CHARACTERS = 64 << 10;
  public static final int GROUPS = 10_000;
  public static final Duration REQUEST_EXPIRY = Duration.ofMinutes(5);
  public static final Duration CLOCK_SKEW = Duration.ofMinutes(5);
  public static final Duration SESSION_LIFE = Duration.ofMinutes(30);
  public static final Duration SESSION_FIRST_REQUEST = Duration.ofMinutes(1);
  public static final int SESSIONS_WAITING = 256;
  public static final int SESSIONS = 4096;
  public static final int CONNECTIONS = 1024;
  public static final int CONNECTIONS_OF_ONE_ADDRESS = 128;

  /// For a request to be whole, counted from the answer before it and again from its headers.
  public static final Duration REQUEST_TIME = Duration.ofMinutes(2);

  private Limits() {}
}
