// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * The other side of interface {@code etcd_client}: a charm that hands out an etcd, in the v1 form of the data
 * interfaces, at its endpoint {@value #ENDPOINT}.
 *
 * <p>Its leader answers a request once it has a resource, which is the key prefix, and a client certificate: the user is
 * named by the certificate's common name, and learns of endpoints, server authority and its name through secrets of its
 * own relation. As the real provider does, it gives no answer at all to a request that it does not like, and logs why:
 * without certificate, with that of an authority, with a common name that another request has.
 *
 * <p>What changed at the {@link EtcdAccess} is passed on in its next hook, for instance {@code update-status}.
 */
public final class EtcdProvider implements EmulatedCharm {
    public static final String ENDPOINT = "etcd-client";

    private static final int KEY_CERT_SIGN = 5;
    private static final int CRL_SIGN = 6;

    private final EtcdAccess etcd;
    /** Who was admitted, by the request that asked for it: {@code etcd-client:7/<request id>}. */
    private final Map<String, String> users = new ConcurrentHashMap<>();
    /** Units of one application run at the same time; admitting must not. */
    private final ReentrantLock admission = new ReentrantLock();

    private volatile boolean silent;

    /** One answer, and what of it is kept secret. */
    private record Answer(Json response, Json seen) {}

    public EtcdProvider(EtcdAccess etcd) {
        this.etcd = etcd;
    }

    /** While it is silent the provider answers nobody, and takes nothing back. */
    public void silence(boolean on) {
        silent = on;
    }

    @Override
    public CharmMetadata metadata() {
        return CharmMetadata.named("etcd").withPeer("peers", "etcd_peers").withProvider(ENDPOINT, "etcd_client");
    }

    @Override
    public void run(HookRun hook) {
        boolean leads = hook.json("is-leader") instanceof Json.Bool bool && bool.value();
        if (!leads || silent) {
            return;
        }
        if (hook.hook().equals(ENDPOINT + "-relation-broken")) {
            expelAll(hook.variable("JUJU_RELATION_ID"));
            return;
        }
        if (hook.json("relation-ids", ENDPOINT) instanceof Json.Arr relations) {
            for (Json relation : relations.items()) {
                answer(hook, ((Json.Str) relation).value());
            }
        }
    }

    private void expelAll(String relation) {
        users.entrySet().removeIf(entry -> {
            boolean here = entry.getKey().startsWith(relation + "/");
            if (here) {
                etcd.expel(entry.getValue());
            }
            return here;
        });
    }

    private void answer(HookRun hook, String relation) {
        String client = ((Json.Str) hook.json("relation-list", "--app", "-r", relation)).value();
        Json.Obj databag = (Json.Obj) hook.json("relation-get", "-r", relation, "--app", "-", client);
        List<Json> responses = new ArrayList<>();
        Json.ObjectBuilder seen = Json.object();
        for (Json.Obj request : requests(hook, databag)) {
            answer(hook, relation, request).ifPresent(answer -> {
                responses.add(answer.response());
                seen.put(request.string("request-id"), answer.seen());
            });
        }
        if (!responses.isEmpty()) {
            hook.relationSet(
                    relation,
                    true,
                    Map.of(
                            "version",
                            "v1",
                            "requests",
                            JsonText.write(new Json.Arr(responses)),
                            "data",
                            JsonText.write(seen.build())));
        }
    }

    private static List<Json.Obj> requests(HookRun hook, Json.Obj databag) {
        if (databag.find("requests").isEmpty()) {
            return List.of();
        }
        if (!databag.find("version").equals(Optional.of(Json.of("v1")))) {
            refuse(hook, "only requests of version v1 are understood");
            return List.of();
        }
        try {
            return ((Json.Arr) JsonText.parse(databag.string("requests")))
                    .items().stream().map(Json.Obj.class::cast).toList();
        } catch (JsonException | ClassCastException e) {
            refuse(hook, "requests cannot be read: " + e.getMessage());
            return List.of();
        }
    }

    private Optional<Answer> answer(HookRun hook, String relation, Json.Obj request) {
        String id = request.string("request-id");
        String prefix = text(request, "resource");
        String certificateSecret = text(request, "secret-mtls");
        if (prefix.isEmpty() || certificateSecret.isEmpty()) {
            refuse(hook, "request " + id + " has no resource or no client certificate");
            return Optional.empty();
        }
        String label = relation.replace(':', '.') + "." + id;
        String certificate = secret(hook, certificateSecret, "--refresh", "--label", label + ".mtls.secret")
                .getOrDefault("mtls-cert", "");
        Optional<String> user = commonName(hook, certificate);
        if (user.isEmpty() || !admit(hook, relation + "/" + id, certificate, user.get(), prefix)) {
            return Optional.empty();
        }
        String uris =
                etcd.endpoints().stream().map(endpoint -> "https://" + endpoint).collect(Collectors.joining(","));
        String userSecret =
                publish(hook, relation, label + ".user.secret", Map.of("username", user.get(), "uris", uris));
        String tlsSecret = publish(hook, relation, label + ".tls.secret", Map.of("tls-ca", etcd.serverCa()));
        Json response = Json.object()
                .put("resource", prefix)
                .put("request-id", id)
                .put("salt", text(request, "salt"))
                .put("endpoints", String.join(",", etcd.endpoints()))
                .put("read-only-endpoints", Json.Null.INSTANCE)
                .put("secret-user", userSecret)
                .put("secret-tls", tlsSecret)
                .put("secret-extra", Json.Null.INSTANCE)
                .put("secret-entity", Json.Null.INSTANCE)
                .put("version", etcd.version())
                .build();
        Json seen = Json.object()
                .put("resource", prefix)
                .put("request-id", id)
                .put("salt", text(request, "salt"))
                .put("secret-mtls", certificateSecret)
                .build();
        return Optional.of(new Answer(response, seen));
    }

    /** A common name is one user, with the rights of one request. */
    private boolean admit(HookRun hook, String request, String certificate, String user, String prefix) {
        admission.lock();
        try {
            boolean taken = users.entrySet().stream()
                    .anyMatch(entry ->
                            entry.getValue().equals(user) && !entry.getKey().equals(request));
            if (taken) {
                refuse(hook, "user " + user + " exists for another request");
                return false;
            }
            etcd.admit(certificate, user, prefix);
            users.put(request, user);
            return true;
        } finally {
            admission.unlock();
        }
    }

    /** The common name of the first certificate, if that is a client's. */
    private static Optional<String> commonName(HookRun hook, String pem) {
        try {
            X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)));
            boolean[] usage = certificate.getKeyUsage();
            boolean signs = usage != null && (usage[KEY_CERT_SIGN] || usage[CRL_SIGN]);
            if (certificate.getBasicConstraints() >= 0 || signs) {
                refuse(hook, "the client certificate is that of an authority");
                return Optional.empty();
            }
            return new LdapName(certificate.getSubjectX500Principal().getName())
                    .getRdns().stream()
                            .filter(part -> part.getType().equalsIgnoreCase("CN"))
                            .map(Rdn::getValue)
                            .map(String::valueOf)
                            .findFirst();
        } catch (CertificateException | InvalidNameException e) {
            refuse(hook, "the client certificate cannot be read: " + e.getMessage());
            return Optional.empty();
        }
    }

    /** Adds a secret and grants it, or brings the one that is there up to date; gives its URI. */
    private static String publish(HookRun hook, String relation, String label, Map<String, String> content) {
        List<String> values = new TreeMap<>(content)
                .entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .toList();
        Optional<String> known = idOf(hook, label);
        if (known.isPresent()) {
            if (!secret(hook, known.get(), "--refresh").equals(content)) {
                List<String> args = new ArrayList<>(List.of(known.get()));
                args.addAll(values);
                hook.run("secret-set", args.toArray(String[]::new));
            }
            return known.get();
        }
        List<String> args = new ArrayList<>(List.of("--label", label, "--owner", "application"));
        args.addAll(values);
        String uri = hook.run("secret-add", args.toArray(String[]::new));
        hook.run("secret-grant", "--relation", relation, uri);
        return uri;
    }

    private static Optional<String> idOf(HookRun hook, String label) {
        try {
            Json.Obj info = (Json.Obj) hook.json("secret-info-get", "--label", label);
            return info.members().keySet().stream().findFirst().map(id -> "secret:" + id);
        } catch (HookRun.CommandFailed e) {
            if (String.valueOf(e.getMessage()).contains("not found")) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static Map<String, String> secret(HookRun hook, String uri, String... flags) {
        List<String> args = new ArrayList<>(List.of(uri));
        args.addAll(List.of(flags));
        Map<String, String> content = new TreeMap<>();
        ((Json.Obj) hook.json("secret-get", args.toArray(String[]::new)))
                .members()
                .forEach((key, value) -> content.put(key, ((Json.Str) value).value()));
        return content;
    }

    private static String text(Json.Obj object, String name) {
        return object.find(name).orElse(Json.Null.INSTANCE) instanceof Json.Str text ? text.value() : "";
    }

    private static void refuse(HookRun hook, String reason) {
        hook.run("juju-log", "--log-level", "ERROR", "--", reason);
    }
}
