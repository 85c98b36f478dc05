// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * What an application asks of the provider of etcd, in the form of the data interfaces v1: the right to read and write all
 * keys that begin with a prefix, for whoever shows the certificate.
 *
 * @param resource the prefix of the keys
 * @param salt 16 letters and digits, which make the id differ from that of any other request
 * @param certificate the secret that holds the client's certificate; empty when the request has none, which a provider
 *     never answers
 */
record EtcdRequest(String resource, String salt, Optional<String> certificate) {
    /** The keys of the application's databag. */
    static final String VERSION = "version";

    static final String REQUESTS = "requests";

    static final String V1 = "v1";

    /** The field of the secret that holds the certificate. */
    static final String MTLS_FIELD = "mtls-cert";

    private static final String PREFIX = "/rollingops/default/";
    private static final String SALT_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private static final int SALT_LENGTH = 16;
    private static final int ID_BYTES = 8;

    /** A new request, without a certificate yet. */
    static EtcdRequest create(String resource, RandomGenerator random) {
        StringBuilder salt = new StringBuilder();
        for (int i = 0; i < SALT_LENGTH; i++) {
            salt.append(SALT_LETTERS.charAt(random.nextInt(SALT_LETTERS.length())));
        }
        return new EtcdRequest(resource, salt.toString(), Optional.empty());
    }

    /** The first request in an application's databag; empty when there is none, or none that can be understood. */
    static Optional<EtcdRequest> find(Map<String, String> databag) {
        try {
            List<Json> requests = array(databag.getOrDefault(REQUESTS, "[]"));
            if (requests.isEmpty() || !(requests.get(0) instanceof Json.Obj first)) {
                return Optional.empty();
            }
            return Optional.of(
                    new EtcdRequest(first.string("resource"), first.string("salt"), text(first, "secret-mtls")));
        } catch (JsonException e) {
            return Optional.empty();
        }
    }

    /** The keys of all units of all applications with that cluster id. */
    static String prefix(String clusterId) {
        return PREFIX + clusterId + "/";
    }

    EtcdRequest withCertificate(String secret) {
        return new EtcdRequest(resource, salt, Optional.of(secret));
    }

    String id() {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256")
                    .digest((resource + ":" + salt).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, ID_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The label of the secret that holds the certificate. */
    String label(RelationId relation) {
        return label(relation, id(), "mtls");
    }

    /** The label under which the two sides of a relation know a secret of a request. */
    static String label(RelationId relation, String requestId, String group) {
        return relation.endpoint() + "." + relation.number() + "." + requestId + "." + group + ".secret";
    }

    /** What the application's databag holds then. */
    Map<String, String> databag() {
        List<String> members = new ArrayList<>();
        members.add(member("resource", quoted(resource)));
        members.add(member("request-id", quoted(id())));
        members.add(member("salt", quoted(salt)));
        members.add(member("extra-user-roles", "null"));
        members.add(member("extra-group-roles", "null"));
        members.add(member("external-node-connectivity", "false"));
        members.add(member("entity-type", "null"));
        members.add(member("entity-permissions", "null"));
        members.add(member("secret-mtls", certificate.map(EtcdRequest::quoted).orElse("null")));
        return Map.of(VERSION, V1, REQUESTS, "[{" + String.join(", ", members) + "}]");
    }

    static List<Json> array(String text) {
        if (JsonText.parse(text) instanceof Json.Arr array) {
            return array.items();
        }
        throw new JsonException("an array is expected");
    }

    static Optional<String> text(Json.Obj object, String name) {
        return object.find(name)
                .flatMap(value -> value instanceof Json.Str text ? Optional.of(text.value()) : Optional.empty())
                .filter(text -> !text.isEmpty());
    }

    private static String member(String name, String value) {
        return quoted(name) + ": " + value;
    }

    /** In quotes, and all of it ASCII, as Python writes JSON. */
    private static String quoted(String text) {
        StringBuilder ascii = new StringBuilder();
        for (char character : JsonText.write(Json.of(text)).toCharArray()) {
            if (character < 0x7f) {
                ascii.append(character);
            } else {
                ascii.append("\\u").append(HexFormat.of().toHexDigits(character));
            }
        }
        return ascii.toString();
    }
}
