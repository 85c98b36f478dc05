// SPDX-License-Identifier: Apache-2.0
package io.rollingops.json;

/** The text is not the JSON that was expected; the message says where and why, and never repeats the whole text. */
public final class JsonException extends RuntimeException {

    public JsonException(String message) {
        super(message);
    }

    public JsonException(String message, Throwable cause) {
        super(message, cause);
    }
}
