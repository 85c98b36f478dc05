// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;

/**
 * Why a unit failed, in the three parts of an {@link UpgradeError}, as it is kept in the unit's databag for the others to
 * see. Always one line each, and bounded: it may hold what a foreign program printed.
 *
 * @param message what happened, for a status; never empty
 * @param cause why
 * @param resolution what to do
 */
public record Problem(String message, String cause, String resolution) {
    /** The longest part that is kept. */
    public static final int MAX_CHARS = 500;

    private static final String UNSAID = "the upgrade of this unit failed, no reason was given";

    public Problem {
        message = message.isBlank() ? UNSAID : line(message);
        cause = line(cause);
        resolution = line(resolution);
    }

    public static Problem of(UpgradeError error) {
        return new Problem(error.message(), error.cause(), error.resolution());
    }

    /** What anything else says that was thrown; the original tells only that there was an unknown error. */
    public static Problem of(Throwable thrown) {
        if (thrown instanceof UpgradeError error) {
            return of(error);
        }
        String type = thrown.getClass().getSimpleName();
        String text = thrown.getMessage();
        return new Problem(text == null || text.isBlank() ? type : text, type, "");
    }

    /** Reads a databag's value; one that is damaged is taken as the message. */
    static Problem read(String text) {
        try {
            Json.Obj parts = JsonText.parseObject(text);
            return new Problem(parts.string("message"), parts.string("cause"), parts.string("resolution"));
        } catch (JsonException e) {
            return new Problem(text, "", "");
        }
    }

    String write() {
        return PythonJson.write(Json.object()
                .put("message", message)
                .put("cause", cause)
                .put("resolution", resolution)
                .build());
    }

    /** Message and cause, for a person who has one line. */
    String line() {
        return cause.isEmpty() ? message : message + ": " + cause;
    }

    static String line(String text) {
        return text.substring(0, Math.min(text.length(), MAX_CHARS))
                .replaceAll("\\p{Cntrl}+", " ")
                .strip();
    }
}
