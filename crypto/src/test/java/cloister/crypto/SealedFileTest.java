package cloister.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SealedFileTest {
  private static final int CHUNK = 64;
  private static final int SEALED_CHUNK = CHUNK + 16;
  private static final Bytes CONTEXT = Bytes.utf8("/airline/dataset/customers, version 3");

  private final Secret key = Secret.random(32);

  @TempDir Path folder;

  @Test
  void everyLengthAroundTheChunkComesBackByEveryWayOfReading() throws Exception {
    for (int length : new int[] {0, 1, 63, 64, 65, 127, 128, 129, 640, 641, 1000}) {
      byte[] content = content(length);
      byte[] file = seal(content);
      assertThat(file).as("length %d", length).hasSize((int) header(file).sealedBytes(length));
      assertThat(stream(file)).as("length %d", length).isEqualTo(content);
      assertThat(channel(file)).as("length %d", length).isEqualTo(content);
      assertThat(pieces(file)).as("length %d", length).isEqualTo(content);
    }
  }

  @Test
  void howTheContentWasWrittenDoesNotShow() throws Exception {
    long seed = 20261121;
    var random = new SplittableRandom(seed);
    byte[] content = content(5000);
    for (int round = 0; round < 100; round++) {
      var out = new ByteArrayOutputStream();
      var writer = SealedWriter.to(out, key, CONTEXT, CHUNK);
      int at = 0;
      while (at < content.length) {
        int length = Math.min(random.nextInt(200), content.length - at);
        writer.write(content, at, length);
        at += length;
      }
      writer.finish();
      assertThat(stream(out.toByteArray())).as("seed %d round %d", seed, round).isEqualTo(content);
    }
  }

  @Test
  void anyPositionCanBeRead() throws Exception {
    byte[] content = content(1000);
    SealedReader reader = reader(seal(content));
    assertThat(reader.size()).isEqualTo(1000);
    long seed = 7;
    var random = new SplittableRandom(seed);
    for (int round = 0; round < 500; round++) {
      int from = random.nextInt(1001);
      byte[] part = new byte[random.nextInt(1, 300)];
      int expected = Math.min(part.length, 1000 - from);
      int read = reader.position(from).read(ByteBuffer.wrap(part));
      assertThat(read).as("seed %d round %d", seed, round).isEqualTo(expected == 0 ? -1 : expected);
      assertThat(Arrays.copyOf(part, expected))
          .isEqualTo(Arrays.copyOfRange(content, from, from + expected));
    }
    assertThat(reader.readChunk(2)).isEqualTo(Arrays.copyOfRange(content, 128, 192));
  }

  @Test
  void anyFlippedBitIsRefusedByEveryWayOfReading() throws Exception {
    byte[] file = seal(content(200));
    for (int at = 0; at < file.length; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] altered = file.clone();
        altered[at] ^= (byte) (1 << bit);
        refused(altered, "byte " + at + " bit " + bit);
      }
    }
  }

  @Test
  void anyTruncationIsRefused() throws Exception {
    byte[] file = seal(content(200));
    for (int length = 0; length < file.length; length++) {
      refused(Arrays.copyOf(file, length), "cut to " + length);
    }
  }

  @Test
  void anythingAfterTheEndIsRefused() throws Exception {
    for (int length : new int[] {0, 1, 64, 200}) {
      byte[] file = seal(content(length));
      for (int extra : new int[] {1, 15, 16, 17, SEALED_CHUNK, 1000}) {
        refused(Arrays.copyOf(file, file.length + extra), extra + " zero bytes after " + length);
      }
    }
  }

  @Test
  void chunksCannotBeSwappedRepeatedOrLeftOut() throws Exception {
    byte[] file = seal(content(4 * CHUNK));
    byte[] swapped = file.clone();
    System.arraycopy(file, 80, swapped, 80 + SEALED_CHUNK, SEALED_CHUNK);
    System.arraycopy(file, 80 + SEALED_CHUNK, swapped, 80, SEALED_CHUNK);
    refused(swapped, "swapped");

    byte[] repeated = file.clone();
    System.arraycopy(file, 80, repeated, 80 + SEALED_CHUNK, SEALED_CHUNK);
    refused(repeated, "repeated");

    refused(
        Octets.concat(
            Arrays.copyOf(file, 80 + SEALED_CHUNK),
            Arrays.copyOfRange(file, 80 + 2 * SEALED_CHUNK, file.length)),
        "left out");
  }

  @Test
  void aChunkOfAnotherFileUnderTheSameKeyIsRefused() throws Exception {
    byte[] one = seal(content(200));
    byte[] two = seal(content(200));
    assertThat(one).isNotEqualTo(two);
    byte[] spliced = one.clone();
    System.arraycopy(two, 80 + SEALED_CHUNK, spliced, 80 + SEALED_CHUNK, SEALED_CHUNK);
    refused(spliced, "a chunk of another file");
    byte[] header = two.clone();
    System.arraycopy(one, 0, header, 0, 80);
    refused(header, "the header of another file");
  }

  @Test
  void anotherKeyOrContextIsRefusedBeforeTheFirstChunk() throws Exception {
    byte[] file = seal(content(200));
    assertThatThrownBy(() ->
            SealedInputStream.open(new ByteArrayInputStream(file), Secret.random(32), CONTEXT))
        .isInstanceOf(CryptoException.class)
        .hasMessageContaining("another key");
    assertThatThrownBy(() ->
            SealedChunks.of(header(file), file.length, key, Bytes.utf8("/media/dataset/readers")))
        .isInstanceOf(CryptoException.class);
  }

  @Test
  void aPieceIsCheckedOnItsOwnAsItArrives() throws Exception {
    byte[] file = seal(content(200));
    SealedChunks chunks = SealedChunks.of(header(file), file.length, key, CONTEXT);
    assertThat(chunks.count()).isEqualTo(4);
    assertThat(chunks.plainBytes()).isEqualTo(200);
    byte[] third = piece(chunks, file, 2);
    chunks.verify(2, third);
    for (long index : new long[] {-1, 0, 1, 3, 4, Long.MAX_VALUE}) {
      assertThatThrownBy(() -> chunks.verify(index, third)).isInstanceOf(CryptoException.class);
    }
    // The same chunk under a declared length that would make it the last one.
    SealedChunks shorter = SealedChunks.of(header(file), 80 + 3 * SEALED_CHUNK, key, CONTEXT);
    assertThatThrownBy(() -> shorter.verify(2, third)).isInstanceOf(CryptoException.class);
  }

  @Test
  void aDeclaredLengthThatNoFileHasIsRefused() throws Exception {
    byte[] file = seal(content(200));
    for (long length :
        new long[] {
          Long.MIN_VALUE,
          -1,
          0,
          80,
          95,
          80 + SEALED_CHUNK + 1,
          80 + SEALED_CHUNK + 16,
          Long.MAX_VALUE
        }) {
      assertThatThrownBy(() -> SealedChunks.of(header(file), length, key, CONTEXT))
          .as("length %d", length)
          .isInstanceOf(CryptoException.class);
    }
  }

  @Test
  void aFileThatWasNotFinishedIsRefused() throws Exception {
    for (int length : new int[] {0, 64, 200}) {
      var out = new ByteArrayOutputStream();
      try (var writer = SealedWriter.to(out, key, CONTEXT, CHUNK)) {
        writer.write(content(length));
      }
      refused(out.toByteArray(), "unfinished after " + length);
    }
  }

  @Test
  void nothingIsWrittenAfterTheEnd() throws Exception {
    var writer = SealedWriter.to(new ByteArrayOutputStream(), key, CONTEXT, CHUNK);
    writer.finish();
    assertThatThrownBy(() -> writer.write(1)).isInstanceOf(IOException.class);
    assertThatThrownBy(writer::finish).isInstanceOf(IOException.class);
  }

  @Test
  void aRefusedStreamNeverLooksFinishedToASecondRead() throws Exception {
    byte[] file = seal(content(200));
    file[file.length - 1] ^= 1;
    InputStream in = SealedInputStream.open(new ByteArrayInputStream(file), key, CONTEXT);
    assertThatThrownBy(in::readAllBytes).isInstanceOf(IOException.class);
    assertThatThrownBy(in::read).isInstanceOf(IOException.class);
  }

  @Test
  void aFileBiggerThanTheHeapIsWrittenInConstantMemory() throws Exception {
    // 2 GiB through a pipe of two chunks: the test JVM has a heap of 1 GiB.
    long chunks = 32 * 1024;
    byte[] block = content(SealedHeader.DEFAULT_CHUNK_BYTES);
    var count = new CountingOutputStream();
    var writer = SealedWriter.to(count, key, CONTEXT);
    for (long i = 0; i < chunks; i++) {
      writer.write(block);
    }
    writer.finish();
    assertThat(count.bytes).isEqualTo(80 + chunks * (block.length + 16));
  }

  @Test
  void headersThatAreNoneAreRefused() {
    assertThatThrownBy(() -> SealedHeader.parse(Bytes.of(new byte[80])))
        .isInstanceOf(CryptoException.class)
        .hasMessage("not a sealed file");
    assertThatThrownBy(() -> SealedHeader.parse(Bytes.of(new byte[79])))
        .isInstanceOf(CryptoException.class);
    byte[] huge = SealedHeader.fresh(key, CONTEXT, CHUNK).encoded().toArray();
    Arrays.fill(huge, 12, 16, (byte) 0x7f);
    assertThatThrownBy(() -> SealedHeader.parse(Bytes.of(huge)))
        .isInstanceOf(CryptoException.class)
        .hasMessageContaining("chunk size");
    byte[] none = SealedHeader.fresh(key, CONTEXT, CHUNK).encoded().toArray();
    Arrays.fill(none, 12, 16, (byte) 0);
    assertThatThrownBy(() -> SealedHeader.parse(Bytes.of(none)))
        .isInstanceOf(CryptoException.class);
  }

  @Test
  void theFormatIsTheOneOfTheVectors() throws Exception {
    Vectors.Case vector = Vectors.ofFormat("sealed-file");
    var in =
        SealedInputStream.open(
            new ByteArrayInputStream(vector.bytes("sealed")),
            Secret.of(vector.bytes("key")),
            Bytes.of(vector.bytes("context")));
    assertThat(in.readAllBytes()).isEqualTo(vector.bytes("content"));
  }

  private void refused(byte[] file, String what) {
    assertThatThrownBy(() -> stream(file)).as("stream, %s", what).satisfies(this::isRefusal);
    assertThatThrownBy(() -> channel(file)).as("channel, %s", what).satisfies(this::isRefusal);
    assertThatThrownBy(() -> pieces(file)).as("pieces, %s", what).satisfies(this::isRefusal);
  }

  private void isRefusal(Throwable thrown) {
    Throwable refusal = thrown instanceof IOException ? thrown.getCause() : thrown;
    assertThat(refusal).isInstanceOf(CryptoException.class);
  }

  private static byte[] content(int length) {
    byte[] content = new byte[length];
    for (int i = 0; i < length; i++) {
      content[i] = (byte) (i * 31 + i / 64);
    }
    return content;
  }

  private byte[] seal(byte[] content) throws IOException {
    var out = new ByteArrayOutputStream();
    var writer = SealedWriter.to(out, key, CONTEXT, CHUNK);
    writer.write(content);
    writer.finish();
    return out.toByteArray();
  }

  private byte[] stream(byte[] file) throws IOException, CryptoException {
    try (var in = SealedInputStream.open(new ByteArrayInputStream(file), key, CONTEXT)) {
      return in.readAllBytes();
    }
  }

  private byte[] channel(byte[] file) throws IOException, CryptoException {
    try (SealedReader reader = reader(file)) {
      var content = ByteBuffer.allocate((int) reader.size());
      while (content.hasRemaining()) {
        reader.read(content);
      }
      return content.array();
    }
  }

  private SealedReader reader(byte[] file) throws IOException, CryptoException {
    Path path = folder.resolve("sealed");
    Files.write(path, file);
    SeekableByteChannel channel = Files.newByteChannel(path);
    try {
      return SealedReader.open(channel, key, CONTEXT);
    } catch (IOException | CryptoException e) {
      channel.close();
      throw e;
    }
  }

  private byte[] pieces(byte[] file) throws CryptoException {
    SealedChunks chunks = SealedChunks.of(header(file), file.length, key, CONTEXT);
    byte[][] opened = new byte[(int) chunks.count()][];
    for (int i = opened.length - 1; i >= 0; i--) {
      opened[i] = chunks.open(i, piece(chunks, file, i));
    }
    return Octets.concat(opened);
  }

  private static byte[] piece(SealedChunks chunks, byte[] file, long index) {
    int at = (int) chunks.offset(index);
    return Arrays.copyOfRange(file, at, at + chunks.sealedBytes(index));
  }

  private static SealedHeader header(byte[] file) throws CryptoException {
    return SealedHeader.parse(Bytes.of(Arrays.copyOf(file, Math.min(80, file.length))));
  }

  private static final class CountingOutputStream extends OutputStream {
    private long bytes;

    @Override
    public void write(int octet) {
      bytes++;
    }

    @Override
    public void write(byte[] octets, int offset, int length) {
      bytes += length;
    }
  }
}
