package cloister.enclave;

import cloister.crypto.Bytes;
import cloister.ledger.LedgerException;
import cloister.ledger.Store;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The ledger's store on a disk: one append-only file of checked frames (docs/adr/0003).
///
/// ```
///    0  magic
///  512  acknowledged: u64 end of the last frame that was forced, u64 records until there, u32
///       CRC-32C
/// 1024  frames: u32 payload bytes, u32 records, payload (u32 bytes, bytes)*, SHA-256 over the
///       digest of the frame before and all of this one
/// ```
///
/// A batch is one frame, written and forced before `append` returns. Opening reads the whole file
/// and so checks every byte of it. Bytes after the last whole frame are a batch that was never
/// acknowledged, and are cut off, unless the acknowledged end lies beyond: then the file is
/// damaged, and opening refuses it. That mark is written after each force and not forced itself, so
/// a power failure may leave it behind by a frame, but it never runs ahead.
///
/// Memory: eight bytes per record, for its place in the file.
public final class LedgerFile implements Store {
  /// More than a ledger's largest batch with all its hashes.
  static final int MAX_FRAME_BYTES = 128 << 20;

  private static final byte[] MAGIC =
      "cloister ledger file 1\n".getBytes(StandardCharsets.US_ASCII);

  /// One sector, so that a power failure leaves the old mark or the new one.
  private static final int MARK_AT = 512;

  private static final int MARK_BYTES = 20;
  private static final int FRAMES_AT = 1024;
  private static final int FRAME_HEADER_BYTES = 8;
  private static final int DIGEST_BYTES = 32;
  private static final int MAX_SPAN_BYTES = 16 << 20;

  private final DurableFile file;
  private final ReentrantLock appending = new ReentrantLock();
  private volatile Index index = new Index(new long[1024], 0);
  private volatile @Nullable Exception failure;
  private long end = FRAMES_AT;
  private byte[] lastDigest = sha256().digest(MAGIC);

  private LedgerFile(DurableFile file) {
    this.file = file;
  }

  /// Opens the file, or creates it in a folder that exists.
  public static LedgerFile open(Path path) {
    try {
      return open(DurableFile.open(path));
    } catch (IOException e) {
      throw new LedgerException("the ledger file cannot be opened", e);
    }
  }

  static LedgerFile open(DurableFile file) {
    LedgerFile ledger = new LedgerFile(file);
    try {
      ledger.recover();
      return ledger;
    } catch (IOException e) {
      ledger.close();
      throw new LedgerException("the ledger file cannot be read", e);
    } catch (LedgerException e) {
      ledger.close();
      throw e;
    }
  }

  @Override
  public long size() {
    return index.count;
  }

  @Override
  public List<Bytes> read(long from, long to) {
    Index now = index;
    if (from < 0 || from > to || to > now.count) {
      throw new IllegalArgumentException("no records from " + from + " to " + to);
    }
    requireWorking();
    var records = new ArrayList<Bytes>((int) (to - from));
    try {
      read(now, (int) from, (int) to, records);
    } catch (IOException e) {
      throw stop("the ledger file cannot be read", e);
    }
    return records;
  }

  @Override
  public void append(List<Bytes> batch) {
    if (batch.isEmpty()) {
      throw new IllegalArgumentException("an empty batch");
    }
    appending.lock();
    try {
      requireWorking();
      byte[] frame = frame(batch);
      file.write(end, frame);
      file.force();
      // From here on the batch is durable, and its frame proves it whole.
      accept(frame);
      file.write(MARK_AT, mark());
    } catch (IOException e) {
      throw stop("the ledger file cannot be written", e);
    } finally {
      appending.unlock();
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw stop("the ledger file cannot be closed", e);
    }
  }

  private void recover() throws IOException {
    byte[] header = new byte[FRAMES_AT];
    if (file.length() <= FRAMES_AT && !readHeader(header)) {
      // Nothing is appended before the header is durable, so there was nothing here yet.
      create();
      return;
    }
    if (!readHeader(header)) {
      throw new LedgerException("the ledger file's header is damaged");
    }
    ByteBuffer mark = ByteBuffer.wrap(header, MARK_AT, MARK_BYTES);
    long acknowledgedEnd = mark.getLong();
    long acknowledgedCount = mark.getLong();
    for (byte[] frame = nextFrame(); frame.length > 0; frame = nextFrame()) {
      boolean unacknowledged = end >= acknowledgedEnd;
      if (unacknowledged) {
        // Whole in the page cache is not durable when a force has failed: the kernel then keeps the
        // pages and calls them clean. Writing them again is what makes the next force mean it.
        file.write(end, frame);
      }
      accept(frame);
    }
    if (end < acknowledgedEnd || index.count < acknowledgedCount) {
      throw new LedgerException("the ledger file is damaged after record " + index.count);
    }
    if (file.length() > end) {
      file.truncate(end);
    }
    file.force();
    file.write(MARK_AT, mark());
  }

  private void create() throws IOException {
    byte[] header = Arrays.copyOf(MAGIC, FRAMES_AT);
    System.arraycopy(mark(), 0, header, MARK_AT, MARK_BYTES);
    file.truncate(0);
    file.write(0, header);
    file.force();
  }

