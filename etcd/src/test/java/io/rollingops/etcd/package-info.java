@NullMarked
package io.rollingops.etcd;

import org.jspecify.annotations.NullMarked;
