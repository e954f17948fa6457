@NullMarked
package cloister.room;

import org.jspecify.annotations.NullMarked;
