// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.certs.CertificateAuthority;
import io.rollingops.certs.Issued;
import io.rollingops.certs.KeyKind;
import io.rollingops.peer.Author;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a sender makes of answers, and of none. */
class CommandSenderTest {
    private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final Script script = new Script();
    private final CommandSender sender = new CommandSender("web", credentials(), script, InstantSource.fixed(NOW));

    @Test
    void an_answer_that_was_lost_is_asked_for_with_the_same_envelope() {
        script.answers.add(Script.LOST);
        script.answers.add(Script.NONE);
        script.answers.add(receipt(Receipt.Verdict.TAKEN, 1));

        assertThat(sender.send(new PeerCommand.Join(), LIMIT).reply()).isEqualTo(new PeerReply.Done());
        assertThat(script.sent).hasSize(3).containsOnly(script.sent.get(0));
    }

    @Test
    void an_author_whose_number_is_behind_sends_again_with_a_greater_one() {
        script.answers.add(receipt(Receipt.Verdict.OLD_NUMBER, 7));
        script.answers.add(receipt(Receipt.Verdict.TAKEN, 8));

        sender.send(new PeerCommand.Join(), LIMIT);

        assertThat(script.sealed).containsExactly(1L, 8L);
    }

    /** The first one may be in the log: with another number it could be carried out twice. */
    @Test
    void after_a_lost_answer_a_number_that_was_overtaken_is_not_replaced() {
        script.answers.add(Script.LOST);
        script.answers.add(receipt(Receipt.Verdict.OLD_NUMBER, 7));

        assertThatThrownBy(() -> sender.send(new PeerCommand.Join(), LIMIT))
                .isInstanceOf(RollingOpsException.Indeterminate.class)
                .hasMessageContainingAll("a later command of web/0", "may have been carried out");
        assertThat(script.sealed).containsExactly(1L);
    }

    @Test
    void without_a_leader_nothing_was_carried_out_and_after_a_lost_answer_that_is_not_known() {
        Duration moment = Duration.ofMillis(50);
        assertThatThrownBy(() -> sender.send(new PeerCommand.Join(), moment))
                .isInstanceOf(RollingOpsException.Unavailable.class);
        script.answers.add(Script.LOST);
        assertThatThrownBy(() -> sender.send(new PeerCommand.Join(), moment))
                .isInstanceOf(RollingOpsException.Indeterminate.class);
    }

    @Test
    void one_whose_leader_leads_no_more_may_have_been_carried_out_or_else_is_sent_again() {
        script.answers.add(Script.DISOWNED);
        assertThatThrownBy(() -> sender.send(new PeerCommand.Join(), Duration.ofMillis(50)))
                .isInstanceOf(RollingOpsException.Indeterminate.class);

        script.answers.add(Script.DISOWNED);
        script.answers.add(receipt(Receipt.Verdict.OLD_NUMBER, 7));
        script.answers.add(receipt(Receipt.Verdict.TAKEN, 8));
        assertThat(sender.send(new PeerCommand.Join(), LIMIT).reply()).isEqualTo(new PeerReply.Done());
        assertThat(script.sealed).endsWith(8L);
    }

    private static Credentials credentials() {
        Duration valid = Duration.ofDays(30);
        CertificateAuthority authority = CertificateAuthority.create("web", KeyKind.EC_P256, NOW, valid);
        Author author = new Author.Unit(new UnitName("web", 0));
        Issued issued = authority.issueIdentity("test", Credentials.uri("web", author), NOW, valid);
        return new Credentials(
                author, issued.key(), issued.certificate(), authority.own().certificate());
    }

    private static String receipt(Receipt.Verdict verdict, long number) {
        return new Receipt(verdict, new PeerReply.Done(), 1, number).write();
    }

    /** Gives the answers that were laid down, and then none. */
    private static final class Script implements CommandSender.Transport {
        static final String NONE = "none";
        static final String LOST = "lost";
        static final String DISOWNED = "disowned";

        final Deque<String> answers = new ArrayDeque<>();
        final List<List<Byte>> sent = new ArrayList<>();
        final List<Long> sealed = new ArrayList<>();

        @Override
        public Optional<String> send(byte[] bytes, Duration limit) throws CommandSender.Unknown {
            List<Byte> envelope = new ArrayList<>();
            for (byte each : bytes) {
                envelope.add(each);
            }
            String answer = Optional.ofNullable(answers.poll()).orElse(NONE);
            if (answer.equals(LOST)) {
                sent.add(envelope);
                throw new CommandSender.Unknown("lost", new IllegalStateException());
            }
            if (answer.equals(DISOWNED)) {
                throw CommandSender.Unknown.disowned("led until now", new IllegalStateException());
            }
            if (sent.size() < 10) {
                sent.add(envelope);
            }
            return answer.equals(NONE) ? Optional.empty() : Optional.of(answer);
        }

        @Override
        public long lastNumber() {
            return 0;
        }

        @Override
        public void sealing(long number) {
            sealed.add(number);
        }

        @Override
        public void told(long number) {}
    }
}
