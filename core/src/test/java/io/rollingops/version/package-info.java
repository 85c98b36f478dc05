@NullMarked
package io.rollingops.version;

import org.jspecify.annotations.NullMarked;
