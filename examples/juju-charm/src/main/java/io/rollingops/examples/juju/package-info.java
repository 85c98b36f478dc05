/** A charm that rolls, as an example and for the tests of all that it stands on. */
@NullMarked
package io.rollingops.examples.juju;

import org.jspecify.annotations.NullMarked;
