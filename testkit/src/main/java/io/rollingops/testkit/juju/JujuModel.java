// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/**
 * The controller's side of a model: applications, units, relations, secrets, leases, and a clock that only tests move.
 *
 * <p>Knows no process and no thread, and belongs to one thread at a time. Everything that Juju leaves to chance comes
 * from the seed. Wrong requests of the test are {@link IllegalArgumentException}s; a hook's changes that the controller
 * does not take are a {@link CommitRefused}, before anything of them is applied.
 */
final class JujuModel {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration UPDATE_STATUS_INTERVAL = Duration.ofMinutes(5);
    private static final String ID_DIGITS = "0123456789abcdefghijklmnopqrstuv";

    final ModelSettings settings;
    final SecretStore secrets = new SecretStore();

    private final Map<String, JujuApp> apps = new TreeMap<>();
    private final Map<UnitName, JujuUnit> units = new TreeMap<>();
    private final Map<Integer, JujuRelation> relations = new TreeMap<>();
    private final Map<Integer, ActionTask> waitingActions = new TreeMap<>();
    private final Map<Integer, CommandTask> waitingCommands = new TreeMap<>();
    private final Random chance;
    private final Random identifiers;

    private Instant now = START;
    private Instant nextUpdateStatus = START.plus(UPDATE_STATUS_INTERVAL);
    private int nextRelation;
    private int nextMachine;
    private int nextTask = 1;

    JujuModel(ModelSettings settings) {
        this.settings = settings;
        this.chance = new Random(settings.seed());
        this.identifiers = new Random(settings.seed() ^ 0x5eed);
    }

    // --- applications and units

    JujuApp addApp(String name, CharmSource charm, Map<String, Json> config) {
        if (!UnitName.isApplication(name) || apps.containsKey(name)) {
            throw new IllegalArgumentException("'" + name + "' is taken or cannot be the name of an application");
        }
        JujuApp app = new JujuApp(name, charm);
        if (!config.isEmpty()) {
            app.configure(config);
        }
        apps.put(name, app);
        charm.metadata()
                .peers()
                .keySet()
                .forEach(endpoint -> addRelation(List.of(new JujuRelation.Endpoint(name, endpoint))));
        return app;
    }

    JujuUnit addUnit(String appName, OptionalInt machine) {
        JujuApp app = app(appName);
        if (app.dying) {
            throw new IllegalArgumentException("'" + appName + "' is being removed");
        }
        JujuUnit unit = new JujuUnit(app.nextUnitName(), app, machine.orElseGet(() -> nextMachine++));
        units.put(unit.name, unit);
        elect(app);
        return unit;
    }

    JujuApp app(String name) {
        return Optional.ofNullable(apps.get(name))
                .orElseThrow(
                        () -> new IllegalArgumentException("no application '" + name + "', only " + apps.keySet()));
    }

    Optional<JujuUnit> findUnit(UnitName name) {
        return Optional.ofNullable(units.get(name));
    }

    JujuUnit unit(UnitName name) {
        return findUnit(name)
                .orElseThrow(() -> new IllegalArgumentException("no unit '" + name + "', only " + units.keySet()));
    }

    /** All units, by name. */
    Collection<JujuUnit> units() {
        return List.copyOf(units.values());
    }

    List<JujuUnit> unitsOf(JujuApp app) {
        return units.values().stream().filter(unit -> unit.app == app).toList();
    }

    List<JujuUnit> unitsOn(int machine) {
        return units.values().stream().filter(unit -> unit.machine == machine).toList();
    }

    void removeUnit(JujuUnit unit) {
        unit.dying = true;
        if (settings.departures() == Departures.AT_ONCE) {
            relationsOf(unit.name).forEach(relation -> relation.departing.add(unit.name));
        }
    }

    void removeApp(JujuApp app) {
        app.dying = true;
        relations.values().stream()
                .filter(relation -> relation.has(app.name) && !relation.peer())
                .toList()
                .forEach(this::removeRelation);
        unitsOf(app).forEach(this::removeUnit);
        removeAppIfDone(app);
    }

