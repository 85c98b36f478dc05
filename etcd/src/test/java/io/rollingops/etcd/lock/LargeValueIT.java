// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rollingops.Operation;
import io.rollingops.OperationResult;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.lock.Contenders.Contender;
import io.rollingops.json.Json;
import io.rollingops.spi.ClusterLock.Reach;
import io.rollingops.testkit.etcd.EtcdExtension;
import io.rollingops.testkit.etcd.EtcdOptions;
import io.rollingops.testkit.etcd.RequiresEtcd;
import java.time.Instant;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An operation that is larger than what this etcd takes. */
@RequiresEtcd
@Timeout(90)
class LargeValueIT {
    @RegisterExtension
    static final EtcdExtension ETCD = new EtcdExtension(EtcdOptions.members(1).requestBytesMax(4_000));

    /** What others can see of it is not what it runs from, so it can do without. */
    @Test
    void the_lock_is_taken_and_given_back_without_showing_what_is_too_large() {
        Operation large = Operation.requested(
                "restart", Json.object().put("n", "x".repeat(5_000)).build(), OptionalInt.empty(), Instant.now());
        try (Contenders contenders = new Contenders("large")) {
            EtcdSettings settings = EtcdSettings.plain(ETCD.cluster().endpoints());
            Contender web = contenders.add("web", settings);
            Contender api = contenders.add("api", settings);
            web.lock.want(large);
            web.awaitHeld();
            assertThat(entries(web)).isZero();
            api.lock.want(large);
            await().until(() -> new LockObserver(api.client, api.lock.keys())
                            .look()
                            .join()
                            .waiters()
                            .size()
                    == 1);
            web.lock.finished(large.completed(OperationResult.RELEASE));
            web.lock.drop();
            api.awaitHeld();
            api.lock.drop();

            assertThat(web.lock.state().reach()).isNotEqualTo(Reach.AWAY);
            assertThat(web.story)
                    .singleElement()
                    .extracting(LockEvent::text)
                    .asString()
                    .contains("too large");
            web.want();
            web.awaitHeld();
            assertThat(entries(web)).as("a small one is shown again").isEqualTo(1);
        }
    }

    private static int entries(Contender contender) {
        return contender
                .client
                .within(Contenders.PATIENCE)
                .read(Query.of(contender.lock.keys().own()))
                .join()
                .entries()
                .size();
    }
}
