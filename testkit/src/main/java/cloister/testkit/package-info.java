@NullMarked
package cloister.testkit;

import org.jspecify.annotations.NullMarked;
