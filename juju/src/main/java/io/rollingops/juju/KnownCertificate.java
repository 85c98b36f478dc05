// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * What a unit knows of the application's certificate without reading any secret or certificate, kept in its folder.
 *
 * @param secret where it is from
 * @param digest of the three files that were written
 * @param renewAt when the leader replaces it
 * @param problem why the secret could not be used; empty when all is well
 */
record KnownCertificate(String secret, String digest, Instant renewAt, String problem) {

    /** What the folder holds; empty when there is nothing or it is damaged, which only costs reading the secret again. */
    static Optional<KnownCertificate> read(EtcdFiles files) {
        try {
            Optional<String> text = files.secret().read();
            if (text.isEmpty()) {
                return Optional.empty();
            }
            Json.Obj object = JsonText.parseObject(text.get());
            return Optional.of(new KnownCertificate(
                    object.string("secret"),
                    object.string("digest"),
                    Instant.parse(object.string("renew_at")),
                    object.string("problem")));
        } catch (IOException | JsonException | DateTimeParseException e) {
            return Optional.empty();
        }
    }

    static KnownCertificate good(String secret, ClientCertificate certificate) {
        return new KnownCertificate(
                secret,
                digest(certificate.certificate(), certificate.key(), certificate.authority()),
                certificate.renewAt(),
                "");
    }

    static KnownCertificate bad(String secret, String problem) {
        return new KnownCertificate(secret, "", Instant.MAX, problem);
    }

    void write(EtcdFiles files) throws IOException {
        files.makeFolders();
        files.secret()
                .writeIfDifferent(JsonText.write(Json.object()
                        .put("secret", secret)
                        .put("digest", digest)
                        .put("renew_at", renewAt.toString())
                        .put("problem", problem)
                        .build()));
    }

    boolean isGood() {
        return problem.isEmpty();
    }

    /** Whether the files are still those that were written. */
    boolean describes(EtcdFiles files) throws IOException {
        return digest.equals(digest(
                files.certificate().read().orElse(""),
                files.key().read().orElse(""),
                files.clientAuthority().read().orElse("")));
    }

    private static String digest(String... texts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String text : texts) {
                digest.update(text.getBytes(StandardCharsets.UTF_8));
                digest.update((byte) 0);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
