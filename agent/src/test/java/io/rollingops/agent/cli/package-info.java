@NullMarked
package io.rollingops.agent.cli;

import org.jspecify.annotations.NullMarked;
