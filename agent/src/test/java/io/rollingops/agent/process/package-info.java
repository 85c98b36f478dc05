@NullMarked
package io.rollingops.agent.process;

import org.jspecify.annotations.NullMarked;
