package cloister.cli;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/// The people of the demonstration: an airline's and a media company's customers, of whom about 60
/// % are the same, written the way such tables are: one person in several rows, addresses in
/// capitals or with stray spaces, and rows without an address.
///
/// The same rows and seed give the same bytes anywhere.
public record Population(int rows, long seed) {
  public static final int LARGEST = 50_000_000;
  private static final double WITHOUT_EMAIL = 0.01;
  private static final double REPEATED = 0.05;
  private static final double SHARED = 0.6;
  private static final List<String> BANDS = List.of("18-24", "25-34", "35-49", "50+");
  private static final List<String> FIRST =
      List.of(
          "ada", "amir", "bo", "carla", "chen", "dana", "eva", "femi", "grace", "hugo", "ines",
          "jun", "kofi", "lena", "mina", "noor", "olga", "pavel", "rosa", "tomas");
  private static final List<String> LAST =
      List.of(
          "adler", "baker", "costa", "diaz", "evans", "fischer", "garcia", "haddad", "ivanov",
          "jensen", "kim", "lopez", "mensah", "novak", "okafor", "park", "rossi", "sato", "tran",
          "weber");
  private static final List<String> HOSTS =
      List.of("example.com", "example.org", "example.net", "mail.example");

  public Population {
    if (rows < 100 || rows > LARGEST) {
      throw new IllegalArgumentException("rows must be 100 to " + LARGEST + ", not " + rows);
    }
  }

  /// One of the two tables, by its owner.
  public enum Owner {
    AIRLINE(
        0,
        "email,zip,age_band,spend,notes",
        "'email': 'VARCHAR', 'zip': 'VARCHAR', 'age_band': 'VARCHAR', 'spend': 'DECIMAL(10,2)',"
            + " 'notes': 'VARCHAR'"),
    MEDIA(
        1,
        "email,age_band,minutes",
        "'email': 'VARCHAR', 'age_band': 'VARCHAR', 'minutes': 'BIGINT'");

    /// Each table has a stream of chance of its own.
    private final int stream;

    private final String header;
    private final String types;

    Owner(int stream, String header, String types) {
      this.stream = stream;
      this.header = header;
      this.types = types;
    }

    /// The columns' types, as DuckDB takes them.
    public String types() {
      return types;
    }
  }

  /// Writes a table as CSV.
  public void write(Owner owner, Path file) throws IOException {
    try (var writer = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
      writer.write(owner.header);
      writer.write('\n');
      generate(owner, writer);
    }
  }

  /// How many people are in both tables, by age band: what no participant may learn exactly, and
  /// the demonstration compares the released answer with.
  public Map<String, Long> shared() throws IOException {
    int airlineEnd = generate(Owner.AIRLINE, new BufferedWriter(Writer.nullWriter()));
    int mediaEnd = generate(Owner.MEDIA, new BufferedWriter(Writer.nullWriter()));
    var counts = new TreeMap<String, Long>();
    for (int person = first(Owner.MEDIA); person < Math.min(airlineEnd, mediaEnd); person++) {
      counts.merge(band(person), 1L, Long::sum);
    }
    return counts;
  }

  /// The people in a table are numbered without gaps, from `first` to the end that this returns.
  private int generate(Owner owner, BufferedWriter writer) throws IOException {
    var random = new SplittableRandom(seed * 31 + owner.stream);
    int first = first(owner);
    int next = first;
    for (int row = 0; row < rows; row++) {
      double kind = random.nextDouble();
      if (kind < WITHOUT_EMAIL) {
        writeRow(owner, random.nextInt(Integer.MAX_VALUE), "", random, writer);
      } else {
        boolean repeated = kind < WITHOUT_EMAIL + REPEATED && next > first;
        int person = repeated ? random.nextInt(first, next) : next++;
        writeRow(owner, person, asTyped(email(person), random), random, writer);
      }
    }
    return next;
  }

  private int first(Owner owner) {
    double people = rows * (1 - WITHOUT_EMAIL - REPEATED);
    return owner == Owner.AIRLINE ? 0 : (int) (people * (1 - SHARED));
  }

  private static void writeRow(
      Owner owner, int person, String email, SplittableRandom random, BufferedWriter writer)
      throws IOException {
    writer.write(email);
    writer.write(',');
    switch (owner) {
      case AIRLINE -> {
        writer.write(Integer.toString(10_000 + (mix(person + 7) >>> 1) % 900));
        writer.write(',');
        writer.write(band(person));
        writer.write(',');
        int cents = random.nextInt(1_000, 300_000);
        writer.write(cents / 100 + "." + cents / 10 % 10 + cents % 10);
        writer.write(random.nextInt(8) == 0 ? ",called twice" : ",");
      }
      case MEDIA -> {
        writer.write(band(person));
        writer.write(',');
        writer.write(Integer.toString(random.nextInt(6_000)));
      }
    }
    writer.write('\n');
  }

  private static String band(int person) {
    return BANDS.get((mix(person) >>> 1) % BANDS.size());
  }

  private static String email(int person) {
    int mixed = mix(person + 1) >>> 1;
    return FIRST.get(mixed % 20)
        + "."
        + LAST.get(mixed / 20 % 20)
        + Integer.toString(person, 36)
        + "@"
        + HOSTS.get(mixed / 400 % 4);
  }

  private static String asTyped(String email, SplittableRandom random) {
    return switch (random.nextInt(20)) {
      case 0, 1 -> Character.toUpperCase(email.charAt(0)) + email.substring(1);
      case 2 -> email.toUpperCase(Locale.ROOT);
      case 3 -> email + " ";
      case 4 -> "  " + email;
      default -> email;
    };
  }

  /// The finaliser of MurmurHash3: a bijection that scatters neighbours.
  private static int mix(int value) {
    int mixed = value;
    mixed = (mixed ^ (mixed >>> 16)) * 0x85ebca6b;
    mixed = (mixed ^ (mixed >>> 13)) * 0xc2b2ae35;
    return mixed ^ (mixed >>> 16);
  }
}
