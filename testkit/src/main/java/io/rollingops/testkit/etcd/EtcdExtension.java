// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.etcd;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * One cluster for all tests of a class, whole again before each of them whatever the one before did to it.
 *
 * <pre>{@code
 * @RegisterExtension
 * static final EtcdExtension ETCD = new EtcdExtension(EtcdOptions.members(3));
 * }</pre>
 *
 * <p>The keys that tests write stay; let each use a prefix of its own. When a test fails, the logs of all members are
 * printed.
 */
public final class EtcdExtension implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback, TestWatcher {
    private final EtcdOptions options;
    private @Nullable EtcdCluster cluster;

    public EtcdExtension(EtcdOptions options) {
        this.options = options;
    }

    public EtcdCluster cluster() {
        EtcdCluster started = cluster;
        if (started == null) {
            throw new IllegalStateException("the cluster runs only during the tests of its class");
        }
        return started;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        cluster = EtcdCluster.start(options);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        cluster().startAll();
    }

    @Override
    public void testFailed(ExtensionContext context, @Nullable Throwable cause) {
        System.err.println("etcd's logs, for " + context.getDisplayName() + ":\n"
                + cluster().logs());
    }

    @Override
    public void afterAll(ExtensionContext context) {
        EtcdCluster started = cluster;
        cluster = null;
        if (started != null) {
            started.close();
        }
    }
}
