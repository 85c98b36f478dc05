/**
 * Whole programs: three agents as processes on loopback, killed, paused and started again, and the command line as users
 * run it. The callbacks write into one log, and {@link io.rollingops.testing.HistoryChecker} judges it.
 */
@NullMarked
package io.rollingops.e2e;

import org.jspecify.annotations.NullMarked;
