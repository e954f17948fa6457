package cloister.room;

import cloister.room.Graph.Edge;
import cloister.room.Graph.Node;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/// Draws a [Graph] in layers from left to right. Lengths are in pixels.
final class Svg {
  private static final int MARGIN = 24;
  private static final int CHARACTER_WIDTH = 8;
  private static final int NODE_HEIGHT = 32;
  private static final int ROW_HEIGHT = 64;
  private static final int LAYER_GAP = 96;

  private record Box(int left, int top, int width) {
    int right() {
      return left + width;
    }

    int middle() {
      return top + NODE_HEIGHT / 2;
    }
  }

  private Svg() {}

  static String draw(Graph graph) {
    Map<String, Box> boxes = layOut(graph);
    int width = boxes.values().stream().mapToInt(Box::right).max().orElse(0) + MARGIN;
    int height = boxes.values().stream().mapToInt(Box::top).max().orElse(0) + NODE_HEIGHT + MARGIN;
    var svg = new StringBuilder();
    svg.append(
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" \
        font-family="ui-monospace, monospace" font-size="13">
        <title>Datasets, analyses and recipients</title>
        <rect width="100%%" height="100%%" fill="#ffffff"/>
        """
            .formatted(width, height, width, height));
    for (Edge edge : graph.edges()) {
      svg.append(edge(edge, box(boxes, edge.from()), box(boxes, edge.to())));
    }
    for (Node node : graph.nodes()) {
      svg.append(node(node, box(boxes, node.label())));
    }
    return svg.append("</svg>\n").toString();
  }

  private static Map<String, Box> layOut(Graph graph) {
    int layers = graph.nodes().stream().mapToInt(Node::layer).max().orElse(0) + 1;
    var boxes = new HashMap<String, Box>();
    int left = MARGIN;
    for (int layer = 0; layer < layers; layer++) {
      int at = layer;
      var nodes = graph.nodes().stream().filter(node -> node.layer() == at).toList();
      int width =
          nodes.stream().mapToInt(node -> node.label().length()).max().orElse(0) * CHARACTER_WIDTH
              + 24;
      int top = MARGIN;
      for (Node node : nodes) {
        boxes.put(node.label(), new Box(left, top, width));
        top += ROW_HEIGHT;
      }
      left += width + LAYER_GAP;
    }
    return boxes;
  }

  private static Box box(Map<String, Box> boxes, String label) {
    return Objects.requireNonNull(boxes.get(label));
  }

  private static String edge(Edge edge, Box from, Box to) {
    String stroke =
        switch (edge.state()) {
          case PERMITTED -> "stroke=\"#1a7f37\"";
          case NEEDS_APPROVAL -> "stroke=\"#9a6700\" stroke-dasharray=\"2 4\"";
          case REFUSED -> "stroke=\"#cf222e\" stroke-dasharray=\"6 4\"";
        };
    String fill =
        switch (edge.state()) {
          case PERMITTED -> "#1a7f37";
          case NEEDS_APPROVAL -> "#9a6700";
          case REFUSED -> "#cf222e";
        };
    int bend = LAYER_GAP / 2;
    int tip = to.left() - 8;
    return """
    <g><title>%s → %s: %s</title>\
    <path d="M%d %d C%d %d %d %d %d %d" fill="none" stroke-width="2" %s/>\
    <path d="M%d %d l-8 -4 v8 z" fill="%s"/></g>
    """
        .formatted(
            escape(edge.from()),
            escape(edge.to()),
            escape(edge.reason()),
            from.right(),
            from.middle(),
            from.right() + bend,
            from.middle(),
            tip - bend,
            to.middle(),
            tip,
            to.middle(),
            stroke,
            to.left(),
            to.middle(),
            fill);
  }

  private static String node(Node node, Box box) {
    String look =
        switch (node.shape()) {
          case DATASET -> "rx=\"4\" fill=\"#ddf4ff\" stroke=\"#0969da\"";
          case ANALYSIS -> "rx=\"4\" fill=\"#f6f8fa\" stroke=\"#57606a\"";
          case RECIPIENT -> "rx=\"16\" fill=\"#fbefff\" stroke=\"#8250df\"";
        };
    return """
    <rect x="%d" y="%d" width="%d" height="%d" %s/>\
    <text x="%d" y="%d" fill="#1f2328">%s</text>
    """
        .formatted(
            box.left(),
            box.top(),
            box.width(),
            NODE_HEIGHT,
            look,
            box.left() + 12,
            box.middle() + 5,
            escape(node.label()));
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
