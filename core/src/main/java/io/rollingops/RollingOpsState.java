// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

/**
 * A unit's state at one moment. Reading it changes nothing.
 *
 * @param status what the unit is doing
 * @param processingBackend under which lock its operations run
 * @param queue what it still has to do, oldest first
 */
public record RollingOpsState(RollingOpsStatus status, ProcessingBackend processingBackend, OperationQueue queue) {}
