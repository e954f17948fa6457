/// What makes two organisations' identifiers comparable: one published rule per kind
/// (docs/normalization.md).
///
/// **Invariant:** a value has one normal form or none, and normalising that again changes nothing.
/// **Invariant:** nothing here knows an engine, a file or a key.
///
/// *Why so plain:* the same rule runs as SQL over columns of millions, and in other languages on
/// the owners' machines. Rules that need a Unicode table would differ between their versions, and
/// each difference is a match that nobody notices is missing. So case and length are ASCII and code
/// points, and nothing depends on a locale or a table.
@NullMarked
package cloister.matching;

import org.jspecify.annotations.NullMarked;
