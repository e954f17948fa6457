/// Identifiers that mean the same are made equal before they are compared: published rules for
/// e-mail addresses, phone numbers and the like.
///
/// **Invariant:** a rule depends on its input and its version only; it opens no file and no socket.
///
/// *Why a module:* two owners match only if both apply the very same rules, so these are published,
/// versioned, and testable without an engine.
@NullMarked
package cloister.matching;

import org.jspecify.annotations.NullMarked;
