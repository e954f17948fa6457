package cloister.enclave;

import cloister.protocol.CloisterException;
import cloister.protocol.Document;
import cloister.protocol.ErrorCode;
import cloister.protocol.Spelling;
import cloister.query.Catalog;
import cloister.query.CheckedPlan;
import cloister.query.Planner;
import cloister.query.QueryException;
import cloister.room.Address;
import cloister.room.Agreement;
import cloister.room.Analysis;
import cloister.room.Dataset;
import cloister.room.Name;
import cloister.room.StrangerException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// What SQL means under the documents of one room. A plan is a pure function of a text and the
/// documents, so those of the last questions are kept until a document changes. Guarded by its
/// [HostedRoom]'s lock.
final class Plans {
  private static final int MOST_KEPT = 64;

  private final HostedRoom room;
  private final Map<Question, CheckedPlan> kept = new LinkedHashMap<>();
  private final Map<Address, Analysis> analyses = new HashMap<>();

  /// The event that the kept ones follow from.
  private long basis;

  private record Question(String sql, Name party) {}

  Plans(HostedRoom room) {
    this.room = room;
  }

  /// What the participants have signed, as far as it can be reached from there, with the inputs
  /// that the planner finds in each analysis. The rest has no part in a decision, and may be much.
  Agreement agreement(Set<Address> from) {
    refresh();
    var reached = new TreeMap<Address, Analysis>();
    var open = new ArrayDeque<>(from);
    while (!open.isEmpty()) {
      Address next = open.remove();
      if (!reached.containsKey(next)) {
        analysis(next)
            .ifPresent(analysis -> {
              reached.put(next, analysis);
              open.addAll(analysis.inputs());
            });
      }
    }
    return new Agreement(
        room.active(),
        new TreeMap<>(room.state.datasets()),
        reached,
        room.state.suspendedBy().stream().findFirst());
  }

  /// The agreement with one more dataset, unless it names a stranger.
  static Agreement admit(Agreement agreement, Dataset dataset) {
    try {
      return agreement.with(dataset);
    } catch (StrangerException e) {
      throw stranger(dataset.address(), e, agreement);
    }
  }

  /// The agreement with one more analysis, unless it names a stranger.
  static Agreement admit(Agreement agreement, Analysis analysis) {
    try {
      return agreement.with(analysis);
    } catch (StrangerException e) {
      throw stranger(analysis.address(), e, agreement);
    }
  }

  private static CloisterException stranger(
      Address document, StrangerException e, Agreement agreement) {
    List<String> known =
        agreement.collaboration().participants().keySet().stream().map(Name::value).toList();
    return new CloisterException(
        ErrorCode.DOCUMENT_INVALID,
        document + ": " + e.getMessage() + Spelling.suggestion(e.stranger().value(), known),
        e);
  }

  private Optional<Analysis> analysis(Address address) {
    return Optional.ofNullable(room.state.analyses().get(address))
        .map(document ->
            analyses.computeIfAbsent(address, _ -> document.analysis(inputs(document))));
  }

  /// What an analysis reads. One whose inputs cannot be found reads nothing, which no terms permit.
  Set<Address> inputs(Document.AnalysisDocument analysis) {
    try {
      return Planner.inputs(analysis.sql(), analysis.address().party(), catalog());
    } catch (QueryException e) {
      return Set.of();
    }
  }

  CheckedPlan plan(String sql, Name party) {
    refresh();
    var question = new Question(sql, party);
    var known = kept.remove(question);
    var plan = known == null ? check(question) : known;
    kept.put(question, plan);
    if (kept.size() > MOST_KEPT) {
      kept.remove(kept.keySet().iterator().next());
    }
    return plan;
  }

  private CheckedPlan check(Question question) {
    try {
      return Planner.check(question.sql(), question.party(), catalog());
    } catch (QueryException e) {
      throw rejected(e);
    }
  }

  /// Refuses SQL that cannot become a plan, whatever is published yet: what it reads may come
  /// later.
  void parse(Document.AnalysisDocument analysis) {
    try {
      Planner.inputs(analysis.sql(), analysis.address().party(), catalog());
    } catch (QueryException e) {
      if (e.kind() != QueryException.Kind.UNKNOWN_TABLE) {
        throw rejected(e);
      }
    }
  }

  static CloisterException rejected(QueryException e) {
    String where = "line " + e.line() + ", column " + e.column() + ": ";
    return new CloisterException(
        ErrorCode.QUERY_REJECTED, where + e.getMessage() + "\n" + e.fix(), e);
  }

  private void refresh() {
    if (basis != room.state.basis()) {
      basis = room.state.basis();
      analyses.clear();
      kept.clear();
    }
  }

  /// What SQL may name. The planner follows an analysis by its SQL, not by its inputs.
  private Catalog catalog() {
    var state = room.state;
    return new Catalog() {
      @Override
      public Optional<Dataset> dataset(Address address) {
        return Optional.ofNullable(state.datasets().get(address));
      }

      @Override
      public Optional<Analysis> analysis(Address address) {
        return Optional.ofNullable(state.analyses().get(address))
            .map(analysis -> analysis.analysis(Set.of()));
      }
    };
  }
}
