package cloister.cli;

import cloister.client.Participant;
import cloister.protocol.CloisterException;
import cloister.protocol.Document;
import cloister.protocol.Document.AnalysisDocument;
import cloister.protocol.Document.DatasetDocument;
import cloister.protocol.Documents;
import cloister.protocol.ErrorCode;
import cloister.protocol.Json;
import cloister.query.Planner;
import cloister.query.QueryException;
import cloister.room.Address;
import cloister.room.Agreement;
import cloister.room.Graph;
import cloister.room.Purpose;
import java.util.Optional;
import java.util.Set;

/// What may flow where, by the documents that the enclave has: drawn on this machine, with the code
/// that decides in the enclave.
final class Flows {
  private Flows() {}

  /// @param purpose absent means each analysis's own
  static Graph of(Participant participant, Optional<Purpose> purpose) throws InterruptedException {
    Agreement agreement = Agreement.of(participant.agreed());
    for (Document document : participant.documents()) {
      agreement =
          switch (document) {
            case DatasetDocument dataset -> agreement.with(dataset.dataset());
            case AnalysisDocument analysis ->
                agreement.with(analysis.analysis(inputs(analysis)));
            case Document.CollaborationDocument _ -> agreement;
          };
    }
    return purpose.isPresent()
        ? Graph.of(agreement, participant.name(), purpose.get())
        : Graph.of(agreement);
  }

  private static Set<Address> inputs(AnalysisDocument analysis) {
    try {
      return Planner.inputs(analysis.sql(), analysis.address().party());
    } catch (QueryException e) {
      throw new CloisterException(
          ErrorCode.QUERY_REJECTED, analysis.address() + ": " + e.getMessage(), e);
    }
  }

  static Json.Obj json(Graph graph, boolean simulated) {
    return Json.object()
        .put(
            "nodes",
            Json.array(
                graph.nodes().stream()
                    .map(
                        node ->
                            Json.object()
                                .put("label", node.label())
                                .put("shape", node.shape().name().toLowerCase(java.util.Locale.ROOT))
                                .build())
                    .toList()))
        .put(
            "edges",
            Json.array(
                graph.edges().stream()
                    .map(
                        edge ->
                            Json.object()
                                .put("from", edge.from())
                                .put("to", edge.to())
                                .put(
                                    "state",
                                    edge.state()
                                        .name()
                                        .toLowerCase(java.util.Locale.ROOT)
                                        .replace('_', '-'))
                                .put("reason", edge.reason())
                                .build())
                    .toList()))
        .put("simulated", simulated)
        .build();
  }
}
