/// The append-only Merkle log of RFC 9162 (the tree of RFC 6962): entries, heads, proofs, C2SP
/// checkpoints, and the memory that makes a client notice a rollback or a fork.
///
/// **Invariant:** [cloister.ledger.Ledger#append(cloister.ledger.Entry)] returns only when the
/// entry is durable and in the tree. **Invariant:** nothing is ever changed or deleted.
/// **Invariant:** nothing is served that does not hash to the recorded root. **Invariant:** after a
/// failed or lying store the ledger refuses everything until it is opened again. **Invariant:** the
/// ledger does not know what an entry means.
///
/// *Why:* storage is not trusted. Every record carries the hashes that its entry completes and the
/// root after it, so one append-only list of records is the whole state: there is no second
/// structure that a crash could leave behind, a proof needs O(log n) records, and opening needs the
/// O(log n) records that hold the right edge of the tree.
@NullMarked
package cloister.ledger;

import org.jspecify.annotations.NullMarked;
