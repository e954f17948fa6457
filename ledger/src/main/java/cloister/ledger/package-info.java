@NullMarked
package cloister.ledger;

import org.jspecify.annotations.NullMarked;
