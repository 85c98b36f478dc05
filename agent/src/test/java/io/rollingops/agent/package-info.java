@NullMarked
package io.rollingops.agent;

import org.jspecify.annotations.NullMarked;
