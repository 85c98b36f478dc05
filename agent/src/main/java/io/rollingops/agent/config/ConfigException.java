// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.config;

/** The configuration is wrong; the message names file, line and what to change, a line for each mistake. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ConfigException(String message) {
        super(message);
    }
}
