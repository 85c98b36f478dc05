@NullMarked
package io.rollingops.peer;

import org.jspecify.annotations.NullMarked;
