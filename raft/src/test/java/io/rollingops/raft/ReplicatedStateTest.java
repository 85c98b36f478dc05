// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import io.rollingops.certs.CertificateAuthority;
import io.rollingops.certs.Issued;
import io.rollingops.certs.KeyKind;
import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import io.rollingops.peer.Author;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who may write what, on the log itself: no envelope gets past its proof, whoever put it there. */
class ReplicatedStateTest {
    private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
    private static final Duration VALID = Duration.ofDays(30);
    private static final long TERM = 7;
    private static final CertificateAuthority AUTHORITY = authority();

    private final Keys keys = new Keys();
    private final Credentials web0 = unit(AUTHORITY, 0, NOW);
    private final Credentials web1 = unit(AUTHORITY, 1, NOW);
    private final Credentials alice = credentials(AUTHORITY, new Author.Operator("alice"), NOW);

    private ReplicatedState state = ReplicatedState.empty("web");

    private static CertificateAuthority authority() {
        return CertificateAuthority.create("web", KeyKind.EC_P256, NOW, VALID);
    }

    private static Credentials unit(CertificateAuthority by, int number, Instant at) {
        return credentials(by, new Author.Unit(new UnitName("web", number)), at);
    }

    private static Credentials credentials(CertificateAuthority by, Author author, Instant at) {
        Issued issued = by.issueIdentity("test", Credentials.uri("web", author), at, VALID);
        return new Credentials(
                author, issued.key(), issued.certificate(), by.own().certificate());
    }

    @BeforeEach
    void join() {
        assertTaken(take(sealed(web0, web0, 1, new PeerCommand.Join())));
        assertTaken(take(sealed(web1, web1, 1, new PeerCommand.Join())));
    }

    @Test
    void a_known_author_needs_no_introduction_and_an_unknown_one_is_asked_for_it() {
        assertTaken(take(envelope(web0, 2, request(), false).seal(web0)));
        assertThat(take(envelope(alice, 1, new PeerCommand.Remove(unit(7)), false)
                                .seal(alice))
                        .verdict())
                .isEqualTo(Receipt.Verdict.UNKNOWN_AUTHOR);
    }

    @Test
    void a_command_under_anothers_name_is_refused() {
        // A member that misbehaves signs with the only key it has.
        assertRejected(envelope(web0, 2, request(), false).seal(web1));
        assertRejected(sealed(web0, web1, 2, request()));
        Envelope foreignCertificate = new Envelope(
                "web",
                web0.author(),
                2,
                NOW,
                request(),
                envelope(web1, 1, request(), true).introduction());
        assertRejected(foreignCertificate.seal(web1));
    }

    @Test
    void a_unit_may_not_pose_as_an_operator() {
        PeerCommand all = new PeerCommand.RequestFor(Set.of(unit(0)), "restart", Json.Obj.EMPTY, OptionalInt.empty());
        Envelope posing = new Envelope(
                "web", alice.author(), 1, NOW, all, envelope(web1, 1, all, true).introduction());
        assertRejected(posing.seal(web1));
        Receipt asItself = take(sealed(web1, web1, 2, all));
        assertThat(asItself.reply()).isInstanceOf(PeerReply.Refused.class);
        assertTaken(take(sealed(alice, alice, 1, all)));
    }

