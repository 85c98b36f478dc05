/** Stand-ins and checks for tests, ours and those of users: a store in memory, and the judge of recorded histories. */
@NullMarked
package io.rollingops.testing;

import org.jspecify.annotations.NullMarked;
