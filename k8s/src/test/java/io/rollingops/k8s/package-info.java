/** Upgrades against a mock of Kubernetes. */
@NullMarked
package io.rollingops.k8s;

import org.jspecify.annotations.NullMarked;
