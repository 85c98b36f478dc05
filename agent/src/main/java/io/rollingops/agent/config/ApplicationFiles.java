// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.config;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.certs.CertificateAuthority;
import io.rollingops.certs.KeyKind;
import io.rollingops.certs.PemFiles;
import io.rollingops.peer.Author;
import io.rollingops.raft.Credentials;
import io.rollingops.raft.RaftMember;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The folder of an application: its authority, its operator, and for each unit a folder that goes to that unit's host.
 *
 * <pre>
 * web/authority.pem  authority.key        the key signs new members: keep it away from the hosts
 * web/operator/      operator.pem .key    for whoever may ask all units
 * web/web-0/         agent.yaml, unit.pem .key, tls.pem .key, authority.pem
 * </pre>
 */
public final class ApplicationFiles {
    private static final Duration AUTHORITY_VALID = Duration.ofDays(3650);
    private static final Duration VALID = Duration.ofDays(825);
    private static final String AUTHORITY = "authority";

    private final Path folder;
    private final String application;
    private final CertificateAuthority authority;

    private ApplicationFiles(Path folder, String application, CertificateAuthority authority) {
        this.folder = folder;
        this.application = application;
        this.authority = authority;
    }

    /**
     * Makes a new application's folder with its authority.
     *
     * @throws RollingOpsException.InvalidRequest when there is one already, which is never overwritten
     */
    public static ApplicationFiles create(Path folder, String application, Instant now) throws IOException {
        if (Files.exists(folder.resolve(AUTHORITY + ".pem"))) {
            throw new RollingOpsException.InvalidRequest(
                    folder + " is an application's folder already; 'rollingops certs'"
                            + " adds units to it, or give another --directory");
        }
        PemFiles.createSecretDirectory(folder);
        CertificateAuthority authority =
                CertificateAuthority.create("rollingops " + application, KeyKind.EC_P256, now, AUTHORITY_VALID);
        PemFiles.write(folder, AUTHORITY, authority.own());
        return new ApplicationFiles(folder, application, authority);
    }

    /**
     * Opens an application's folder.
     *
     * @throws RollingOpsException.InvalidRequest when the authority's certificate or key is not there or not readable
     */
    public static ApplicationFiles open(Path folder, String application) {
        try {
            return new ApplicationFiles(folder, application, PemFiles.readAuthority(folder, AUTHORITY));
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            throw new RollingOpsException.InvalidRequest(
                    "the authority in " + folder + " cannot be used (" + e
                            + "); name the folder that 'rollingops init' made, with authority.pem and authority.key",
                    e);
        }
    }

    /** Makes an operator's folder. */
    public Path writeOperator(String name, Instant now) throws IOException {
        Path own = folder.resolve(name.equals("operator") ? "operator" : "operator-" + name);
        PemFiles.createSecretDirectory(own);
        PemFiles.write(
                own,
                "operator",
                authority.issueIdentity(name, Credentials.uri(application, new Author.Operator(name)), now, VALID));
        writeAuthority(own);
        return own;
    }

    /** Makes a unit's keys and certificates, or new ones in place of those that are there. */
    public Path writeUnit(UnitName unit, List<String> hosts, Instant now) throws IOException {
        Path own = folder.resolve(unit.toString().replace('/', '-'));
        PemFiles.createSecretDirectory(own);
        PemFiles.write(
                own,
                "unit",
                authority.issueIdentity(
                        unit.toString(), Credentials.uri(application, new Author.Unit(unit)), now, VALID));
        Set<String> names = new LinkedHashSet<>(hosts);
        PemFiles.write(own, "tls", authority.issueTls(unit.toString(), List.copyOf(names), now, VALID));
        writeAuthority(own);
        return own;
    }

    /** Writes a configuration to start from; one that is there is left alone. */
    public void writeConfiguration(
            UnitName unit, List<RaftMember> members, boolean joining, Map<String, List<String>> callbacks)
            throws IOException {
        writeConfiguration(unit, members, joining, callbacks, List.of(), "", Optional.empty());
    }

    /**
     * The same for an application that shares a lock with others, or is upgraded.
     *
     * @param etcd where etcd is; empty if there is none
     * @param clusterId what the applications have in common
     * @param upgrade how the workload is upgraded; a comment says how to say it where it is empty
     */
    public void writeConfiguration(
            UnitName unit,
            List<RaftMember> members,
            boolean joining,
            Map<String, List<String>> callbacks,
            List<String> etcd,
            String clusterId,
            Optional<UpgradeStart> upgrade)
            throws IOException {
        Path file = folder.resolve(unit.toString().replace('/', '-')).resolve("agent.yaml");
        if (!Files.exists(file)) {
            PemFiles.writePublic(
                    file, new AgentYaml(unit, members, joining, callbacks, etcd, clusterId, upgrade).text());
        }
    }

    private void writeAuthority(Path own) throws IOException {
        PemFiles.writePublic(
                own.resolve(AUTHORITY + ".pem"), PemFiles.pem(authority.own().certificate()));
    }
}
