@NullMarked
package io.rollingops.json;

import org.jspecify.annotations.NullMarked;