    /** The unit is gone: it has run its last hook, or was removed by force. */
    void unitGone(JujuUnit unit) {
        units.remove(unit.name);
        List.copyOf(relations.values()).forEach(relation -> leave(relation, unit.name));
        secrets.unitRemoved(unit.name);
        waitingActions.values().removeIf(task -> {
            boolean mine = task.unit.equals(unit.name);
            if (mine) {
                task.end(Optional.of("unit removed"), 1, "", "");
            }
            return mine;
        });
        abortCommands(unit.name);
        unit.app.falseLeaders.remove(unit.name);
        if (settings.leadershipRevoked() && unit.app.lease.heldBy(unit.name)) {
            releaseLease(unit);
        }
        removeAppIfDone(unit.app);
    }

    /** An application stays until its last unit is gone and the other sides have left its relations. */
    private void removeAppIfDone(JujuApp app) {
        boolean related = relations.values().stream().anyMatch(relation -> relation.has(app.name) && !relation.peer());
        if (app.dying && unitsOf(app).isEmpty() && !related) {
            apps.remove(app.name);
            relations.values().removeIf(relation -> relation.peer() && relation.has(app.name));
            secrets.applicationRemoved(app.name);
        }
    }

    // --- relations

    JujuRelation addRelation(List<JujuRelation.Endpoint> endpoints) {
        JujuRelation relation = new JujuRelation(nextRelation++, endpoints);
        relations.put(relation.number, relation);
        return relation;
    }

    Optional<JujuRelation> findRelation(int number) {
        return Optional.ofNullable(relations.get(number));
    }

    JujuRelation relation(int number) {
        return findRelation(number)
                .orElseThrow(
                        () -> new IllegalArgumentException("no relation " + number + ", only " + relations.keySet()));
    }

    /** The relations of an application at one of its endpoints, oldest first. */
    List<JujuRelation> relationsAt(String app, String endpoint) {
        return relations.values().stream()
                .filter(relation -> relation.endpoints.contains(new JujuRelation.Endpoint(app, endpoint)))
                .toList();
    }

    /** The relations that a unit has entered and not left, oldest first. */
    List<JujuRelation> relationsOf(UnitName unit) {
        return relations.values().stream()
                .filter(relation -> relation.scope.contains(unit))
                .toList();
    }

    void removeRelation(JujuRelation relation) {
        relation.dying = true;
        List.copyOf(relation.scope).stream()
                .filter(unit -> hasNotHeardOf(relation, unit))
                .forEach(relation::leave);
        removeRelationIfLeft(relation);
    }

    /** Such a unit is not told of the relation's end either; it just leaves. */
    private boolean hasNotHeardOf(JujuRelation relation, UnitName name) {
        Optional<JujuUnit> unit = findUnit(name);
        boolean isAtIt = unit.flatMap(JujuUnit::pending)
                .filter(pending -> pending.hook() instanceof Hook.OnRelation hook
                        && hook.relation().number() == relation.number)
                .isPresent();
        return !isAtIt
                && unit.filter(found -> !found.progress(relation.number).created())
                        .isPresent();
    }

    private void leave(JujuRelation relation, UnitName unit) {
        relation.leave(unit);
        removeRelationIfLeft(relation);
    }

    private void removeRelationIfLeft(JujuRelation relation) {
        if (relation.dying && relation.scope.isEmpty()) {
            relations.remove(relation.number);
            secrets.relationRemoved(relation.number);
            relation.endpoints.forEach(endpoint -> removeAppIfDone(app(endpoint.app())));
        }
    }

    /** A unit enters its relations only once it is installed, all that there are then at the same time. */
    void enterRelations(JujuUnit unit) {
        if (!unit.lifetime.installed() || unit.dying || unit.pending().isPresent()) {
            return;
        }
        for (JujuRelation relation : relations.values()) {
            if (relation.has(unit.name.application()) && !relation.dying) {
                String address = address(unit.machine);
                relation.enter(
                        unit.name,
                        Map.of(
                                "egress-subnets", address + "/32",
                                "ingress-address", address,
                                "private-address", address));
            }
        }
    }

