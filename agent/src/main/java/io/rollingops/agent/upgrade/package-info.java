/** Upgrades on hosts: the databags in the replicated store, the workload behind commands, operators' orders. */
@NullMarked
package io.rollingops.agent.upgrade;

import org.jspecify.annotations.NullMarked;
