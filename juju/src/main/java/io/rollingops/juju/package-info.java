/** Peer store and host on the hook commands of Juju. */
@NullMarked
package io.rollingops.juju;

import org.jspecify.annotations.NullMarked;
