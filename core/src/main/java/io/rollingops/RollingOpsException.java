// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

/**
 * Something went wrong; the type says what the caller can do about it, the message what was tried, with which values,
 * and what a person can do.
 */
public abstract sealed class RollingOpsException extends RuntimeException {
    private RollingOpsException(String message) {
        super(message);
    }

    private RollingOpsException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The request can never be carried out as it is: correct it. Nothing was stored. */
    public static final class InvalidRequest extends RollingOpsException {
        public InvalidRequest(String message) {
            super(message);
        }

        public InvalidRequest(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** The peer store does not exist yet for this unit: come back with a later event. Nothing was stored. */
    public static final class NotReady extends RollingOpsException {
        public NotReady(String message) {
            super(message);
        }
    }

    /** Nothing happened; the same call may go through later. */
    public static final class Unavailable extends RollingOpsException {
        public Unavailable(String message) {
            super(message);
        }

        public Unavailable(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** It may have happened: read before trying again. */
    public static final class Indeterminate extends RollingOpsException {
        public Indeterminate(String message) {
            super(message);
        }

        public Indeterminate(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** The store understood and said no, since the caller may not do this or the moment for it has passed. */
    public static final class Refused extends RollingOpsException {
        public Refused(String message) {
            super(message);
        }
    }

    /** The lock was not to be had within the time that the caller gave. It is not held. */
    public static final class LockTimeout extends RollingOpsException {
        public LockTimeout(String message) {
            super(message);
        }
    }

    /** The lock was held and is lost: stop what it protected, others may have it. */
    public static final class LockLost extends RollingOpsException {
        public LockLost(String message) {
            super(message);
        }
    }

    /** The stored state breaks an invariant: stop and tell a person. */
    public static final class Corrupt extends RollingOpsException {
        public Corrupt(String message) {
            super(message);
        }

        public Corrupt(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
