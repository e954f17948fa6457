package cloister.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/// Writes the data of `examples/` from fixed seeds, with the dirt that such tables have: one person
/// in several rows, identifiers in another case or with stray spaces, rows without one.
final class ExampleData {
  private static final List<String> HOSPITALS = List.of("north", "south", "west");
  private static final List<String> DIAGNOSES = List.of("E11", "E11", "I10", "I10", "J45", "C50");
  private static final int PATIENTS = 1200;

  private ExampleData() {}

  static void writeAll(Path examples) throws IOException {
    var airlineMedia = new Population(1500, 2026);
    airlineMedia.write(
        Population.Owner.AIRLINE, examples.resolve("airline-media/airline/customers.csv"));
    airlineMedia.write(
        Population.Owner.MEDIA, examples.resolve("airline-media/media/customers.csv"));
    for (String hospital : HOSPITALS) {
      write(examples.resolve("hospitals/" + hospital + "/patients.csv"), patients(hospital));
    }
    write(examples.resolve("banks/alder/customers.csv"), customers(0, 1000, 1));
    write(examples.resolve("banks/birch/customers.csv"), customers(300, 1100, 2));
    write(examples.resolve("banks/insurer/members.csv"), members());
  }

  /// A third of the patients of a site go to one of the others too; most come more than once.
  private static List<String> patients(String hospital) {
    int site = HOSPITALS.indexOf(hospital);
    var random = new SplittableRandom(100 + site);
    var lines = new ArrayList<String>();
    lines.add("patient,sex,diagnosis,admitted");
    for (int person = 0; person < PATIENTS; person++) {
      boolean home = person % 3 == site;
      boolean guest = new SplittableRandom(person).nextInt(3) == site;
      if (!home && !guest) {
        continue;
      }
      int visits = 1 + random.nextInt(3);
      for (int visit = 0; visit < visits; visit++) {
        lines.add(
            String.join(
                ",",
                random.nextInt(60) == 0 ? "" : spaced("pt-%06d".formatted(7919 * person), random),
                person % 2 == 0 ? "female" : "male",
                random.nextInt(40) == 0 ? "" : DIAGNOSES.get(random.nextInt(DIAGNOSES.size())),
                LocalDate.of(2025, 1, 1).plusDays(random.nextInt(365)).toString()));
      }
    }
    return lines;
  }

  private static List<String> customers(int first, int end, int seed) {
    var random = new SplittableRandom(seed);
    var lines = new ArrayList<String>();
    lines.add("email,balance");
    for (int person = first; person < end; person++) {
      int accounts = random.nextInt(10) == 0 ? 2 : 1;
      for (int account = 0; account < accounts; account++) {
        int cents = random.nextInt(-50_000, 2_000_000);
        lines.add(address(person, random) + "," + java.math.BigDecimal.valueOf(cents, 2));
      }
    }
    return lines;
  }

  private static List<String> members() {
    var random = new SplittableRandom(3);
    var policies = List.of("car", "home", "life");
    var lines = new ArrayList<String>();
    lines.add("email,policy");
    for (int person = 200; person < 900; person++) {
      lines.add(address(person, random) + "," + policies.get(random.nextInt(3)));
      if (random.nextInt(5) == 0) {
        lines.add(address(person, random) + "," + policies.get(random.nextInt(3)));
      }
    }
    return lines;
  }

  private static String address(int person, SplittableRandom random) {
    return random.nextInt(80) == 0 ? "" : dirty("customer" + person + "@example.org", random);
  }

  /// Case means nothing in an e-mail address; in the identifiers of a registry it might.
  private static String dirty(String email, SplittableRandom random) {
    return spaced(random.nextInt(12) == 0 ? email.toUpperCase(Locale.ROOT) : email, random);
  }

  private static String spaced(String identifier, SplittableRandom random) {
    return switch (random.nextInt(12)) {
      case 0 -> " " + identifier;
      case 1 -> identifier + "  ";
      default -> identifier;
    };
  }

  private static void write(Path file, List<String> lines) throws IOException {
    Files.writeString(file, String.join("\n", lines) + "\n");
  }
}
