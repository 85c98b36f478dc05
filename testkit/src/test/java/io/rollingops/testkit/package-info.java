@NullMarked
package io.rollingops.testkit;

import org.jspecify.annotations.NullMarked;
