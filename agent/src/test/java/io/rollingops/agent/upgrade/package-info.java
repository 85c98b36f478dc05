@NullMarked
package io.rollingops.agent.upgrade;

import org.jspecify.annotations.NullMarked;
