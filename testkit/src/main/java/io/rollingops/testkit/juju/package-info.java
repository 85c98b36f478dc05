/**
 * A Juju model without Juju, for tests of charms in any language.
 *
 * <p>Charm authors need {@link io.rollingops.testkit.juju.JujuEmulator}, {@link io.rollingops.testkit.juju.Faults} and
 * {@link io.rollingops.testkit.juju.JujuExtension}. Behind these, the decisions are pure: what a unit does next stands in
 * {@code NextOperation}, what a hook may read and has buffered in {@code HookContext}, what its hook commands print in
 * {@code HookCommands}, what the controller takes of it in {@code JujuModel}, what follows from its end in {@code
 * UnitAgent}. None of these knows a process or a thread. The shell around them is {@code Controller}, which owns the one
 * thread of the model, {@code CharmHost} and {@code Machine}, which start processes, and {@code CommandServer}, which
 * their hook commands call.
 */
@NullMarked
package io.rollingops.testkit.juju;

import org.jspecify.annotations.NullMarked;