  private boolean readHeader(byte[] header) throws IOException {
    if (file.length() < FRAMES_AT) {
      return false;
    }
    file.read(0, header);
    byte[] mark = Arrays.copyOfRange(header, MARK_AT, MARK_AT + MARK_BYTES);
    byte[] expected = Arrays.copyOf(MAGIC, FRAMES_AT);
    System.arraycopy(mark, 0, expected, MARK_AT, MARK_BYTES);
    ByteBuffer fields = ByteBuffer.wrap(mark);
    return Arrays.equals(header, expected)
        && Arrays.equals(mark, mark(fields.getLong(), fields.getLong()));
  }

  /// The frame at [#end] if there is a whole one; otherwise nothing.
  private byte[] nextFrame() throws IOException {
    long available = file.length() - end;
    if (available < FRAME_HEADER_BYTES + DIGEST_BYTES) {
      return new byte[0];
    }
    byte[] start = new byte[Integer.BYTES];
    file.read(end, start);
    long bytes = frameBytes(Integer.toUnsignedLong(ByteBuffer.wrap(start).getInt()));
    if (bytes > available || bytes > MAX_FRAME_BYTES) {
      return new byte[0];
    }
    byte[] frame = new byte[(int) bytes];
    file.read(end, frame);
    byte[] digest = Arrays.copyOfRange(frame, frame.length - DIGEST_BYTES, frame.length);
    return Arrays.equals(digest, digest(frame)) ? frame : new byte[0];
  }

  private byte[] frame(List<Bytes> batch) {
    long payload = batch.stream().mapToLong(record -> Integer.BYTES + (long) record.size()).sum();
    if (frameBytes(payload) > MAX_FRAME_BYTES) {
      throw new IllegalArgumentException("a batch of " + payload + " bytes");
    }
    ByteBuffer frame = ByteBuffer.allocate((int) frameBytes(payload));
    frame.putInt((int) payload).putInt(batch.size());
    batch.forEach(record -> frame.putInt(record.size()).put(record.toArray()));
    frame.put(digest(frame.array()));
    return frame.array();
  }

  /// Takes a frame that is whole into the index.
  private void accept(byte[] frame) {
    ByteBuffer buffer = ByteBuffer.wrap(frame);
    int count = buffer.position(Integer.BYTES).getInt();
    Index grown = index.withRoomFor(count);
    for (int i = 0; i < count; i++) {
      grown.places[grown.count + i] = end + buffer.position();
      int bytes = buffer.getInt();
      buffer.position(buffer.position() + bytes);
    }
    end += frame.length;
    lastDigest = Arrays.copyOfRange(frame, frame.length - DIGEST_BYTES, frame.length);
    // The volatile write publishes the places.
    index = new Index(grown.places, grown.count + count);
  }

  /// Neighbours are read in one go, as far as memory allows.
  private void read(Index now, int from, int to, List<Bytes> records) throws IOException {
    if (from == to) {
      return;
    }
    long span = now.places[to - 1] - now.places[from];
    if (span > MAX_SPAN_BYTES) {
      int middle = (from + to) >>> 1;
      read(now, from, middle, records);
      read(now, middle, to, records);
      return;
    }
    byte[] bytes = new byte[(int) span + Integer.BYTES];
    file.read(now.places[from], bytes);
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    for (int i = from; i < to - 1; i++) {
      records.add(record(buffer.position((int) (now.places[i] - now.places[from]))));
    }
    int lastBytes = buffer.getInt((int) span);
    if (lastBytes < 0 || lastBytes > MAX_FRAME_BYTES) {
      throw new IOException("a record is longer than the file");
    }
    byte[] last = new byte[lastBytes];
    file.read(now.places[to - 1] + Integer.BYTES, last);
    records.add(Bytes.of(last));
  }

  private static Bytes record(ByteBuffer buffer) throws IOException {
    int bytes = buffer.getInt();
    if (bytes < 0 || bytes > buffer.remaining()) {
      throw new IOException("a record is longer than its place");
    }
    byte[] record = new byte[bytes];
    buffer.get(record);
    return Bytes.of(record);
  }

  private byte[] digest(byte[] frame) {
    MessageDigest sha = sha256();
    sha.update(lastDigest);
    sha.update(frame, 0, frame.length - DIGEST_BYTES);
    return sha.digest();
  }

  private byte[] mark() {
    return mark(end, index.count);
  }

  private static byte[] mark(long end, long count) {
    ByteBuffer mark = ByteBuffer.allocate(MARK_BYTES).putLong(end).putLong(count);
    CRC32C crc = new CRC32C();
    crc.update(mark.array(), 0, mark.position());
    return mark.putInt((int) crc.getValue()).array();
  }

  private static long frameBytes(long payload) {
    return FRAME_HEADER_BYTES + payload + DIGEST_BYTES;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private LedgerException stop(String message, IOException cause) {
    failure = cause;
    return new LedgerException(message, cause);
  }

  private void requireWorking() {
    Exception earlier = failure;
    if (earlier != null) {
      throw new LedgerException("the ledger file has failed; open it again", earlier);
    }
  }

  /// Where each record begins. `places` beyond `count` belong to whoever appends.
  private static final class Index {
    final long[] places;
    final int count;

    Index(long[] places, int count) {
      this.places = places;
      this.count = count;
    }

    Index withRoomFor(int more) {
      long needed = (long) count + more;
      if (needed > Integer.MAX_VALUE - 8) {
        throw new LedgerException("the ledger file is full");
      }
      return needed <= places.length
          ? this
          : new Index(
              Arrays.copyOf(places, (int) Math.min(Integer.MAX_VALUE - 8, 2 * needed)), count);
    }
  }
}
