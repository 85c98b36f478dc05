// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

/** What came of commands that were run with {@code juju-exec}. */
public record ExecResult(int exitCode, String stdout, String stderr) {}