    static String address(int machine) {
        return "10.7." + machine / 250 + "." + (1 + machine % 250);
    }

    // --- leadership and time

    Instant now() {
        return now;
    }

    /** Moves the clock: leases are renewed or expire, failed hooks and {@code update-status} become due. */
    void advance(Duration time) {
        now = now.plus(time);
        for (JujuApp app : apps.values()) {
            boolean holderIsThere = app.lease
                    .holder()
                    .flatMap(this::findUnit)
                    .filter(unit -> unit.agentRuns)
                    .isPresent();
            app.lease = app.lease.at(now, holderIsThere);
            elect(app);
        }
        boolean updateStatus = !now.isBefore(nextUpdateStatus);
        if (updateStatus) {
            nextUpdateStatus = now.plus(UPDATE_STATUS_INTERVAL);
        }
        for (JujuUnit unit : units.values()) {
            unit.updateStatusDue |= updateStatus && unit.lifetime.started();
            if (settings.retriesHooks()) {
                unit.retryIfTimeHasCome(now);
            }
        }
    }

    void lead(JujuUnit unit) {
        unit.app.lease = Lease.claimedBy(unit.name, now);
    }

    void releaseLease(JujuUnit unit) {
        unit.app.lease = Lease.FREE;
        elect(unit.app);
    }

    /** A free lease goes to one of the units whose agent is there to claim it. */
    void elect(JujuApp app) {
        if (app.lease.holder().isPresent()) {
            return;
        }
        List<JujuUnit> candidates = unitsOf(app).stream()
                .filter(unit -> unit.agentRuns && !unit.dying)
                .toList();
        if (!candidates.isEmpty()) {
            lead(candidates.get(chance.nextInt(candidates.size())));
        }
    }

    /** One of them, as the seed has it. */
    <T> T any(List<T> candidates) {
        return candidates.get(chance.nextInt(candidates.size()));
    }

    // --- actions and juju-exec

    ActionTask addAction(JujuUnit unit, String name, Map<String, Json> parameters) {
        Json.Obj defaults = unit.app.metadata().actions().get(name);
        if (defaults == null) {
            throw new IllegalArgumentException("the charm of '" + unit.name + "' has no action '" + name + "', only "
                    + unit.app.metadata().actions().keySet());
        }
        Json.ObjectBuilder all = Json.object();
        defaults.members().forEach(all::put);
        parameters.forEach(all::put);
        ActionTask task = new ActionTask(nextTask++, newUuid(), unit.name, name, all.build());
        waitingActions.put(task.number, task);
        return task;
    }

    /** Queues commands for a unit; who stands behind the answer waits until they have run. */
    void addCommands(JujuExec request, CompletableFuture<CommandReply> answer) {
        if (!unit(request.unit()).agentRuns) {
            answer.complete(CommandReply.error(1, "dial unix: connect: connection refused"));
            return;
        }
        CommandTask task = new CommandTask(nextTask++, request, answer);
        waitingCommands.put(task.number(), task);
    }

    ActionTask takeAction(int number) {
        return Objects.requireNonNull(waitingActions.remove(number), "the action waits no more");
    }

    CommandTask takeCommands(int number) {
        return Objects.requireNonNull(waitingCommands.remove(number), "the commands wait no more");
    }

    /** The unit's agent stops: nobody serves those who wait for it. */
    void abortCommands(UnitName unit) {
        waitingCommands.values().removeIf(task -> {
            boolean mine = task.request().unit().equals(unit);
            if (mine) {
                task.answer().complete(CommandReply.error(1, "command execution aborted"));
            }
            return mine;
        });
    }

    // --- what a unit agent sees, and what it commits

