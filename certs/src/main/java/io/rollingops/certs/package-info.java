/**
 * Makes keys and certificates, and writes them to files that only their owner may read from the first byte on. It is a
 * module of its own for the weight of the library underneath; reading certificates needs none.
 */
@NullMarked
package io.rollingops.certs;

import org.jspecify.annotations.NullMarked;
