@NullMarked
package io.rollingops.schedule;

import org.jspecify.annotations.NullMarked;