    /**
     * The snapshot that decides what a unit does next. The order among relations depends on the seed, the unit and how
     * many operations it has begun, and not on how often this is asked.
     */
    UnitView view(JujuUnit unit) {
        boolean leads = unit.app.believesToLead(unit.name);
        List<RelationView> views = new ArrayList<>();
        for (JujuRelation relation : relationsOf(unit.name)) {
            views.add(view(unit, relation));
        }
        Collections.shuffle(
                views,
                new Random(
                        settings.seed() + 31L * unit.name.toString().hashCode() + 1_000_003L * unit.operationsBegun));
        return new UnitView(
                unit.name,
                unit.dying,
                unit.lifetime,
                unit.pending(),
                new UnitView.Due(
                        unit.rebooted,
                        unit.charmSeen != unit.app.charmRevision(),
                        unit.configSeen != unit.app.configVersion(),
                        unit.updateStatusDue),
                unit.acceptedLeadership,
                leads,
                views,
                secrets.hooksFor(unit.name, leads, unit.announcedSecrets, unit.reportedRevisions),
                waitingActions.values().stream()
                        .filter(task -> task.unit.equals(unit.name))
                        .mapToInt(task -> task.number)
                        .findFirst(),
                waitingCommands.values().stream()
                        .filter(task -> task.request().unit().equals(unit.name))
                        .mapToInt(CommandTask::number)
                        .findFirst());
    }

    private RelationView view(JujuUnit unit, JujuRelation relation) {
        RelationProgress progress = unit.progress(relation.number);
        Map<UnitName, Long> members = relation.membersFor(unit.name);
        if (unit.holdsBackUnitChanges) {
            members.replaceAll((name, version) -> progress.members().getOrDefault(name, version));
        }
        String remoteApp = relation.remoteApp(unit.name.application());
        boolean watched = !relation.peer() || settings.leaderNotifiesItself() || !unit.app.lease.heldBy(unit.name);
        Map<String, Long> apps = new TreeMap<>();
        if (watched && !unit.holdsBackAppChanges) {
            apps.put(remoteApp, relation.app(remoteApp).orElse(Databag.EMPTY).version());
        } else {
            apps.putAll(progress.apps());
        }
        return new RelationView(
                relation.idFor(unit.name.application()),
                relation.peer(),
                remoteApp,
                relation.dying || unit.dying,
                progress,
                members,
                apps);
    }

    /** The unit has left what it broke. */
    void relationBroken(JujuUnit unit, int number) {
        findRelation(number).ifPresent(relation -> leave(relation, unit.name));
    }

    /**
     * Takes what a hook has buffered, all of it in one step.
     *
     * @throws CommitRefused when any of it may not be; then nothing was taken
     */
    void commit(JujuUnit unit, Changes changes) throws CommitRefused {
        if (!changes.appSettings().isEmpty() && !unit.app.lease.heldBy(unit.name)) {
            throw new CommitRefused(
                    "checking leadership continuity: \"" + unit.name + "\" is not leader of \"" + unit.app.name + "\"");
        }
        SecretCommit secretCommit = new SecretCommit(secrets, unit.name, unit.app.lease.heldBy(unit.name));
        secretCommit.check(changes.secrets());

        changes.unitSettings()
                .forEach((number, writes) ->
                        findRelation(number).ifPresent(relation -> relation.write(unit.name, writes)));
        changes.appSettings()
                .forEach((number, writes) ->
                        findRelation(number).ifPresent(relation -> relation.write(unit.app.name, writes)));
        changes.state().ifPresent(state -> unit.state = new TreeMap<>(state));
        secretCommit.apply(changes.secrets());
    }

    // --- identifiers

    /** Twenty digits, as the id of a secret has them. */
    String newSecretId() {
        return identifiers
                .ints(20, 0, ID_DIGITS.length())
                .mapToObj(i -> String.valueOf(ID_DIGITS.charAt(i)))
                .collect(Collectors.joining());
    }

    String newHex(int digits) {
        return identifiers.ints(digits, 0, 16).mapToObj(Integer::toHexString).collect(Collectors.joining());
    }

    private String newUuid() {
        return newHex(8) + "-" + newHex(4) + "-4" + newHex(3) + "-8" + newHex(3) + "-" + newHex(12);
    }
}
