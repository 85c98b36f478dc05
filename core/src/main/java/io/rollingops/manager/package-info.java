/**
 * What a unit does: {@link io.rollingops.manager.UnitProtocol} decides its next step, {@link
 * io.rollingops.manager.UnitLocal} keeps what it knows.
 */
@NullMarked
package io.rollingops.manager;

import org.jspecify.annotations.NullMarked;
