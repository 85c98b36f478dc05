// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.etcd;

import io.rollingops.testkit.RequiresProgram;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The test uses {@link EtcdCluster}. */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@RequiresProgram(value = "etcd", debianPackage = "etcd-server")
@RequiresProgram(value = "etcdctl", debianPackage = "etcd-client")
@RequiresProgram(value = "openssl", debianPackage = "openssl")
public @interface RequiresEtcd {}
