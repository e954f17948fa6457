package cloister.room;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// The datasets, analyses and recipients of an agreement, and what may flow between them.
///
/// An edge out of a dataset or into another analysis says what its owner's terms say of a run of
/// the analysis it leads to. An edge to a recipient says what the terms of everything below say
/// together: a refusal far below shows there. Terms only: columns, joins and noise need a plan,
/// which [#of(Agreement, Request)] has.
public record Graph(List<Node> nodes, List<Edge> edges) {
  public Graph {
    nodes = List.copyOf(nodes);
    edges = List.copyOf(edges);
  }

  /// @param layer how many edges from the farthest thing it comes from; recipients share the last
  public record Node(String label, Shape shape, int layer) {}

  /// What a node stands for.
  public enum Shape {
    DATASET,
    ANALYSIS,
    RECIPIENT
  }

  /// @param reason which rules permit, or why none does
  public record Edge(String from, String to, State state, String reason) {}

  /// What may flow along an edge.
  public enum State {
    PERMITTED,
    NEEDS_APPROVAL,
    REFUSED
  }

  /// The whole agreement: every analysis as its owner would run it, for its own purpose and
  /// recipients.
  public static Graph of(Agreement agreement) {
    var drawing = new Drawing(agreement);
    for (Analysis analysis : agreement.analyses().values()) {
      drawing.add(analysis, run(analysis, analysis.address().party(), analysis.purpose()));
    }
    agreement.datasets().keySet().forEach(drawing::addNode);
    return drawing.graph();
  }

  /// The whole agreement as this requester would run each analysis for this purpose.
  public static Graph of(Agreement agreement, Name requester, Purpose purpose) {
    var drawing = new Drawing(agreement);
    for (Analysis analysis : agreement.analyses().values()) {
      drawing.add(analysis, run(analysis, requester, purpose));
    }
    agreement.datasets().keySet().forEach(drawing::addNode);
    return drawing.graph();
  }

  /// One run and everything it reads; the edges to its recipients carry its verdict.
  public static Graph of(Agreement agreement, Request request) {
    var drawing = new Drawing(agreement);
    drawing.addRun(request);
    return drawing.graph();
  }

  /// One line per edge, and one per node without edges.
  public String text() {
    var lines = new StringBuilder();
    int widest = edges.stream().mapToInt(edge -> edge.from.length()).max().orElse(0);
    int widestTarget = edges.stream().mapToInt(edge -> edge.to.length()).max().orElse(0);
    for (Edge edge : edges) {
      lines
          .append(edge.from)
          .repeat(' ', widest - edge.from.length())
          .append(
              switch (edge.state) {
                case PERMITTED -> " ──▶ ";
                case NEEDS_APPROVAL -> " ┄?▶ ";
                case REFUSED -> " ─╳─ ";
              })
          .append(edge.to)
          .repeat(' ', widestTarget - edge.to.length())
          .append("  ")
          .append(edge.reason)
          .append('\n');
    }
    for (Node node : nodes) {
      if (edges.stream()
          .noneMatch(edge -> edge.from.equals(node.label) || edge.to.equals(node.label))) {
        lines.append(node.label).append("  (unused)\n");
      }
    }
    return lines.toString();
  }

  /// A self-contained SVG 1.1 image: no script, no style sheet, no reference to anything outside.
  public String svg() {
    return Svg.draw(this);
  }

  private static Request run(Analysis analysis, Name requester, Purpose purpose) {
    return new Request(
        requester, analysis.address(), purpose, analysis.recipients(), Map.of(), Set.of());
  }

  private record Judgement(State state, String reason) {
    static Judgement of(Finding finding) {
      return switch (finding) {
        case Finding.Own() -> new Judgement(State.PERMITTED, "the requester's own");
        case Finding.Permits(var permitting, _) ->
            new Judgement(
                State.PERMITTED,
                "permitted by "
                    + permitting.stream()
                        .map(rule -> rule.name().toString())
                        .sorted()
                        .collect(Collectors.joining(", ")));
        case Finding.Pending(_, var missing) ->
            new Judgement(
                State.NEEDS_APPROVAL, "its owner must approve this version of " + missing);
        case Finding.Refuses(_, var reason) -> new Judgement(State.REFUSED, reason);
      };
    }

    static Judgement of(Verdict verdict) {
      return switch (verdict) {
        case Verdict.Permitted _ -> new Judgement(State.PERMITTED, "permitted");
        case Verdict.NeedsApproval(var approvals) ->
            new Judgement(
                State.NEEDS_APPROVAL,
                "to approve: "
                    + approvals.stream()
                        .map(it -> it.analysis() + " by " + it.by())
                        .collect(Collectors.joining(", ")));
        case Verdict.Denied denied ->
            new Judgement(State.REFUSED, denied.at() + ": " + denied.reason());
      };
    }
  }

  /// Collects edges, each once, in the order of their ends.
  private static final class Drawing {
    private record Ends(String from, String to) implements Comparable<Ends> {
      @Override
      public int compareTo(Ends other) {
        int order = from.compareTo(other.from);
        return order != 0 ? order : to.compareTo(other.to);
      }
    }

