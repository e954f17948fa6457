@NullMarked
package cloister.client;

import org.jspecify.annotations.NullMarked;
