@NullMarked
package cloister.platform;

import org.jspecify.annotations.NullMarked;
