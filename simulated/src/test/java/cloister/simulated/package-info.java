@NullMarked
package cloister.simulated;

import org.jspecify.annotations.NullMarked;
