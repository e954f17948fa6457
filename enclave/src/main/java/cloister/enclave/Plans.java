package cloister.enclave;

import cloister.protocol.CloisterException;
import cloister.protocol.Document;
import cloister.protocol.ErrorCode;
import cloister.query.Catalog;
import cloister.query.CheckedPlan;
import cloister.query.Planner;
import cloister.query.QueryException;
import cloister.room.Address;
import cloister.room.Agreement;
import cloister.room.Analysis;
import cloister.room.Dataset;
import cloister.room.Name;
import java.util.LinkedHashMap;
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
  private Optional<Agreement> agreement = Optional.empty();

  /// The event that the kept ones follow from.
  private long basis;

  private record Question(String sql, Name party) {}

  Plans(HostedRoom room) {
    this.room = room;
  }

  /// What the participants have signed, with the inputs that the planner finds in each analysis.
  Agreement agreement() {
    refresh();
    if (agreement.isEmpty()) {
      var analyses = new TreeMap<Address, Analysis>();
      room.state
          .analyses()
          .forEach(
              (address, analysis) -> analyses.put(address, analysis.analysis(inputs(analysis))));
      agreement =
          Optional.of(
              new Agreement(
                  room.active(),
                  new TreeMap<>(room.state.datasets()),
                  analyses,
                  room.state.suspendedBy().stream().findFirst()));
    }
    return agreement.get();
  }

  /// What an analysis reads. One whose inputs cannot be found reads nothing, which no terms permit.
  Set<Address> inputs(Document.AnalysisDocument analysis) {
    try {
      return Planner.inputs(analysis.sql(), analysis.address().party(), catalog());
    } catch (QueryException e) {
      return Set.of();
    }
  }

  CheckedPlan plan(Analysis analysis) {
    refresh();
    var question = new Question(analysis.sql(), analysis.address().party());
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
      agreement = Optional.empty();
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
