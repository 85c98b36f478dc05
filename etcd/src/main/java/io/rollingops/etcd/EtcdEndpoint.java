// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a member of the cluster listens for clients.
 *
 * @param host a name or an address; an IPv6 address without its brackets
 */
public record EtcdEndpoint(Scheme scheme, String host, int port) {
    public static final int DEFAULT_PORT = 2379;

    private static final Pattern FORM = Pattern.compile(
            "(?:([A-Za-z][A-Za-z0-9+.-]*)://)?(?:\\[([0-9A-Fa-f:.]+)]|([^\\[\\]:/?#@\\s]+))(?::([0-9]{1,5}))?/?");

    /** Whether the connection is encrypted. */
    public enum Scheme {
        HTTP,
        HTTPS,
        /** Not said: encrypted if the settings name certificates. */
        UNSTATED
    }

    public EtcdEndpoint {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("a port lies between 1 and 65535: " + port);
        }
    }

    /**
     * Reads {@code host}, {@code host:port} or {@code https://host:port}.
     *
     * @throws IllegalArgumentException saying what an endpoint looks like
     */
    public static EtcdEndpoint parse(String text) {
        Matcher parts = FORM.matcher(text.strip());
        if (!parts.matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no endpoint of etcd; write it like https://10.0.0.1:2379");
        }
        String host = parts.group(2) != null ? parts.group(2) : parts.group(3);
        int port = parts.group(4) == null ? DEFAULT_PORT : Integer.parseInt(parts.group(4));
        return new EtcdEndpoint(scheme(text, parts.group(1)), host, port);
    }

    private static Scheme scheme(String text, @Nullable String written) {
        if (written == null) {
            return Scheme.UNSTATED;
        }
        return switch (written.toLowerCase(Locale.ROOT)) {
            case "http" -> Scheme.HTTP;
            case "https" -> Scheme.HTTPS;
            default -> throw new IllegalArgumentException("'" + text + "' is neither http:// nor https://");
        };
    }

    /** Reads a list with commas in between, as etcd's own tools write it. */
    public static List<EtcdEndpoint> parseList(String text) {
        List<EtcdEndpoint> endpoints = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            endpoints.add(parse(part));
        }
        return List.copyOf(endpoints);
    }

    /** {@code host:port}, with brackets around an IPv6 address. */
    public String authority() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    @Override
    public String toString() {
        return scheme == Scheme.UNSTATED ? authority() : scheme.name().toLowerCase(Locale.ROOT) + "://" + authority();
    }
}
