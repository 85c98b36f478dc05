// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.time.Duration;

/**
 * How a run of the charm ended, what it said and what it cost.
 *
 * @param cpu of the process and everything it waited for; zero where it cannot be measured
 * @param maxMemoryKib the largest process among these; zero where it cannot be measured
 */
record RunReport(Ending ending, String stdout, String stderr, Duration wall, Duration cpu, long maxMemoryKib) {

    /** How it ended. */
    sealed interface Ending {
        /** The process ended by itself. */
        record Exited(int code) implements Ending {
            @Override
            public String toString() {
                return "exit " + code;
            }
        }

        /** A signal ended it. */
        record Killed(int signal) implements Ending {
            @Override
            public String toString() {
                return "signal " + signal;
            }
        }

        /** The charm has no code for it. */
        record Missing() implements Ending {
            @Override
            public String toString() {
                return "not there";
            }
        }
    }

    static RunReport missing() {
        return new RunReport(new Ending.Missing(), "", "", Duration.ZERO, Duration.ZERO, 0);
    }

    boolean exitedWith(int code) {
        return ending.equals(new Ending.Exited(code));
    }
}
