@NullMarked
package io.rollingops.juju;

import org.jspecify.annotations.NullMarked;
