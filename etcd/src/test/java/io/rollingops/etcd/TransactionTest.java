// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class TransactionTest {
    private static final Bytes KEY = Bytes.utf8("/key");

    @Test
    void it_is_put_together_step_by_step() {
        Transaction transaction = Transaction.when(Guard.absent(KEY))
                .then(Action.put(KEY, Bytes.EMPTY))
                .then(Action.delete(KEY))
                .otherwise(Action.read(Query.key(KEY)));
        assertThat(transaction.guards()).containsExactly(Guard.absent(KEY));
        assertThat(transaction.actions()).containsExactly(Action.put(KEY, Bytes.EMPTY), Action.delete(KEY));
        assertThat(transaction.alternatives()).containsExactly(Action.read(Query.key(KEY)));
        assertThat(transaction).hasToString("1 guards, put /key, delete /key");
    }

    @Test
    void it_is_read_only_if_no_branch_writes() {
        Action read = Action.read(Query.key(KEY));
        assertThat(Transaction.always(read).otherwise(read).isReadOnly()).isTrue();
        assertThat(Transaction.always(read).otherwise(Action.delete(KEY)).isReadOnly())
                .isFalse();
        assertThat(Transaction.always(Action.put(KEY, KEY)).isReadOnly()).isFalse();
        assertThat(Transaction.always(Action.nested(Transaction.always(read))).isReadOnly())
                .isTrue();
        assertThat(Transaction.always(Action.nested(Transaction.when().otherwise(Action.delete(KEY))))
                        .isReadOnly())
                .isFalse();
    }

    @Test
    void a_nested_one_is_told_as_a_part() {
        Transaction inner = Transaction.when(Guard.absent(KEY)).then(Action.delete(KEY));
        assertThat(Transaction.always(Action.put(KEY, KEY), Action.nested(inner)))
                .hasToString("0 guards, put /key, (1 guards, delete /key)");
    }

    @Test
    void it_has_as_many_steps_as_a_server_takes() {
        List<Action> most = Collections.nCopies(Transaction.MAX_STEPS, Action.delete(KEY));
        Transaction full = new Transaction(List.of(), most, most);
        assertThat(full.actions()).hasSize(128);
        assertThatThrownBy(() -> full.then(Action.delete(KEY))).hasMessageContaining("at most 128");
        assertThatThrownBy(() -> full.otherwise(Action.delete(KEY))).hasMessageContaining("at most 128");
        assertThatThrownBy(() -> new Transaction(Collections.nCopies(129, Guard.exists(KEY)), List.of(), List.of()))
                .hasMessageContaining("at most 128");
    }

    @Test
    void an_outcome_is_folded_by_its_case() {
        List<TransactionOutcome> outcomes = List.of(
                new TransactionOutcome.Applied(new Revision(7), List.of()),
                new TransactionOutcome.Declined(new Revision(8), List.of()),
                new TransactionOutcome.LeaseGone());
        assertThat(outcomes)
                .extracting(outcome -> outcome.fold(
                        applied -> "applied at " + applied.revision(),
                        declined -> "declined at " + declined.revision(),
                        gone -> "lease gone"))
                .containsExactly("applied at 7", "declined at 8", "lease gone");
        assertThat(outcomes).extracting(TransactionOutcome::isApplied).containsExactly(true, false, false);
    }

    @Test
    void keys_revisions_and_leases_cannot_be_wrong() {
        assertThatThrownBy(() -> Action.put(Bytes.EMPTY, KEY)).hasMessageContaining("at least one byte");
        assertThatThrownBy(() -> new Revision(-1)).hasMessageContaining("-1");
        assertThatThrownBy(() -> new LeaseId(0)).hasMessageContaining("zero");
        assertThatThrownBy(() -> Query.key(KEY).first(-1)).hasMessageContaining("-1");
        assertThat(new LeaseId(0x7ccba2001e612207L)).hasToString("7ccba2001e612207");
        assertThat(new Revision(3).next().isAfter(new Revision(3))).isTrue();
    }
}
