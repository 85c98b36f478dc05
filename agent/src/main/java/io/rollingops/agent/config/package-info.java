/** Reads the agent's configuration, strictly. */
@NullMarked
package io.rollingops.agent.config;

import org.jspecify.annotations.NullMarked;
