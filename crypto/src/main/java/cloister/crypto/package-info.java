/// Secrets, digests, signatures, HPKE, sealed files and certificates: thin wrappers over the JDK
/// and Bouncy Castle, each citing the document it follows. Bouncy Castle brings X-Wing, the
/// validation of Ed25519 points and the ASN.1 of PKCS#10 and X.509; everything else is the JDK's,
/// and no provider is registered for the whole process.
///
/// **Invariant:** no method prints, logs or returns as text what a [cloister.crypto.Secret] holds.
///
/// **Invariant:** nothing here reads a clock, a file name or the network; instants and streams are
/// arguments.
///
/// **Invariant:** no nonce is used twice under one key: they are numbered once, or random under a
/// key of limited use, or counted under a key fresh for the file.
///
/// **Invariant:** one key has one encoding, one content sealed one layout; whatever differs is
/// refused with a [cloister.crypto.CryptoException].
///
/// *Why wrappers:* the calls that are easy to get wrong (a nonce, a low-order point, a trailing
/// byte, a certificate that is also an authority) are made in one place that can be read in an
/// afternoon, and the types make the wrong call hard to write elsewhere.
@NullMarked
package cloister.crypto;

import org.jspecify.annotations.NullMarked;
