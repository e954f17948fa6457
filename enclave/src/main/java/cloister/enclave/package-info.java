@NullMarked
package cloister.enclave;

import org.jspecify.annotations.NullMarked;
