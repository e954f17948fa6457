@NullMarked
package cloister.privacy;

import org.jspecify.annotations.NullMarked;
