@NullMarked
package cloister.query;

import org.jspecify.annotations.NullMarked;
