@NullMarked
package io.rollingops.examples.juju;

import org.jspecify.annotations.NullMarked;
