/** Runs commands in process groups of their own and ends them with everything they started. */
@NullMarked
package io.rollingops.agent.process;

import org.jspecify.annotations.NullMarked;
