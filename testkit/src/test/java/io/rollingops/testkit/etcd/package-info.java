@NullMarked
package io.rollingops.testkit.etcd;

import org.jspecify.annotations.NullMarked;
