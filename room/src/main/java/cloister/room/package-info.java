/// The domain: the documents that participants sign, and the one place that decides whether a run
/// may happen and what then binds its answer ([Agreement#decide]).
///
/// **Invariant:** a run is permitted only if the terms of every dataset and of every foreign
/// analysis on any path below it permit the requester, every analysis above, the purpose and every
/// recipient.
///
/// **Invariant:** what binds is the strictest of each obligation; asking for one more recipient
/// loosens nothing.
///
/// **Invariant:** whatever is absent, unknown, contradictory or cyclic is denied.
///
/// Why here: `decide` is pure, so the same code gives the same verdict in the enclave and on the
/// laptop of whoever wants to know beforehand. It knows neither SQL nor files: `query` states what
/// a plan would read, and `protocol` turns documents into these records, which refuse what makes no
/// sense.
@NullMarked
package cloister.room;

import org.jspecify.annotations.NullMarked;
