// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

/** One hook command: reads its call in a context, and gives what it prints. */
interface HookCommand {
    String run(HookContext context, Invocation call) throws CommandFailure;
}
