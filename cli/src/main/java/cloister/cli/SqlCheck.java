package cloister.cli;

import cloister.client.DocumentPackage;
import cloister.protocol.Document.AnalysisDocument;
import cloister.protocol.InvalidDocument;
import cloister.protocol.Mistake;
import cloister.query.Catalog;
import cloister.query.Planner;
import cloister.query.QueryException;
import cloister.room.Address;
import cloister.room.Analysis;
import cloister.room.Dataset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Optional;

/// Reads the SQL of a package before anything is sent, as the enclave will: it knows a place in the
/// SQL, and only here is known in which file that is.
final class SqlCheck {
  /// What an analysis reads may come later, so no name is a mistake yet.
  private static final Catalog NOTHING =
      new Catalog() {
        @Override
        public Optional<Dataset> dataset(Address address) {
          return Optional.empty();
        }

        @Override
        public Optional<Analysis> analysis(Address address) {
          return Optional.empty();
        }
      };

  private SqlCheck() {}

  /// Refuses a package with SQL that cannot be read.
  static void check(Path path, DocumentPackage documents) {
    var mistakes = new ArrayList<Mistake>();
    for (var document : documents.own()) {
      if (document instanceof AnalysisDocument analysis) {
        mistake(path, analysis).ifPresent(mistakes::add);
      }
    }
    if (!mistakes.isEmpty()) {
      throw new InvalidDocument(mistakes);
    }
  }

  private static Optional<Mistake> mistake(Path path, AnalysisDocument analysis) {
    try {
      Planner.inputs(analysis.sql(), analysis.address().party(), NOTHING);
      return Optional.empty();
    } catch (QueryException e) {
      return e.kind() == QueryException.Kind.UNKNOWN_TABLE
          ? Optional.empty()
          : Optional.of(
              DocumentPackage.inSql(
                  path, analysis.address(), e.line(), e.column(), e.getMessage() + "; " + e.fix()));
    }
  }
}
