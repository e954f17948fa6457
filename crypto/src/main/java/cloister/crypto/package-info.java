@NullMarked
package cloister.crypto;

import org.jspecify.annotations.NullMarked;
