@NullMarked
package io.rollingops.upgrade;

import org.jspecify.annotations.NullMarked;
