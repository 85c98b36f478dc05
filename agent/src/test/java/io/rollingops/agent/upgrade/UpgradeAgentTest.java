// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.OperationQueue;
import io.rollingops.UnitName;
import io.rollingops.agent.config.UpgradeConfig;
import io.rollingops.agent.process.RunDirectories;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.UnitRecord;
import io.rollingops.spi.PeerStore;
import io.rollingops.testing.InMemoryPeerStore;
import io.rollingops.upgrade.ApplicationUpgrade;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.UpgradeAnswer;
import io.rollingops.upgrade.UpgradeCommand;
import io.rollingops.upgrade.UpgradePause;
import io.rollingops.upgrade.UpgradeRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What agents make of operators' orders, with the store in memory. Unit 0 leads; nobody is granted a turn. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UpgradeAgentTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final UnitName FIRST = new UnitName("web", 0);
    private static final UnitName SECOND = new UnitName("web", 1);

    @TempDir
    Path folder;

    private final InMemoryPeerStore store = new InMemoryPeerStore("web", InstantSource.system());
    private final BlockingQueue<String> story = new LinkedBlockingQueue<>();
    private final List<ScheduledExecutorService> threads = new ArrayList<>();
    private int orders;

    @BeforeEach
    void join() {
        for (UnitName unit : List.of(FIRST, SECOND)) {
            submit(unit, new PeerCommand.Join());
        }
        submit(FIRST, new PeerCommand.Lead(1));
    }

    @AfterEach
    void stop() {
        threads.forEach(ScheduledExecutorService::shutdownNow);
    }

    @Test
    void an_order_is_carried_out_by_the_unit_that_leads_and_only_the_top_asks_for_its_turn() throws Exception {
        UpgradeAgent leader = startAll();

        UpgradeAnswer answer = order(leader, check("1.1", Optional.empty()));

        assertThat(answer).isEqualTo(new UpgradeAnswer.Done("checked; the order is web/1, web/0"));
        await(seen -> queue(seen, SECOND).contains(UpgradeAgent.CALLBACK));
        PeerSnapshot seen = await(now -> state(now, FIRST).equals("ready"));
        assertThat(queue(seen, SECOND).size()).isEqualTo(1);
        assertThat(queue(seen, FIRST).isEmpty()).isTrue();
        assertThat(seen.shared())
                .containsEntry(ApplicationUpgrade.TARGET, "1.1")
                .containsEntry(ApplicationUpgrade.PREVIOUS, "1.0")
                .doesNotContainKey(UpgradeRequest.KEY);
    }

    @Test
    void an_order_that_came_while_nobody_led_is_carried_out_by_whoever_leads_then() throws Exception {
        UpgradeAgent follower = start(SECOND, Optional.of(config(SECOND)));
        String id = write(check("1.1", Optional.empty()));
        assertThat(follower.awaitAnswer(id, Duration.ofMillis(200))).isEmpty();

        startAll();

        assertThat(follower.awaitAnswer(id, PATIENCE)).isPresent();
    }

    @Test
    void a_leader_without_the_section_says_what_to_do() throws Exception {
        UpgradeAgent leader = start(FIRST, Optional.empty());

        UpgradeAnswer answer = order(leader, new UpgradeCommand.Pause("lunch"));

        assertThat(answer)
                .isEqualTo(new UpgradeAnswer.Refused(
                        "web/0 leads, and its configuration has no section 'upgrade'",
                        "add the section to the configuration of every unit and start the agents again"));
        await(seen -> !seen.shared().containsKey(UpgradeRequest.KEY));
    }

    @Test
    void an_order_that_nobody_can_read_is_thrown_away_and_told() throws Exception {
        startAll();

        store.submitAsOperator("ann", new PeerCommand.WriteOrder(Map.of(), Map.of(UpgradeRequest.KEY, "{oops")));

        await(seen -> !seen.shared().containsKey(UpgradeRequest.KEY));
        assertThat(nextStory("upgrade-order-unreadable")).contains("text");
    }

    @Test
    void a_release_that_may_not_follow_is_refused_unless_a_reason_is_given() throws Exception {
        Files.writeString(folder.resolve("needs-1.0.json"), document("1.0", "*"));
        Files.writeString(folder.resolve("needs-3.0.json"), document("3.0", ">=2"));
        UpgradeAgent leader = startAll();
        await(seen -> seen.shared().containsKey(ApplicationUpgrade.DEPENDENCIES));

        UpgradeAnswer rehearsed = leader.rehearse(check("3.0", Optional.empty()), true);
        UpgradeAnswer refused = order(leader, check("3.0", Optional.empty()));
        UpgradeAnswer unknown = order(leader, check("4.0", Optional.empty()));
        UpgradeAnswer overruled = order(leader, check("3.0", Optional.of("the vendor said so")));

        assertThat(refused).isEqualTo(rehearsed).isInstanceOf(UpgradeAnswer.Refused.class);
        assertThat(refused.message()).contains("Versions incompatible", "1.0 can not be upgraded to 3.0");
        assertThat(unknown.message()).isEqualTo("It is not known what 4.0 needs");
        assertThat(overruled).isInstanceOf(UpgradeAnswer.Done.class);
        assertThat(store.state().snapshot().shared().get(ApplicationUpgrade.ORDERS))
                .contains("the vendor said so");
    }

    @Test
    void a_rehearsal_changes_nothing() throws Exception {
        startAll();
        UpgradeAgent follower = start(SECOND, Optional.of(config(SECOND)));
        await(seen -> !state(seen, FIRST).isEmpty() && !state(seen, SECOND).isEmpty());
        Map<String, String> before = store.state().snapshot().shared();

        assertThat(follower.rehearse(check("1.1", Optional.empty()), true))
                .isEqualTo(new UpgradeAnswer.Done("checked; the order is web/1, web/0"));

        assertThat(store.state().snapshot().shared()).isEqualTo(before);
    }

    @Test
    void a_unit_whose_release_cannot_be_read_tells_why_and_takes_part_when_it_can() throws Exception {
        UpgradeConfig config = config(FIRST);
        Path version = folder.resolve("web-0");
        Files.delete(version);
        start(FIRST, Optional.of(config));

        assertThat(nextStory("upgrade-waits")).contains("The installed release cannot be read");
        assertThat(state(store.state().snapshot(), FIRST)).isEmpty();
        Files.writeString(version, "1.0\n");

        assertThat(state(await(seen -> !state(seen, FIRST).isEmpty()), FIRST)).isEqualTo("idle");
    }

    private UpgradeAgent startAll() throws IOException, InterruptedException {
        UpgradeAgent leader = start(FIRST, Optional.of(config(FIRST)));
        start(SECOND, Optional.of(config(SECOND)));
        await(seen -> !state(seen, FIRST).isEmpty() && !state(seen, SECOND).isEmpty());
        return leader;
    }

    private UpgradeAgent start(UnitName unit, Optional<UpgradeConfig> config) throws IOException, InterruptedException {
        ScheduledExecutorService serial = Executors.newSingleThreadScheduledExecutor();
        threads.add(serial);
        return UpgradeAgent.start(
                store.as(unit),
                config,
                folder,
                new RunDirectories(folder.resolve("runs")),
                Duration.ofSeconds(1),
                InstantSource.system(),
                serial,
                (bad, what, fields) -> story.add(what + " " + String.join(" ", fields)));
    }

    private UpgradeConfig config(UnitName unit) throws IOException {
        Path version = folder.resolve("web-" + unit.number());
        Files.writeString(version, "1.0\n");
        return new UpgradeConfig(
                new UpgradeConfig.VersionSource.OfFile(version),
                List.of(),
                List.of("true"),
                List.of(),
                List.of(),
                "",
                Files.exists(folder.resolve("needs-1.0.json"))
                        ? Optional.of(folder + "/needs-{release}.json")
                        : Optional.empty(),
                Optional.empty(),
                Duration.ofSeconds(10),
                folder,
                Map.of(),
                Duration.ofMillis(100));
    }

    private static String document(String version, String supported) {
        return "{\"web\":{\"dependencies\":{},\"name\":\"web\",\"upgrade_supported\":\"" + supported
                + "\",\"version\":\"" + version + "\"}}";
    }

    private static UpgradeCommand.Check check(String release, Optional<String> overruled) {
        return new UpgradeCommand.Check(Optional.of(new Release(release)), new UpgradePause.Never(), overruled);
    }

    private UpgradeAnswer order(UpgradeAgent asked, UpgradeCommand command) throws InterruptedException {
        return asked.awaitAnswer(write(command), PATIENCE).orElseThrow();
    }

    private String write(UpgradeCommand command) {
        UpgradeRequest request = new UpgradeRequest("order-" + ++orders, command);
        assertThat(store.submitAsOperator(
                        "ann", new PeerCommand.WriteOrder(Map.of(), Map.of(UpgradeRequest.KEY, request.write()))))
                .isEqualTo(new PeerReply.Done());
        return request.id();
    }

    private void submit(UnitName unit, PeerCommand command) {
        PeerStore.Answer answer = store.as(unit).submit(command, PATIENCE);
        assertThat(answer.reply()).isNotInstanceOf(PeerReply.Refused.class);
    }

    private PeerSnapshot await(Predicate<PeerSnapshot> wanted) throws InterruptedException {
        Semaphore changed = new Semaphore(1);
        Runnable stop = store.as(FIRST).onChange(changed::release);
        try {
            while (changed.tryAcquire(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                PeerSnapshot seen = store.state().snapshot();
                if (wanted.test(seen)) {
                    return seen;
                }
            }
            throw new AssertionError("it did not come so far: " + store.state().snapshot());
        } finally {
            stop.run();
        }
    }

    private String nextStory(String what) throws InterruptedException {
        String line = story.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        while (line != null && !line.startsWith(what)) {
            line = story.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        }
        return String.valueOf(line);
    }

    private static OperationQueue queue(PeerSnapshot seen, UnitName unit) {
        return seen.record(unit).map(UnitRecord::queue).orElse(OperationQueue.EMPTY);
    }

    private static String state(PeerSnapshot seen, UnitName unit) {
        return Optional.ofNullable(seen.members().get(unit))
                .map(member -> StoredKeys.unit(member).getOrDefault("state", ""))
                .orElse("");
    }
}
