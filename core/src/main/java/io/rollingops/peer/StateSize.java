// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.Operation;
import io.rollingops.json.Json;
import java.util.Collection;
import java.util.Map;

/**
 * How large the state is, in characters, of what grows at somebody's request: queued operations, and the keys of users. About
 * what their wire form has, without writing it: one request must not cost a look at every text.
 */
final class StateSize {
    /** Of one operation beside its callback and arguments: its stamp and the names of its members. */
    static final int OPERATION_CHARS = 160;

    private static final int PUNCTUATION = 4;

    private StateSize() {}

    static long chars(Collection<Member> members, Map<String, String> shared) {
        long chars = chars(shared);
        for (Member member : members) {
            chars += chars(member.bag());
        }
        return chars;
    }

    private static long chars(UnitBag bag) {
        if (bag instanceof UnitBag.Damaged damaged) {
            return chars(damaged.raw());
        }
        UnitBag.Understood readable = (UnitBag.Understood) bag;
        long chars = chars(readable.other());
        for (Operation operation : readable.record().queue().operations()) {
            chars += OPERATION_CHARS + operation.callbackId().length() + chars(operation.arguments());
        }
        return chars;
    }

    private static long chars(Map<String, String> texts) {
        long chars = 0;
        for (Map.Entry<String, String> text : texts.entrySet()) {
            chars += PUNCTUATION + text.getKey().length() + text.getValue().length();
        }
        return chars;
    }

    private static long chars(Json value) {
        long chars = PUNCTUATION;
        if (value instanceof Json.Obj object) {
            for (Map.Entry<String, Json> member : object.members().entrySet()) {
                chars += member.getKey().length() + chars(member.getValue());
            }
        } else if (value instanceof Json.Arr array) {
            for (Json item : array.items()) {
                chars += chars(item);
            }
        } else if (value instanceof Json.Str text) {
            chars += text.value().length();
        } else if (value instanceof Json.Int number) {
            chars += number.value().bitLength() / 3;
        } else if (value instanceof Json.Real) {
            chars += 20;
        }
        return chars;
    }
}
