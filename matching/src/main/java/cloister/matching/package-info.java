@NullMarked
package cloister.matching;

import org.jspecify.annotations.NullMarked;
