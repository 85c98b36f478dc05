@NullMarked
package io.rollingops.testkit.juju;

import org.jspecify.annotations.NullMarked;
