@NullMarked
package cloister.protocol;

import org.jspecify.annotations.NullMarked;
