// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

class JujuExtensionTest {
    private static final List<Path> FOLDERS = new ArrayList<>();

    @Test
    void each_test_has_its_own_model_which_is_closed_and_told_of_when_the_test_fails() {
        Events events = EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(Deploying.class))
                .execute()
                .testEvents();
        events.assertStatistics(stats -> stats.succeeded(1).failed(1).reportingEntryPublished(1));
        assertThat(events.reportingEntryPublished().list())
                .singleElement()
                .satisfies(event -> assertThat(event.getPayload().toString()).contains("#1 app/0 install: COMMITTED"));
        assertThat(FOLDERS)
                .hasSize(2)
                .doesNotHaveDuplicates()
                .allSatisfy(folder -> assertThat(folder).doesNotExist());
    }

    /** Run by the test above only. */
    @ExtendWith(JujuExtension.class)
    static final class Deploying {

        @Test
        void fails(JujuEmulator juju) {
            succeeds(juju);
            assertThat(juju.units("app")).isEmpty();
        }

        @Test
        void succeeds(JujuEmulator juju) {
            FOLDERS.add(juju.folder());
            juju.deploy(new EtcdProvider(new EtcdProviderTest.FakeEtcd()), "app", 1);
            juju.settle(Duration.ofSeconds(20));
        }
    }
}
