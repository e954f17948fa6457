@NullMarked
package cloister.cli;

import org.jspecify.annotations.NullMarked;
