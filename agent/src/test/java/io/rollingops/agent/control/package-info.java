@NullMarked
package io.rollingops.agent.control;

import org.jspecify.annotations.NullMarked;
