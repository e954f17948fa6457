package cloister.privacy;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.IntStream;

/// What an exact number says about which units, so little of it that two can be compared and
/// nothing else: a linear sketch of the units' contributions.
///
/// A number is a sum Σ c(u) over the units u of a dataset: of ones where units are counted, of rows
/// where rows are, of totals where values are. Units are spread over a power of two of buckets by a
/// keyed hash, and a bucket holds Σ c(u)·h(u) modulo the prime [#BUCKET_PRIME], h(u) from 1 on by
/// the same hash. Beside them is one such sum over all units, modulo [#CHECK_PRIME].
///
/// **Never a false "far":** buckets that differ are at most as many as units that contribute
/// differently, whatever hash and values are, and so is by how much the numbers of units that
/// contribute differ; so [#unitsBetween] is a lower bound. It is 0 for two numbers that differ with
/// a probability of 2^-46, and then only for somebody who cannot choose: the key is the enclave's.
/// It is too low where units share buckets. Sums and differences of footprints are those of sums
/// and differences, and values of another granularity are scaled in the field, so that a count, a
/// sum in cents and one in thousandths compare.
///
/// Immutable. It cannot be printed.
public final class Footprint {
  /// The largest prime of 16 bits.
  public static final int BUCKET_PRIME = 65_521;

  /// The second largest of 31 bits: a product of two residues, and of 2^64 of them the sum, are
  /// exact in the engine.
  public static final long CHECK_PRIME = 2_147_483_629L;

  private static final int FEWEST_BUCKETS = 128;

  /// More than that are too long a list for a row, and too much to keep of a number.
  private static final int MOST_BUCKETS = 8192;

  private static final int BUCKETS_PER_UNIT = 8;

  private static final int AROUND_BYTES = 200;

  /// In the place of how many buckets are written, where all are.
  private static final int DENSE = Character.MAX_VALUE;

  private static final long UNKNOWN = -1;

  private final SortedSet<String> datasets;

  /// How many units contribute something other than 0, or that nobody counted them.
  private final long units;

  private final int check;
  private final char[] buckets;

  Footprint(SortedSet<String> datasets, long units, int check, char[] buckets) {
    if (Integer.bitCount(buckets.length) != 1 || buckets.length > MOST_BUCKETS) {
      throw new IllegalArgumentException("buckets are a power of two, at most 8192");
    }
    this.datasets = new TreeSet<>(datasets);
    this.units = units;
    this.check = check;
    this.buckets = buckets;
  }

  /// Eight times as many as a minimum, or a few more: so few units share buckets that those of
  /// twice the minimum hardly ever look like fewer than it.
  public static int bucketsFor(int minimumUnits) {
    long wanted = (long) BUCKETS_PER_UNIT * minimumUnits;
    return (int)
        Math.clamp(Long.highestOneBit(2 * wanted - 1), FEWEST_BUCKETS, (long) MOST_BUCKETS);
  }

  /// Whose units it is about.
  SortedSet<String> datasets() {
    return datasets;
  }

  /// At least so many units contribute differently to the two numbers; 0 if they are the same.
  ///
  /// @param enough where counting ends
  int unitsBetween(Footprint other, int enough) {
    // Where one number is about some of the other's units, this is how many more.
    long more = units == UNKNOWN || other.units == UNKNOWN ? 0 : Math.abs(units - other.units);
    if (more >= enough) {
      return enough;
    }
    int size = Math.min(buckets.length, other.buckets.length);
    char[] mine = folded(size);
    char[] others = other.folded(size);
    int differ = 0;
    for (int i = 0; i < size && differ < enough; i++) {
      if (mine[i] != others[i]) {
        differ++;
      }
    }
    if (differ == 0 && check == other.check) {
      return 0;
    }
    return Math.max(1, Math.max(differ, (int) more));
  }

  /// That of the sum of two numbers.
  Footprint plus(Footprint other) {
    int size = Math.min(buckets.length, other.buckets.length);
    char[] sum = folded(size).clone();
    char[] others = other.folded(size);
    for (int i = 0; i < size; i++) {
      sum[i] = (char) ((sum[i] + others[i]) % BUCKET_PRIME);
    }
    var all = new TreeSet<>(datasets);
    all.addAll(other.datasets);
    return new Footprint(all, UNKNOWN, (int) ((check + (long) other.check) % CHECK_PRIME), sum);
  }

