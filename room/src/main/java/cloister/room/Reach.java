package cloister.room;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;

/// Everything that an analysis reads, directly and through other analyses, to any depth.
final class Reach {
  /// The root first, then the nearest first.
  private final List<Address> nodes;

  /// Per node, which analyses are on any path from the root to it, without itself, by index.
  private final List<BitSet> above;

  /// Per node, the index of the node before it on a shortest path; -1 for the root.
  private final int[] parents;

  private Reach(List<Address> nodes, List<BitSet> above, int[] parents) {
    this.nodes = nodes;
    this.above = above;
    this.parents = parents;
  }

  /// What the graph below an analysis turns out to be.
  sealed interface Result {
    record Acyclic(Reach reach) implements Result {}

    /// @param path from the root to what is not there
    record Missing(List<Address> path) implements Result {}

    /// @param path from the root into the cycle and around it, back to where it was entered
    /// @param members the analyses of the cycle, in the order in which they read each other
    record Cycle(List<Address> path, List<Address> members) implements Result {}
  }

  static Result below(Address root, Agreement agreement) {
    // Breadth first: indices grow with the distance, and the parents give shortest paths.
    SequencedMap<Address, Integer> indices = new LinkedHashMap<>();
    var parents = new ArrayList<Integer>();
    var queue = new ArrayDeque<Address>();
    indices.put(root, 0);
    parents.add(-1);
    queue.add(root);
    while (!queue.isEmpty()) {
      var at = queue.remove();
      int index = index(indices, at);
      if (!agreement.analyses().containsKey(at) && !agreement.datasets().containsKey(at)) {
        return new Result.Missing(path(index, List.copyOf(indices.keySet()), toArray(parents)));
      }
      for (Address input : inputs(at, agreement)) {
        if (indices.putIfAbsent(input, indices.size()) == null) {
          parents.add(index);
          queue.add(input);
        }
      }
    }
    var nodes = List.copyOf(indices.keySet());
    return order(nodes, indices, toArray(parents), agreement);
  }

  /// Depth first without recursion, so that a chain of any length fits; a node met again while it
  /// is still open closes a cycle.
  private static Result order(
      List<Address> nodes, Map<Address, Integer> indices, int[] parents, Agreement agreement) {
    var open = new ArrayDeque<Address>();
    var iterators = new ArrayDeque<Iterator<Address>>();
    var state = new HashMap<Address, Boolean>(); // absent: unseen, TRUE: open, FALSE: done
    var finished = new ArrayList<Address>();
    open.addLast(nodes.getFirst());
    iterators.addLast(inputs(nodes.getFirst(), agreement).iterator());
    state.put(nodes.getFirst(), Boolean.TRUE);
    while (!open.isEmpty()) {
      var iterator = iterators.getLast();
      if (!iterator.hasNext()) {
        iterators.removeLast();
        var done = open.removeLast();
        state.put(done, Boolean.FALSE);
        finished.add(done);
        continue;
      }
      var input = iterator.next();
      var seen = Optional.ofNullable(state.get(input));
      if (seen.isEmpty()) {
        state.put(input, Boolean.TRUE);
        open.addLast(input);
        iterators.addLast(inputs(input, agreement).iterator());
      } else if (seen.get()) {
        var path = new ArrayList<>(open);
        var members = List.copyOf(path.subList(path.indexOf(input), path.size()));
        path.add(input);
        return new Result.Cycle(path, members);
      }
    }
    // Reverse finishing order is topological: when a node's turn comes, its own set is complete.
    var above = new ArrayList<BitSet>();
    for (int i = 0; i < nodes.size(); i++) {
      above.add(new BitSet());
    }
    for (Address node : finished.reversed()) {
      int index = index(indices, node);
      for (Address input : inputs(node, agreement)) {
        var set = above.get(index(indices, input));
        set.or(above.get(index));
        set.set(index);
      }
    }
    return new Result.Acyclic(new Reach(nodes, above, parents));
  }

  /// The root first, then by distance.
  List<Address> nodes() {
    return nodes;
  }

  List<Address> datasets() {
    return nodes.stream().filter(node -> node.kind() == Kind.DATASET).toList();
  }

  /// The analyses on any path from the root to the node, the root included, the node not.
  List<Address> above(int node) {
    return above.get(node).stream().mapToObj(nodes::get).toList();
  }

  boolean isAbove(int upper, int lower) {
    return above.get(lower).get(upper);
  }

  /// A shortest path from the root to the node, both included.
  List<Address> path(int node) {
    return path(node, nodes, parents);
  }

  private static List<Address> path(int node, List<Address> nodes, int[] parents) {
    var path = new ArrayList<Address>();
    for (int at = node; at >= 0; at = parents[at]) {
      path.add(nodes.get(at));
    }
    Collections.reverse(path);
    return path;
  }

  /// Sorted, so that paths and reasons do not depend on the order of a hash.
  static List<Address> inputs(Address address, Agreement agreement) {
    var analysis = agreement.analyses().get(address);
    return analysis == null ? List.of() : analysis.inputs().stream().sorted().toList();
  }

  private static int index(Map<Address, Integer> indices, Address address) {
    return Objects.requireNonNull(indices.get(address));
  }

  private static int[] toArray(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }
}
