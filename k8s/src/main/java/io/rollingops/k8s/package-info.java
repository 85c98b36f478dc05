/** What an upgrade asks of Kubernetes: the partition of the StatefulSet that runs the application. */
@NullMarked
package io.rollingops.k8s;

import org.jspecify.annotations.NullMarked;
