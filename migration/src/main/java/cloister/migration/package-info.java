/// Policies of other products, read into terms: what they say, what Cloister makes of it, and what
/// is lost on the way.
///
/// **Invariant:** nothing becomes laxer silently. What cannot be expressed is refused, becomes
/// stricter, stays out of reach, or is a [Finding] that keeps the document from passing before its
/// owner has decided.
///
/// **Invariant:** what the source does not say stands as [Imported#FILL_IN], which the reader of
/// documents refuses wherever it stands.
///
/// **Invariant:** whatever comes out was read by the reader of documents, and means what was meant.
///
/// **Invariant:** no I/O; every input is bounded, and text of the source never becomes YAML but in
/// a comment on one line.
///
/// *Why a module:* who reviews it knows the other products; nothing that runs in an enclave needs
/// it.
@NullMarked
package cloister.migration;

import org.jspecify.annotations.NullMarked;
