/// What tests share: the property runner, golden files, and the hostile relay.
///
/// **Invariant:** nothing that ships depends on this module. **Invariant:** a failed property names
/// the seed that repeats it; a golden file changes only when somebody asks for it.
///
/// *Why our own:* eighty lines that we can read, against a framework whose engine writes notices
/// into every test log.
@NullMarked
package cloister.testkit;

import org.jspecify.annotations.NullMarked;
