@NullMarked
package io.rollingops.etcd.grpc;

import org.jspecify.annotations.NullMarked;
