/// The rules of the house, as tests: each failure says what to do instead. They are in `cli`
/// because it sees every module.
@NullMarked
package cloister.house;

import org.jspecify.annotations.NullMarked;
