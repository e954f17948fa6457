/// SQL text to an answer's plan: Calcite parses, validates and plans; [cloister.query.Planner]
/// turns the plan into a normal form in which everything that is read is plain to see, and from
/// that form Cloister writes its own SQL for an [cloister.query.Engine].
///
/// **Invariant:** no text of an analyst reaches an engine; what is emitted is written from the
/// normal form, which holds nothing but allow-listed functions of declared columns.
///
/// **Invariant:** every table is tied to every other by equality of privacy units, by lineage and
/// never by name.
///
/// **Invariant:** no value of any column makes emitted SQL fail.
///
/// **Invariant:** messages quote the analyst's own names, never the planner's text.
///
/// *Why a normal form:* Calcite's own lineage does not see what filters, joins and subqueries read.
/// A union of joined scans, with every expression over the columns of those scans, needs no lineage
/// analysis at all; it is also what makes two spellings of one question equal.
@NullMarked
package cloister.query;

import org.jspecify.annotations.NullMarked;
