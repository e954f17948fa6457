package cloister.privacy;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

/// The [Footprint]s of one release: of each group's numbers, and of their margins.
///
/// A margin is what anybody can add up: the numbers of all shown groups that agree in some of the
/// keys, down to the sum of all. A total less its shown parts is the part that was withheld.
///
/// Immutable. It cannot be printed.
public final class Footprints {
  public static final Footprints NONE = new Footprints(List.of());

  /// Of up to so many keys there is a margin for every choice of some; of more, for each by itself,
  /// for all but each, and the sum of all.
  private static final int MOST_CROSSED_KEYS = 4;

  /// How this version writes them. Another way of hashing units would need another number, and what
  /// has another number is not comparable.
  private static final int VERSION = 1;

  private final List<List<Footprint>> groups;

  private Footprints(List<List<Footprint>> groups) {
    this.groups = groups.stream().map(List::copyOf).toList();
  }

  /// @param shown the footprints of numbers that are released, by what is traced
  record Group(List<Optional<String>> keys, SortedMap<Integer, Footprint> shown) {}

  static Footprints of(List<Group> groups, int keys) {
    var all = new ArrayList<List<Footprint>>();
    groups.forEach(group -> all.add(List.copyOf(group.shown().values())));
    for (int mask : margins(keys)) {
      margin(groups, mask).forEach(all::add);
    }
    return new Footprints(all);
  }

  /// By a mask of the keys that are kept; all are kept by the groups themselves.
  private static List<Integer> margins(int keys) {
    int all = (1 << Math.min(keys, Integer.SIZE - 2)) - 1;
    if (keys <= MOST_CROSSED_KEYS) {
      return IntStream.range(0, all).boxed().toList();
    }
    var masks = new TreeSet<Integer>();
    masks.add(0);
    for (int key = 0; key < Math.min(keys, Integer.SIZE - 2); key++) {
      masks.add(1 << key);
      masks.add(all & ~(1 << key));
    }
    return List.copyOf(masks);
  }

  /// Margins of one group alone are that group.
  private static List<List<Footprint>> margin(List<Group> groups, int mask) {
    Map<List<Optional<String>>, List<Group>> parts = new LinkedHashMap<>();
    for (var group : groups) {
      var kept =
          IntStream.range(0, group.keys().size())
              .filter(key -> key < Integer.SIZE - 2 && (mask >> key & 1) == 1)
              .mapToObj(group.keys()::get)
              .toList();
      parts.computeIfAbsent(kept, _ -> new ArrayList<>()).add(group);
    }
    return parts.values().stream()
        .filter(members -> members.size() > 1)
        .map(Footprints::sum)
        .toList();
  }

  private static List<Footprint> sum(List<Group> members) {
    var sums = new TreeMap<Integer, Footprint>();
    for (var member : members) {
      member.shown().forEach((traced, each) -> sums.merge(traced, each, Footprint::plus));
    }
    return List.copyOf(sums.values());
  }

  /// Numbers of one group stand side by side in every answer: they are not compared with each
  /// other.
  List<List<Footprint>> groups() {
    return groups;
  }

  public boolean isEmpty() {
    return groups.stream().allMatch(List::isEmpty);
  }

  /// How much memory they take.
  public long bytes() {
    return groups.stream().flatMap(List::stream).mapToLong(Footprint::bytes).sum();
  }

  public byte[] encode() {
    var names = new TreeSet<String>();
    groups.forEach(group -> group.forEach(each -> names.addAll(each.datasets())));
    var numbered = List.copyOf(names);
    var out = new Footprint.Writer();
    out.number(VERSION);
    out.number(numbered.size());
    numbered.forEach(out::text);
    out.word(groups.size());
    for (var group : groups) {
      out.number(group.size());
      group.forEach(each -> each.write(out, numbered));
    }
    return out.bytes();
  }

  /// @throws IllegalArgumentException for what [#encode] did not write
  public static Footprints decode(byte[] encoded) {
    var in = ByteBuffer.wrap(encoded);
    try {
      if (in.getChar() != VERSION) {
        throw new IllegalArgumentException("footprints of another version are not comparable");
      }
      var names = new ArrayList<String>();
      for (int left = in.getChar(); left > 0; left--) {
        byte[] name = new byte[in.getChar()];
        in.get(name);
        names.add(new String(name, UTF_8));
      }
      var groups = new ArrayList<List<Footprint>>();
      for (int left = in.getInt(); left > 0; left--) {
        var group = new ArrayList<Footprint>();
        for (int each = in.getChar(); each > 0; each--) {
          group.add(Footprint.read(in, names));
        }
        groups.add(group);
      }
      if (in.hasRemaining()) {
        throw new IllegalArgumentException("something follows the footprints");
      }
      return new Footprints(groups);
    } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
      throw new IllegalArgumentException("footprints are cut off", e);
    }
  }

  /// Those of numbers that nobody was told yet.
  Footprints without(Differences known) {
    return new Footprints(
        groups.stream()
            .map(group -> group.stream().filter(each -> !known.has(each)).toList())
            .toList());
  }

  @Override
  public String toString() {
    return "footprints, withheld";
  }
}
