package cloister.cli;

import cloister.client.Participant;
import cloister.protocol.CloisterException;
import cloister.protocol.Command.RunRequest;
import cloister.protocol.Command.Subject;
import cloister.protocol.Document;
import cloister.protocol.Document.AnalysisDocument;
import cloister.protocol.Document.DatasetDocument;
import cloister.protocol.Documents;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.query.Catalog;
import cloister.query.Planner;
import cloister.query.QueryException;
import cloister.room.Address;
import cloister.room.Agreement;
import cloister.room.Analysis;
import cloister.room.Dataset;
import cloister.room.Graph;
import cloister.room.Purpose;
import cloister.room.Request;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/// What may flow where, by the documents that the enclave has: drawn on this machine, with the code
/// that decides in the enclave.
final class Flows {
  private Flows() {}

  /// One request, with everything that it reads.
  static Graph of(Participant participant, RunRequest wanted) throws InterruptedException {
    Signed signed = signed(participant);
    AnalysisDocument asked =
        switch (wanted.subject()) {
          case Subject.Named(var address) ->
              Optional.ofNullable(signed.analyses().get(address))
                  .orElseThrow(() ->
                      new CloisterException(
                          ErrorCode.DOCUMENT_UNKNOWN, "there is no analysis " + address));
          case Subject.AdHoc(var canonical) ->
              (AnalysisDocument) Documents.fromCanonical(canonical.toArray());
        };
    try {
      var plan = Planner.check(asked.sql(), asked.address().party(), signed);
      var request =
          new Request(
              participant.name(),
              asked.address(),
              wanted.purpose().orElse(asked.purpose()),
              wanted.recipients().orElse(asked.recipients()),
              plan.uses(),
              plan.joined());
      var analysis = asked.analysis(inputs(asked, signed));
      return Graph.of(agreement(participant, signed).with(analysis), request);
    } catch (QueryException e) {
      throw new CloisterException(
          ErrorCode.QUERY_REJECTED,
          "line %d, column %d: %s%n%s".formatted(e.line(), e.column(), e.getMessage(), e.fix()),
          e);
    } catch (IllegalArgumentException e) {
      throw new CloisterException(
          ErrorCode.NOT_A_PARTICIPANT, "the request names somebody who is no participant", e);
    }
  }

  /// Everything that is signed.
  ///
  /// @param purpose absent means each analysis's own
  static Graph of(Participant participant, Optional<Purpose> purpose) throws InterruptedException {
    var agreement = agreement(participant, signed(participant));
    return purpose.isPresent()
        ? Graph.of(agreement, participant.name(), purpose.get())
        : Graph.of(agreement);
  }

  private static Signed signed(Participant participant) throws InterruptedException {
    var datasets = new TreeMap<Address, Dataset>();
    var analyses = new TreeMap<Address, AnalysisDocument>();
    for (Document document : participant.documents()) {
      switch (document) {
        case DatasetDocument(var dataset, _) -> datasets.put(dataset.address(), dataset);
        case AnalysisDocument analysis -> analyses.put(analysis.address(), analysis);
        case Document.CollaborationDocument _ -> {}
      }
    }
    return new Signed(datasets, analyses);
  }

  private static Agreement agreement(Participant participant, Signed signed)
      throws InterruptedException {
    var read = new TreeMap<Address, Analysis>();
    signed
        .analyses()
        .forEach(
            (address, analysis) -> read.put(address, analysis.analysis(inputs(analysis, signed))));
    return new Agreement(participant.agreed(), signed.datasets(), read, Optional.empty());
  }

  private record Signed(
      SortedMap<Address, Dataset> datasets, SortedMap<Address, AnalysisDocument> analyses)
      implements Catalog {
    @Override
    public Optional<Dataset> dataset(Address address) {
      return Optional.ofNullable(datasets.get(address));
    }

    @Override
    public Optional<Analysis> analysis(Address address) {
      return Optional.ofNullable(analyses.get(address)).map(found -> found.analysis(Set.of()));
    }
  }

  /// One whose inputs cannot be found reads nothing, and is drawn so.
  private static Set<Address> inputs(AnalysisDocument analysis, Catalog catalog) {
    try {
      return Planner.inputs(analysis.sql(), analysis.address().party(), catalog);
    } catch (QueryException _) {
      return Set.of();
    }
  }

  static Json.Obj json(Graph graph, boolean simulated) {
    return Json.object()
        .put(
            "nodes",
            Json.array(
                graph.nodes().stream()
                    .map(node ->
                        Json.object()
                            .put("label", node.label())
                            .put("shape", node.shape().name().toLowerCase(Locale.ROOT))
                            .build())
                    .toList()))
        .put(
            "edges",
            Json.array(
                graph.edges().stream()
                    .map(edge ->
                        Json.object()
                            .put("from", edge.from())
                            .put("to", edge.to())
                            .put(
                                "state",
                                edge.state().name().toLowerCase(Locale.ROOT).replace('_', '-'))
                            .put("reason", edge.reason())
                            .build())
                    .toList()))
        .put("simulated", simulated)
        .build();
  }
}