    private final Agreement agreement;
    private final TreeMap<String, Shape> shapes = new TreeMap<>();
    private final TreeMap<Ends, Judgement> edges = new TreeMap<>();

    Drawing(Agreement agreement) {
      this.agreement = agreement;
    }

    void addNode(Address address) {
      shapes.put(
          address.toString(), address.kind() == Kind.DATASET ? Shape.DATASET : Shape.ANALYSIS);
    }

    /// The edges into one analysis and those to its recipients, judged by terms.
    void add(Analysis analysis, Request run) {
      addNode(analysis.address());
      var findings = findings(run);
      for (Address input : Reach.inputs(analysis.address(), agreement)) {
        edge(input, analysis.address(), judgement(run, findings, input));
      }
      for (Name recipient : run.recipients()) {
        edge(analysis.address(), recipient, ofTerms(withOnly(run, recipient)));
      }
    }

    /// Everything that a run reads, judged for that run.
    void addRun(Request request) {
      addNode(request.analysis());
      var findings = findings(request);
      var seen = new HashSet<Address>();
      var open = new ArrayList<Address>(List.of(request.analysis()));
      while (!open.isEmpty()) {
        var at = open.removeLast();
        if (seen.add(at)) {
          for (Address input : Reach.inputs(at, agreement)) {
            edge(input, at, judgement(request, findings, input));
            open.add(input);
          }
        }
      }
      var verdict = Judgement.of(Decision.judge(agreement, request));
      for (Name recipient : request.recipients()) {
        edge(request.analysis(), recipient, verdict);
      }
    }

    /// Per node below the run's analysis; empty when there is a cycle or a gap below it.
    private Map<Address, Finding> findings(Request run) {
      var findings = new HashMap<Address, Finding>();
      if (Reach.below(run.analysis(), agreement) instanceof Reach.Result.Acyclic(var reach)) {
        var list = Decision.findings(agreement, reach, run);
        for (int node = 0; node < list.size(); node++) {
          findings.put(reach.nodes().get(node), list.get(node));
        }
      }
      return findings;
    }

    private Judgement judgement(Request run, Map<Address, Finding> findings, Address input) {
      var finding = Optional.ofNullable(findings.get(input));
      return finding.map(Judgement::of).orElseGet(() -> ofTerms(run));
    }

    /// The verdict as far as terms go: a plan that reads each dataset, joined, by no column.
    private Judgement ofTerms(Request run) {
      var datasets =
          Reach.below(run.analysis(), agreement) instanceof Reach.Result.Acyclic(var reach)
              ? Set.copyOf(reach.datasets())
              : Set.<Address>of();
      var verdict =
          Decision.judge(
              agreement,
              new Request(
                  run.requester(),
                  run.analysis(),
                  run.purpose(),
                  run.recipients(),
                  datasets.stream().collect(Collectors.toMap(it -> it, _ -> Map.of())),
                  datasets));
      return Judgement.of(verdict);
    }

    private static Request withOnly(Request run, Name recipient) {
      return new Request(
          run.requester(),
          run.analysis(),
          run.purpose(),
          Set.of(recipient),
          run.uses(),
          run.joined());
    }

    private void edge(Address from, Address to, Judgement judgement) {
      addNode(from);
      edges.put(new Ends(from.toString(), to.toString()), judgement);
    }

    private void edge(Address from, Name recipient, Judgement judgement) {
      shapes.put(recipient.toString(), Shape.RECIPIENT);
      edges.put(new Ends(from.toString(), recipient.toString()), judgement);
    }

    Graph graph() {
      var layers = layers();
      var nodes =
          shapes.entrySet().stream()
              .map(node ->
                  new Node(node.getKey(), node.getValue(), layers.getOrDefault(node.getKey(), 0)))
              .toList();
      var list =
          edges.entrySet().stream()
              .map(edge ->
                  new Edge(
                      edge.getKey().from(),
                      edge.getKey().to(),
                      edge.getValue().state(),
                      edge.getValue().reason()))
              .toList();
      return new Graph(nodes, list);
    }

    /// Longest distances, by relaxing as often as there are nodes at most: a cycle, which has none,
    /// ends there too. Recipients form the last layer.
    private Map<String, Integer> layers() {
      var layers = new HashMap<String, Integer>();
      int most = shapes.size();
      boolean moved = true;
      for (int round = 0; round < most && moved; round++) {
        moved = false;
        for (Ends edge : edges.keySet()) {
          int layer = Math.min(most, layers.getOrDefault(edge.from(), 0) + 1);
          if (layer > layers.getOrDefault(edge.to(), 0)) {
            layers.put(edge.to(), layer);
            moved = true;
          }
        }
      }
      // A cycle climbs to `most`; closing the gaps keeps the picture as narrow as it can be.
      var used = new ArrayList<>(new TreeSet<>(layers.values()));
      layers.replaceAll((_, layer) -> used.indexOf(layer) + 1);
      shapes.forEach((label, shape) -> {
        if (shape == Shape.RECIPIENT) {
          layers.put(label, used.size());
        }
      });
      return layers;
    }
  }
}
