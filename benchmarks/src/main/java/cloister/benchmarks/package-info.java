@NullMarked
package cloister.benchmarks;

import org.jspecify.annotations.NullMarked;
