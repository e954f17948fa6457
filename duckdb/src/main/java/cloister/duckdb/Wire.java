package cloister.duckdb;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What the enclave and a worker say to each other over the worker's standard input and output:
/// length-prefixed, bounded on both sides, and without one word of the engine's own text.
final class Wire {
  /// Requests.
  static final int OPEN = 1;

  static final int QUERY = 2;

  /// Answers. A worker is READY once, with the layers that confine it.
  static final int READY = 16;

  static final int ROW = 17;
  static final int END = 18;
  static final int FAILURE = 19;

  /// The longest text either side accepts; a generated query or a long group key stays far below.
  static final int TEXT_BYTES = 4 << 20;

  private static final int LIST_ITEMS = 100_000;
  private static final int NUMBER_BYTES = 16;
  private static final int COLUMNS = 4_096;

  /// The longest list of numbers in a row: of histograms, whose buckets are a few hundred.
  static final int LIST_NUMBERS = 16_384;

  private Wire() {}

  /// Why a worker could not answer; by order of the code on the wire.
  enum Failure {
    TIME,
    MEMORY,
    GROUPS,
    /// A file that it reads is not what it should be.
    INPUT,
    FAILED;

    private static final List<Failure> ALL = List.of(values());

    static Failure read(DataInputStream in) throws IOException {
      int code = in.readUnsignedByte();
      if (code >= ALL.size()) {
        throw new IOException("unknown failure");
      }
      return ALL.get(code);
    }
  }

  /// What a worker may touch and use, for the rest of its life.
  ///
  /// @param tables the views to offer, each over Parquet files, which it may read
  /// @param inputs further files that it may read
  /// @param outputs existing files that it may write
  record Opening(
      Map<String, List<String>> tables,
      List<String> inputs,
      List<String> outputs,
      long memoryBytes,
      int threads,
      long timeMillis) {
    Opening {
      tables = Map.copyOf(tables);
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
    }

    /// All that it may read and not write.
    List<String> reads() {
      var reads = new ArrayList<>(inputs);
      tables.values().forEach(reads::addAll);
      return reads;
    }

    void write(DataOutputStream out) throws IOException {
      out.writeByte(OPEN);
      out.writeInt(tables.size());
      for (var table : tables.entrySet()) {
        writeText(out, table.getKey());
        writeTexts(out, table.getValue());
      }
      writeTexts(out, inputs);
      writeTexts(out, outputs);
      out.writeLong(memoryBytes);
      out.writeInt(threads);
      out.writeLong(timeMillis);
      out.flush();
    }

    static Opening read(DataInputStream in) throws IOException {
      int count = readCount(in, LIST_ITEMS);
      var tables = new LinkedHashMap<String, List<String>>();
      for (int i = 0; i < count; i++) {
        tables.put(readText(in), readTexts(in));
      }
      return new Opening(
          tables, readTexts(in), readTexts(in), in.readLong(), in.readInt(), in.readLong());
    }
  }

  /// SQL and the shape of its result: text columns, then whole-number columns, then columns of
  /// lists of whole numbers; at most `rows` rows.
  record Query(String sql, int keys, int numbers, int lists, int rows) {
    /// Without lists.
    Query(String sql, int keys, int numbers, int rows) {
      this(sql, keys, numbers, 0, rows);
    }

    void write(DataOutputStream out) throws IOException {
      out.writeByte(QUERY);
      writeText(out, sql);
      out.writeInt(keys);
      out.writeInt(numbers);
      out.writeInt(lists);
      out.writeInt(rows);
      out.flush();
    }

    static Query read(DataInputStream in) throws IOException {
      return new Query(
          readText(in),
          readCount(in, COLUMNS),
          readCount(in, COLUMNS),
          readCount(in, COLUMNS),
          readCount(in, 1 << 30));
    }
  }

  /// Takes the rows of a result as they arrive.
  @FunctionalInterface
  interface Rows {
    void row(List<Optional<String>> keys, List<BigInteger> numbers, List<List<BigInteger>> lists);
  }

  static void writeText(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > TEXT_BYTES) {
      throw new IOException("text too long");
    }
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  static String readText(DataInputStream in) throws IOException {
    return new String(in.readNBytes(readCount(in, TEXT_BYTES)), StandardCharsets.UTF_8);
  }

  /// A length of −1 stands for SQL's NULL.
  static void writeKey(DataOutputStream out, Optional<String> key) throws IOException {
    if (key.isEmpty()) {
      out.writeInt(-1);
    } else {
      writeText(out, key.get());
    }
  }

  static Optional<String> readKey(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length == -1) {
      return Optional.empty();
    }
    if (length < 0 || length > TEXT_BYTES) {
      throw new IOException("text too long");
    }
    return Optional.of(new String(in.readNBytes(length), StandardCharsets.UTF_8));
  }

  static void writeNumber(DataOutputStream out, BigInteger number) throws IOException {
    byte[] bytes = number.toByteArray();
    if (bytes.length > NUMBER_BYTES) {
      throw new IOException("number too long");
    }
    out.writeByte(bytes.length);
    out.write(bytes);
  }

  static BigInteger readNumber(DataInputStream in) throws IOException {
    int length = in.readUnsignedByte();
    if (length == 0 || length > NUMBER_BYTES) {
      throw new IOException("number of an impossible length");
    }
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return new BigInteger(bytes);
  }

  static void writeNumbers(DataOutputStream out, List<BigInteger> numbers) throws IOException {
    if (numbers.size() > LIST_NUMBERS) {
      throw new IOException("list too long");
    }
    out.writeInt(numbers.size());
    for (var number : numbers) {
      writeNumber(out, number);
    }
  }

  static List<BigInteger> readNumbers(DataInputStream in) throws IOException {
    int count = readCount(in, LIST_NUMBERS);
    var numbers = new ArrayList<BigInteger>(count);
    for (int i = 0; i < count; i++) {
      numbers.add(readNumber(in));
    }
    return numbers;
  }

  private static void writeTexts(DataOutputStream out, List<String> texts) throws IOException {
    out.writeInt(texts.size());
    for (String text : texts) {
      writeText(out, text);
    }
  }

  private static List<String> readTexts(DataInputStream in) throws IOException {
    int count = readCount(in, LIST_ITEMS);
    var texts = new ArrayList<String>();
    for (int i = 0; i < count; i++) {
      texts.add(readText(in));
    }
    return texts;
  }

  private static int readCount(DataInputStream in, int most) throws IOException {
    int count = in.readInt();
    if (count < 0 || count > most) {
      throw new IOException("count out of bounds");
    }
    return count;
  }
}
