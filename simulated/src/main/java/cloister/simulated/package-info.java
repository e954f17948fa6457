/// A TEE that protects nothing: evidence for whatever one says, signed with a published key, and a
/// sealing root in a file.
///
/// **Invariant:** no production class path has this module; a build that would have it fails.
///
/// *Why a module:* whoever can put a flag on a command line must not be able to make a production
/// server produce this. What is not there cannot be asked for.
@NullMarked
package cloister.simulated;

import org.jspecify.annotations.NullMarked;
