@NullMarked
package io.rollingops.examples;

import org.jspecify.annotations.NullMarked;
