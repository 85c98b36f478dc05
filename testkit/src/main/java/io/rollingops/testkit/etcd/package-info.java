/** Runs real etcd servers, one or three, and does to them what happens to servers. */
@NullMarked
package io.rollingops.testkit.etcd;

import org.jspecify.annotations.NullMarked;
