/** Contracts for the ports and runners of real servers, for tests of adapters and charms. */
@NullMarked
package io.rollingops.testkit;

import org.jspecify.annotations.NullMarked;
