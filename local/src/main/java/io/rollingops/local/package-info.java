// SPDX-License-Identifier: Apache-2.0
/**
 * What our programs on one machine have in common: a clock that all of them read alike, and conversations over a
 * Unix-domain socket. Stands on the JDK and the core, so that a process that lives for one hook can carry it.
 */
@NullMarked
package io.rollingops.local;

import org.jspecify.annotations.NullMarked;
