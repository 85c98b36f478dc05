@NullMarked
package io.rollingops;

import org.jspecify.annotations.NullMarked;
