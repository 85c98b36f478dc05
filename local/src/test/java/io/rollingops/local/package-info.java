@NullMarked
package io.rollingops.local;

import org.jspecify.annotations.NullMarked;