  /// With fewer buckets: those whose numbers agree in the last bits are one.
  private char[] folded(int size) {
    if (size == buckets.length) {
      return buckets;
    }
    char[] folded = new char[size];
    for (int i = 0; i < buckets.length; i++) {
      folded[i & (size - 1)] = (char) ((folded[i & (size - 1)] + buckets[i]) % BUCKET_PRIME);
    }
    return folded;
  }

  /// Whether it is the same number of the same datasets' units.
  boolean isSame(Footprint other) {
    return check == other.check
        && units == other.units
        && datasets.equals(other.datasets)
        && Arrays.equals(buckets, other.buckets);
  }

  /// The same for those that are the same.
  int key() {
    return 31 * check + Arrays.hashCode(buckets);
  }

  /// Of nothing: no unit contributes.
  boolean isEmpty() {
    return units == 0 || (units == UNKNOWN && check == 0 && filled() == 0);
  }

  /// How much memory it takes, the lists that it is in included.
  int bytes() {
    return Character.BYTES * buckets.length + AROUND_BYTES;
  }

  private int filled() {
    return (int) IntStream.range(0, buckets.length).filter(i -> buckets[i] != 0).count();
  }

  /// As an engine delivers it: the check, and then a bucket's number and sum in one integer each,
  /// `number · 2^32 + sum`, of buckets that have units.
  ///
  /// @param digits of the number's granularity, 10^-digits, of which contributions are multiples
  static Footprint of(
      Collection<String> datasets,
      BigInteger units,
      int buckets,
      int digits,
      List<BigInteger> delivered) {
    char[] sums = new char[buckets];
    for (BigInteger each : delivered.subList(1, delivered.size())) {
      int bucket = each.shiftRight(Integer.SIZE).intValueExact();
      sums[bucket] = (char) scaled(BigInteger.valueOf(each.intValue()), digits, BUCKET_PRIME);
    }
    return new Footprint(
        new TreeSet<>(datasets),
        units.longValueExact(),
        scaled(delivered.getFirst(), digits, CHECK_PRIME),
        sums);
  }

  private static int scaled(BigInteger sum, int digits, long prime) {
    var modulus = BigInteger.valueOf(prime);
    return BigInteger.TEN
        .modPow(BigInteger.valueOf(-digits), modulus)
        .multiply(sum)
        .mod(modulus)
        .intValueExact();
  }

  /// @param names of all datasets, in their order
  void write(Writer out, List<String> names) {
    out.number(datasets.size());
    datasets.forEach(name -> out.number(names.indexOf(name)));
    out.word((int) (units >> Integer.SIZE));
    out.word((int) units);
    out.word(check);
    out.number(Integer.numberOfTrailingZeros(buckets.length));
    int filled = filled();
    boolean sparse = 2 * filled < buckets.length;
    out.number(sparse ? filled : DENSE);
    for (int i = 0; i < buckets.length; i++) {
      if (sparse && buckets[i] != 0) {
        out.number(i);
      }
      if (!sparse || buckets[i] != 0) {
        out.number(buckets[i]);
      }
    }
  }

  /// @throws IllegalArgumentException or [java.nio.BufferUnderflowException] for anything else
  static Footprint read(ByteBuffer in, List<String> names) {
    int of = in.getChar();
    var datasets = new TreeSet<String>();
    for (int i = 0; i < of; i++) {
      datasets.add(names.get(in.getChar()));
    }
    long units = in.getLong();
    int check = in.getInt();
    char[] buckets = new char[1 << in.getChar()];
    int filled = in.getChar();
    for (int i = 0; i < (filled == DENSE ? buckets.length : filled); i++) {
      int at = filled == DENSE ? i : in.getChar();
      buckets[at] = in.getChar();
    }
    return new Footprint(datasets, units, check, buckets);
  }

  /// Where footprints are written to.
  static final class Writer {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    void number(int number) {
      if (number < 0 || number > Character.MAX_VALUE) {
        throw new IllegalArgumentException("a footprint's number has 16 bits, not " + number);
      }
      out.write(number >> Byte.SIZE);
      out.write(number);
    }

    void word(int word) {
      out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(word).array());
    }

    void text(String text) {
      byte[] bytes = text.getBytes(UTF_8);
      number(bytes.length);
      out.writeBytes(bytes);
    }

    byte[] bytes() {
      return out.toByteArray();
    }
  }

  @Override
  public String toString() {
    return "footprint, withheld";
  }
}
