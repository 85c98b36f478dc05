@NullMarked
package io.rollingops.agent.config;

import org.jspecify.annotations.NullMarked;
