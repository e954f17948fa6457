@NullMarked
package cloister.attestation;

import org.jspecify.annotations.NullMarked;
