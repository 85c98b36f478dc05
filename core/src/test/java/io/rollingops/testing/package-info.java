@NullMarked
package io.rollingops.testing;

import org.jspecify.annotations.NullMarked;
