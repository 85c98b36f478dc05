// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.util.concurrent.CompletableFuture;

/**
 * One {@code juju-exec} that waits for its unit, and then for its commands.
 *
 * @param answer what its caller is blocked on
 */
record CommandTask(int number, JujuExec request, CompletableFuture<CommandReply> answer) {}
