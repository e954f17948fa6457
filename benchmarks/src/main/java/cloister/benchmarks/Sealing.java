package cloister.benchmarks;

import cloister.crypto.Bytes;
import cloister.crypto.CryptoException;
import cloister.crypto.SealedReader;
import cloister.crypto.SealedWriter;
import cloister.crypto.Secret;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.runner.RunnerException;

/// Sealed files in memory, and the JDK's cipher over the same arrays in pieces of the same size.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Sealing {
  private static final int CHUNK_BYTES = 64 << 10;
  private static final int TAG_BYTES = 16;
  private static final Bytes CONTEXT = Bytes.utf8("benchmark");

  /// Of content.
  @Param("64")
  public int megabytes = 64;

  private final Secret key = Secret.random(32);
  private final SecretKeySpec jdkKey = new SecretKeySpec(key.expose(), "AES");
  private byte[] plain = new byte[0];
  private byte[] sealed = new byte[0];
  private byte[] jdkSealed = new byte[0];
  private byte[] opened = new byte[0];
  private int sealedBytes;

  static List<Result> measure(Sizes sizes) throws RunnerException {
    Map<String, Double> times = JmhRun.nanoseconds(Sealing.class, sizes);
    return List.of(
        result(Claim.SEAL, sizes, times, "seal", "jdkSeal"),
        result(Claim.UNSEAL, sizes, times, "unseal", "jdkUnseal"));
  }

  private static Result result(
      Claim claim, Sizes sizes, Map<String, Double> times, String ours, String peer) {
    // Bytes per nanosecond are gigabytes per second.
    double bytes = (double) sizes.sealedMegabytes() * (1 << 20);
    return new Result(
        claim,
        sizes.sealedMegabytes() + " MiB in chunks of 64 KiB",
        bytes / JmhRun.of(times, ours),
        bytes / JmhRun.of(times, peer));
  }

  /// Fills the buffers and leaves something to unseal in each.
  @Setup
  public void prepare() throws IOException, GeneralSecurityException {
    int bytes = megabytes << 20;
    int room = bytes + (bytes / CHUNK_BYTES + 1) * TAG_BYTES + 4096;
    plain = new byte[bytes];
    sealed = new byte[room];
    jdkSealed = new byte[room];
    opened = new byte[bytes];
    new SplittableRandom(1).nextBytes(plain);
    sealedBytes = seal();
    jdkSeal();
  }

  @Benchmark
  public int seal() throws IOException {
    var out = new Filling(sealed);
    try (var writer = SealedWriter.to(out, key, CONTEXT)) {
      writer.write(plain, 0, plain.length);
      writer.finish();
    }
    return out.filled;
  }

  @Benchmark
  public int unseal() throws IOException, CryptoException {
    try (var reader = SealedReader.open(new Held(sealed, sealedBytes), key, CONTEXT)) {
      return reader.read(ByteBuffer.wrap(opened));
    }
  }

  @Benchmark
  public int jdkSeal() throws GeneralSecurityException {
    var cipher = Cipher.getInstance("AES/GCM/NoPadding");
    int at = 0;
    for (int from = 0; from < plain.length; from += CHUNK_BYTES) {
      cipher.init(Cipher.ENCRYPT_MODE, jdkKey, nonce(from));
      at += cipher.doFinal(plain, from, CHUNK_BYTES, jdkSealed, at);
    }
    return at;
  }

  @Benchmark
  public int jdkUnseal() throws GeneralSecurityException {
    var cipher = Cipher.getInstance("AES/GCM/NoPadding");
    int at = 0;
    for (int to = 0; to < opened.length; to += CHUNK_BYTES) {
      cipher.init(Cipher.DECRYPT_MODE, jdkKey, nonce(to));
      cipher.doFinal(jdkSealed, at, CHUNK_BYTES + TAG_BYTES, opened, to);
      at += CHUNK_BYTES + TAG_BYTES;
    }
    return at;
  }

  private static GCMParameterSpec nonce(int chunk) {
    return new GCMParameterSpec(TAG_BYTES * 8, ByteBuffer.allocate(12).putInt(8, chunk).array());
  }

  /// A stream into an array that is there already.
  private static final class Filling extends OutputStream {
    private final byte[] array;
    private int filled;

    Filling(byte[] array) {
      this.array = array;
    }

    @Override
    public void write(int octet) {
      array[filled++] = (byte) octet;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      System.arraycopy(bytes, offset, array, filled, length);
      filled += length;
    }
  }

  /// An array as a file.
  private static final class Held implements SeekableByteChannel {
    private final byte[] array;
    private final int length;
    private int at;

    Held(byte[] array, int length) {
      this.array = array;
      this.length = length;
    }

    @Override
    public int read(ByteBuffer target) {
      int taken = Math.min(target.remaining(), length - at);
      target.put(array, at, taken);
      at += taken;
      return taken == 0 ? -1 : taken;
    }

    @Override
    public long position() {
      return at;
    }

    @Override
    public SeekableByteChannel position(long position) {
      at = Math.toIntExact(position);
      return this;
    }

    @Override
    public long size() {
      return length;
    }

    @Override
    public int write(ByteBuffer source) {
      throw new NonWritableChannelException();
    }

    @Override
    public SeekableByteChannel truncate(long size) {
      throw new NonWritableChannelException();
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
