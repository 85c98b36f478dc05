// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the provider of etcd has answered to a request.
 *
 * @param requestId of the request
 * @param endpoints at least one
 * @param tlsSecret the secret that holds who signs the servers' certificates
 */
record EtcdAnswer(String requestId, List<String> endpoints, String tlsSecret) {
    /** The field of that secret. */
    static final String AUTHORITY_FIELD = "tls-ca";

    /** There is no answer that can be used; the message says why and what to do. */
    static final class None extends Exception {
        None(String message) {
            super(message);
        }
    }

    /**
     * Finds the answer for a prefix of keys.
     *
     * @param databag the provider's
     */
    static EtcdAnswer find(Map<String, String> databag, String resource) throws None {
        Optional<Json.Obj> other = Optional.empty();
        try {
            for (Json item : EtcdRequest.array(databag.getOrDefault(EtcdRequest.REQUESTS, "[]"))) {
                if (item instanceof Json.Obj response) {
                    if (response.string("resource").equals(resource)) {
                        return read(response);
                    }
                    other = Optional.of(response);
                }
            }
        } catch (JsonException e) {
            throw new None("the answer of the provider of etcd cannot be understood: " + e.getMessage());
        }
        throw new None(
                other.isEmpty()
                        ? "the provider of etcd has not answered yet"
                        : "the provider of etcd has admitted this application to the keys below "
                                + other.get().string("resource") + ", not below " + resource
                                + "; when the cluster id has changed, remove the relation to etcd and add it again");
    }

    private static EtcdAnswer read(Json.Obj response) throws None {
        Optional<String> endpoints = EtcdRequest.text(response, "endpoints");
        Optional<String> secret = EtcdRequest.text(response, "secret-tls");
        if (endpoints.isEmpty()) {
            throw new None("the provider of etcd has named no endpoints yet");
        }
        if (secret.isEmpty()) {
            throw new None("the provider of etcd has named no secret with its authority (secret-tls) yet");
        }
        try {
            return new EtcdAnswer(response.string("request-id"), EtcdFiles.endpoints(endpoints.get()), secret.get());
        } catch (IllegalArgumentException e) {
            throw new None("the provider of etcd has named endpoints that cannot be used: " + e.getMessage());
        }
    }

    /**
     * What a unit has made of the last answer that it looked at, kept in its folder.
     *
     * @param relation to etcd
     * @param application the provider
     * @param clusterId the one that the answer was looked at for, empty when none was known
     * @param secret that it took the authority from, empty when it got that far never
     * @param problem why there is no access, or why it was not brought up to date; empty when all is well
     */
    record Known(RelationId relation, String application, String clusterId, String secret, String problem) {
        /** What the folder holds; empty when there is nothing or it is damaged, which only costs looking again. */
        static Optional<Known> read(EtcdFiles files) {
            try {
                Optional<String> text = files.answer().read();
                if (text.isEmpty()) {
                    return Optional.empty();
                }
                Json.Obj object = JsonText.parseObject(text.get());
                return Optional.of(new Known(
                        RelationId.parse(object.string("relation")),
                        object.string("application"),
                        object.string("cluster_id"),
                        object.string("secret"),
                        object.string("problem")));
            } catch (IOException | JsonException | IllegalArgumentException e) {
                return Optional.empty();
            }
        }

        void write(EtcdFiles files) throws IOException {
            files.makeFolders();
            files.answer()
                    .writeIfDifferent(JsonText.write(Json.object()
                            .put("relation", relation.toString())
                            .put("application", application)
                            .put("cluster_id", clusterId)
                            .put("secret", secret)
                            .put("problem", problem)
                            .build()));
        }

        boolean isGood() {
            return problem.isEmpty();
        }
    }
}
