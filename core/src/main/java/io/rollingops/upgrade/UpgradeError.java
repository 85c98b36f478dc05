// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

/**
 * An upgrade cannot go on. The message says that in one line for a status or an action, the cause why, and the
 * resolution what an operator can do; the last may be empty. The type is the step that failed. {@link #getMessage} is all
 * three on one line, for the log.
 */
public abstract sealed class UpgradeError extends RuntimeException {
    private final String message;
    private final String cause;
    private final String resolution;

    private UpgradeError(String message, String cause, String resolution) {
        super(message + "; cause: " + cause + (resolution.isEmpty() ? "" : "; resolution: " + resolution));
        this.message = message;
        this.cause = cause;
        this.resolution = resolution;
    }

    /** The members of the application are not in a state to begin an upgrade. */
    public static final class ClusterNotReadyError extends UpgradeError {
        public ClusterNotReadyError(String message, String cause) {
            this(message, cause, "");
        }

        public ClusterNotReadyError(String message, String cause, String resolution) {
            super(message, cause, resolution);
        }
    }

    /** The version that is installed may not be followed by the one that was brought. */
    public static final class VersionError extends UpgradeError {
        public VersionError(String message, String cause) {
            this(message, cause, "");
        }

        public VersionError(String message, String cause, String resolution) {
            super(message, cause, resolution);
        }
    }

    /** Another application, on which this one depends, has not the version that is needed. */
    public static final class DependencyError extends UpgradeError {
        public DependencyError(String message, String cause) {
            this(message, cause, "");
        }

        public DependencyError(String message, String cause, String resolution) {
            super(message, cause, resolution);
        }
    }

    /** Kubernetes did not do what it was asked. */
    public static final class KubernetesClientError extends UpgradeError {
        public KubernetesClientError(String message, String cause) {
            this(message, cause, "");
        }

        public KubernetesClientError(String message, String cause, String resolution) {
            super(message, cause, resolution);
        }
    }

    public String message() {
        return message;
    }

    public String cause() {
        return cause;
    }

    public String resolution() {
        return resolution;
    }
}
