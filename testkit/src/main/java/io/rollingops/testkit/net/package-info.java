/** What tests of networked programs need: ports that nobody else takes, and a network that fails on command. */
@NullMarked
package io.rollingops.testkit.net;

import org.jspecify.annotations.NullMarked;
