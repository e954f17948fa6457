package cloister.room;

import static cloister.room.Sample.agreement;
import static cloister.room.Sample.all;
import static cloister.room.Sample.analysis;
import static cloister.room.Sample.dataset;
import static cloister.room.Sample.name;
import static cloister.room.Sample.names;
import static cloister.room.Sample.request;
import static cloister.room.Sample.rule;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;

class GraphTest {
  /// media may build on airline's base, but airline's data is not for media.
  private static final Agreement ROOM =
      agreement("airline", "media", "research")
          .with(
              dataset(
                  "/airline/dataset/customers",
                  rule("own", names("airline"), Set.of(all("airline")), names("airline"))))
          .with(
              dataset(
                  "/media/dataset/viewers",
                  rule(
                      "reviewed",
                      names("media"),
                      Set.of(new AnalysisPattern.Version(Sample.version("older"))),
                      names("media"))))
          .with(dataset("/research/dataset/unused"))
          .with(
              analysis(
                  "/airline/analysis/base",
                  Set.of("/airline/dataset/customers"),
                  rule("build", names("media"), Set.of(all("media")), names("media"))))
          .with(
              analysis(
                  "/media/analysis/top",
                  Set.of("/airline/analysis/base", "/media/dataset/viewers")));

  @Test
  void theTextNamesEveryEdgeAndWhatRefusesIt() {
    assertThat(Graph.of(ROOM).text())
        .isEqualTo(
            """
            /airline/analysis/base     ──▶ /media/analysis/top     permitted by build
            /airline/analysis/base     ──▶ airline                 permitted
            /airline/dataset/customers ──▶ /airline/analysis/base  permitted by own
            /media/analysis/top        ─╳─ media                   /airline/dataset/customers: \
            rule own comes nearest: requester media is not among its analysts [airline]; its \
            analyses [/airline/analysis/*] do not include [/media/analysis/top]; its recipients \
            [airline] do not include [media]
            /media/dataset/viewers     ┄?▶ /media/analysis/top     its owner must approve this \
            version of [/media/analysis/top]
            /research/dataset/unused  (unused)
            """);
  }

  @Test
  void aRunShowsARefusalWhereItIs() {
    var graph = Graph.of(ROOM, request(ROOM, "media", "/media/analysis/top", "media"));

    assertThat(graph.edges())
        .filteredOn(edge -> edge.state() == Graph.State.REFUSED)
        .extracting(Graph.Edge::from)
        .containsExactly("/airline/dataset/customers", "/media/analysis/top");
  }

  @Test
  void anotherRequesterSeesAnotherPicture() {
    var graph = Graph.of(ROOM, name("research"), Purpose.ACADEMIC_RESEARCH);

    assertThat(graph.edges()).noneMatch(edge -> edge.state() == Graph.State.PERMITTED);
  }

  @Test
  void layersRunFromDatasetsToRecipients() {
    assertThat(Graph.of(ROOM).nodes())
        .containsExactly(
            new Graph.Node("/airline/analysis/base", Graph.Shape.ANALYSIS, 1),
            new Graph.Node("/airline/dataset/customers", Graph.Shape.DATASET, 0),
            new Graph.Node("/media/analysis/top", Graph.Shape.ANALYSIS, 2),
            new Graph.Node("/media/dataset/viewers", Graph.Shape.DATASET, 0),
            new Graph.Node("/research/dataset/unused", Graph.Shape.DATASET, 0),
            new Graph.Node("airline", Graph.Shape.RECIPIENT, 3),
            new Graph.Node("media", Graph.Shape.RECIPIENT, 3));
  }

  @Test
  void aCycleIsDrawnAndRefused() {
    var agreement =
        agreement("p")
            .with(analysis("/p/analysis/a", Set.of("/p/analysis/b")))
            .with(analysis("/p/analysis/b", Set.of("/p/analysis/a")));

    assertThat(Graph.of(agreement).edges())
        .hasSize(4)
        .allMatch(edge -> edge.state() == Graph.State.REFUSED)
        .allMatch(edge -> edge.reason().contains("read each other"));
  }

  @Test
  void theImageIsAsDrawnBefore() throws Exception {
    var graph =
        new Graph(
            List.of(
                new Graph.Node("/p/dataset/d", Graph.Shape.DATASET, 0),
                new Graph.Node("/q/analysis/a", Graph.Shape.ANALYSIS, 1),
                new Graph.Node("q", Graph.Shape.RECIPIENT, 2)),
            List.of(
                new Graph.Edge("/p/dataset/d", "/q/analysis/a", Graph.State.PERMITTED, "by r"),
                new Graph.Edge("/q/analysis/a", "q", Graph.State.REFUSED, "<no> & \"never\"")));

    try (var golden = Objects.requireNonNull(GraphTest.class.getResourceAsStream("graph.svg"))) {
      assertThat(graph.svg()).isEqualTo(new String(golden.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  @Test
  void everyImageIsWellFormed() throws Exception {
    for (Graph graph : List.of(Graph.of(ROOM), new Graph(List.of(), List.of()))) {
      var document =
          DocumentBuilderFactory.newDefaultNSInstance()
              .newDocumentBuilder()
              .parse(new ByteArrayInputStream(graph.svg().getBytes(StandardCharsets.UTF_8)));
      assertThat(document.getElementsByTagName("g").getLength()).isEqualTo(graph.edges().size());
    }
  }
}
