/** The scheduling decision, {@link io.rollingops.schedule.Scheduler}, and nothing else. */
@NullMarked
package io.rollingops.schedule;

import org.jspecify.annotations.NullMarked;
