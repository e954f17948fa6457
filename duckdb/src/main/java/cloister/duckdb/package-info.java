@NullMarked
package cloister.duckdb;

import org.jspecify.annotations.NullMarked;
