// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import java.util.Map;

/**
 * JSON in the layout of Python's {@code json.dumps}, which the original writes into the databag of an upgrade: a blank
 * after each comma and colon, and no character beyond ASCII.
 */
final class PythonJson {
    private PythonJson() {}

    static String write(Json value) {
        StringBuilder out = new StringBuilder();
        append(out, value);
        return out.toString();
    }

    private static void append(StringBuilder out, Json value) {
        String separator = "";
        if (value instanceof Json.Obj object) {
            out.append('{');
            for (Map.Entry<String, Json> member : object.members().entrySet()) {
                out.append(separator);
                append(out, Json.of(member.getKey()));
                out.append(": ");
                append(out, member.getValue());
                separator = ", ";
            }
            out.append('}');
        } else if (value instanceof Json.Arr array) {
            out.append('[');
            for (Json item : array.items()) {
                out.append(separator);
                append(out, item);
                separator = ", ";
            }
            out.append(']');
        } else {
            appendAscii(out, JsonText.write(value));
        }
    }

    private static void appendAscii(StringBuilder out, String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= '~') {
                out.append(c);
            } else {
                out.append(String.format("\\u%04x", (int) c));
            }
        }
    }
}
