@NullMarked
package io.rollingops.lease;

import org.jspecify.annotations.NullMarked;
