/**
 * The words of the domain: operations and their queue, results, names, states and errors.
 *
 * <p>Everything here is an immutable value without clock, thread or input and output. The vocabulary and the wire forms
 * are those of the charm library {@code charmlibs-rollingops} 1.1; where a rule comes from there, the class says so.
 */
@NullMarked
package io.rollingops;

import org.jspecify.annotations.NullMarked;
