/// The boundary: documents, wire messages and receipts, and the bytes of each. Whatever comes from
/// outside becomes a typed value here, or one clear error.
///
/// - **Invariant:** only this package knows JSON and YAML.
/// - **Invariant:** every field read from outside has a bound; unknown and repeated fields are
///   refused.
/// - **Invariant:** one value has one canonical form (RFC 8785), so one document has one digest.
/// - **Invariant:** no message quotes a value of the data, a key or an engine.
///
/// *Why*: participants, the enclave and a verifier years later must read the same bytes the same
/// way. Two parsers that disagree about a duplicate key, a number or an escape are two different
/// contracts with one signature.
@NullMarked
package cloister.protocol;

import org.jspecify.annotations.NullMarked;
