/** The conversation between the command line and the agent, over a socket that only its owner may use. */
@NullMarked
package io.rollingops.agent.control;

import org.jspecify.annotations.NullMarked;