    @Test
    void every_changed_byte_breaks_the_seal() {
        byte[] sealed = sealed(web0, web0, 2, request());
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 300; i++) {
            byte[] changed = sealed.clone();
            changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
            ReplicatedState before = state;
            Receipt receipt = take(changed);
            assertThat(receipt.verdict()).isNotEqualTo(Receipt.Verdict.TAKEN);
            assertThat(state).isSameAs(before);
        }
        assertTaken(take(sealed));
    }

    @Test
    void what_is_no_envelope_at_all_changes_nothing() {
        for (String garbage : new String[] {"", "x", "{}", "{\"application\":\"web\"}"}) {
            byte[] text = garbage.getBytes(StandardCharsets.UTF_8);
            assertRejected(text);
            byte[] padded = Arrays.copyOf(new byte[0], Envelope.SIGNATURE_BYTES + text.length);
            System.arraycopy(text, 0, padded, Envelope.SIGNATURE_BYTES, text.length);
            assertRejected(padded);
        }
    }

    /** As one from a later release, of which not every member is yet: all members refuse it alike. */
    @Test
    void a_command_that_is_not_known_changes_nothing_and_uses_no_number_up() {
        byte[] text = new String(sealed(web0, web0, 2, request()), StandardCharsets.ISO_8859_1)
                .substring(Envelope.SIGNATURE_BYTES)
                .replace("\"do\":\"request\"", "\"do\":\"dance\"")
                .getBytes(StandardCharsets.ISO_8859_1);
        byte[] sealed = new byte[Envelope.SIGNATURE_BYTES + text.length];
        System.arraycopy(text, 0, sealed, Envelope.SIGNATURE_BYTES, text.length);
        System.arraycopy(web0.sign(text), 0, sealed, 0, Envelope.SIGNATURE_BYTES);

        assertThat(new String(text, StandardCharsets.UTF_8)).contains("\"dance\"");
        assertRejected(sealed);
        assertTaken(take(sealed(web0, web0, 2, request())));
    }

    @Test
    void the_same_envelope_again_gets_the_same_answer_and_happens_once() {
        byte[] sealed = sealed(web0, web0, 2, request());
        Receipt first = take(sealed);
        ReplicatedState after = state;

        assertThat(take(sealed)).isEqualTo(first);
        assertThat(state).isSameAs(after);
    }

    @Test
    void an_old_number_is_not_looked_at() {
        take(sealed(web0, web0, 5, request()));
        Receipt old = take(sealed(web0, web0, 4, new PeerCommand.Leave()));

        assertThat(old.verdict()).isEqualTo(Receipt.Verdict.OLD_NUMBER);
        assertThat(old.number()).isEqualTo(5);
        assertThat(state.peers().members()).containsKey(unit(0));
    }

    @Test
    void a_certificate_of_another_authority_or_application_is_refused() {
        Credentials stranger = unit(authority(), 2, NOW);
        assertRejected(sealed(stranger, stranger, 1, new PeerCommand.Join()));

        Author.Unit db = new Author.Unit(new UnitName("db", 0));
        Credentials otherApplication = credentials(AUTHORITY, db, NOW);
        assertRejected(sealed(otherApplication, otherApplication, 1, new PeerCommand.Join()));
        assertRejected(new Envelope("db", web0.author(), 9, NOW, request(), Optional.empty()).seal(web0));
    }

    @Test
    void a_newer_certificate_replaces_the_one_before_and_never_the_other_way_round() {
        Credentials renewed = unit(AUTHORITY, 0, NOW.plus(Duration.ofDays(1)));
        assertTaken(take(sealed(renewed, renewed, 2, request())));

        assertRejected(envelope(web0, 3, request(), false).seal(web0)); // the old key
        assertRejected(sealed(web0, web0, 3, request())); // and its introduction
        assertTaken(take(envelope(renewed, 3, request(), false).seal(renewed)));
    }

    /** Else one member could keep all others from ever leading. */
    @Test
    void nobody_leads_in_a_term_that_has_not_come() {
        assertRejected(sealed(web1, web1, 2, new PeerCommand.Lead(TERM + 1)));
        assertRejected(sealed(web1, web1, 2, new PeerCommand.Lead(Long.MAX_VALUE)));

        assertTaken(take(sealed(web0, web0, 2, new PeerCommand.Lead(TERM))));
        assertThat(state.peers().snapshot().leader()).contains(unit(0));
    }

    /** The number in the envelope is what keeps a copy that comes late from taking a lock for nobody. */
    @Test
    void a_late_wish_for_a_lock_that_was_dropped_is_not_looked_at() {
        take(sealed(web0, web0, 2, new PeerCommand.OpenLease("p-1", 1, Duration.ofSeconds(30), Optional.empty())));
        byte[] late = sealed(web0, web0, 3, new PeerCommand.TakeLock("db", "t-1"));
        take(sealed(web0, web0, 4, new PeerCommand.DropLock("db", "t-1")));

        assertThat(take(late).verdict()).isEqualTo(Receipt.Verdict.OLD_NUMBER);
        assertThat(state.peers().locks()).isEmpty();
    }

    @Test
    void what_is_written_is_read_back_the_same() {
        take(sealed(web0, web0, 2, request()));
        take(sealed(web1, web1, 2, new PeerCommand.WriteUnit(Map.of(), Map.of("colour", "blue"))));

        Json.Obj written = state.write();
        ReplicatedState read = ReplicatedState.read(JsonText.parseObject(JsonText.write(written)));

        assertThat(read).isEqualTo(state);
        assertThat(read.write()).isEqualTo(written);
    }

    private static UnitName unit(int number) {
        return new UnitName("web", number);
    }

    private static PeerCommand request() {
        return new PeerCommand.Request("restart", Json.Obj.EMPTY, OptionalInt.empty());
    }

    private static Envelope envelope(Credentials author, long number, PeerCommand command, boolean introduced) {
        return new Envelope(
                "web",
                author.author(),
                number,
                NOW,
                command,
                introduced
                        ? Optional.of(new Envelope.Introduction(author.encodedCertificate(), author.encodedAuthority()))
                        : Optional.empty());
    }

    private static byte[] sealed(Credentials author, Credentials by, long number, PeerCommand command) {
        return envelope(author, number, command, true).seal(by);
    }

    private Receipt take(byte[] sealed) {
        ReplicatedState.Taken taken = state.take(sealed, TERM, keys);
        state = taken.state();
        return taken.receipt();
    }

    private void assertTaken(Receipt receipt) {
        assertThat(receipt.verdict()).as("%s", receipt.reply()).isEqualTo(Receipt.Verdict.TAKEN);
    }

    private void assertRejected(byte[] sealed) {
        ReplicatedState before = state;
        Receipt receipt = take(sealed);
        assertThat(receipt.verdict()).isEqualTo(Receipt.Verdict.REJECTED);
        assertThat(receipt.reply()).isInstanceOf(PeerReply.Refused.class);
        assertThat(state).isSameAs(before);
    }
}
