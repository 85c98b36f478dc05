/**
 * Contracts for the ports and runners of real servers, for tests of adapters and charms.
 *
 * <p>A test that needs a program says so with {@link io.rollingops.testkit.RequiresProgram}, and is skipped where it is
 * missing, except on CI.
 */
@NullMarked
package io.rollingops.testkit;

import org.jspecify.annotations.NullMarked;
