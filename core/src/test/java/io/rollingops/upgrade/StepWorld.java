// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.upgrade.UpgradeDecision.Write;
import io.rollingops.upgrade.UpgradeError.ClusterNotReadyError;
import io.rollingops.upgrade.UpgradeError.DependencyError;
import io.rollingops.upgrade.UpgradeError.KubernetesClientError;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/** One unit in the world that a row of the vectors describes: it runs one event and tells what became of it. */
final class StepWorld implements UpgradeHost, RollingUpgrade, RolloutPartition {
    static final String CURRENT = "{\"charm\": {\"dependencies\": {}, \"name\": \"app\", \"upgrade_supported\": \">0\","
            + " \"version\": \"2\"}, \"service\": {\"dependencies\": {\"zk\": \"^3.6\"}, \"name\": \"svc\","
            + " \"upgrade_supported\": \"^3\", \"version\": \"3.3.2\"}}";

    private static final Map<String, String> STORED = Map.of(
            "same",
            CURRENT,
            "compatible",
            CURRENT.replace("\"version\": \"2\"", "\"version\": \"1\"").replace("3.3.2", "3.1.0"),
            "incompatible",
            CURRENT.replace("\"version\": \"2\"", "\"version\": \"1\"")
                    .replace("3.3.2", "2.8.0")
                    .replace("\"^3\"", "\"^2\""),
            "missing-key",
            "{\"charm\": {\"dependencies\": {}, \"name\": \"app\", \"upgrade_supported\": \">0\", \"version\": \"1\"}}",
            "absent",
            "");
    private final Json.Obj row;
    private final Json.Obj behaviour;
    private final UnitName self;
    private final Substrate substrate;
    private final Map<UnitName, Map<String, String>> unitBags = new TreeMap<>();
    private final Map<String, String> applicationBag = new TreeMap<>();
    private final String storedBefore;
    private final List<Json> partitions = new ArrayList<>();
    private Optional<UpgradeStatus> shown = Optional.empty();
    private int granted;
    private int rollbacksLogged;
    private boolean working;

    StepWorld(Json.Obj row) {
        this.row = row;
        behaviour = row.object("behaviour");
        self = unit(Long.toString(row.integer("unit")));
        substrate = row.string("substrate").equals("vm") ? Substrate.VM : Substrate.K8S;
        row.object("states").members().forEach((number, state) -> {
            Map<String, String> bag = new TreeMap<>();
            if (state instanceof Json.Str word) {
                bag.put(UnitUpgrade.STATE, word.value());
            }
            unitBags.put(unit(number), bag);
        });
        if (row.get("stack") instanceof Json.Arr stack) {
            applicationBag.put(ApplicationUpgrade.STACK, PythonJson.write(stack));
        }
        storedBefore = STORED.getOrDefault(row.string("stored"), "");
        if (!storedBefore.isEmpty()) {
            applicationBag.put(ApplicationUpgrade.DEPENDENCIES, storedBefore);
        }
        working = substrate == Substrate.VM && "upgrading".equals(bag(self).get(UnitUpgrade.STATE));
    }

    /** Runs the row's event; the answer has the fields of the vectors. */
    Json.Obj run() {
        Optional<UpgradeAnswer> answer = new UpgradeDriver(this, this, this).handle(event());
        Json.ObjectBuilder states = Json.object();
        unitBags.forEach((unit, bag) -> states.put(
                Integer.toString(unit.number()),
                Optional.ofNullable(bag.get(UnitUpgrade.STATE)).map(Json::of).orElse(Json.Null.INSTANCE)));
        return Json.object()
                .put("states", states.build())
                .put("stack", applicationBag.getOrDefault(ApplicationUpgrade.STACK, ""))
                .put(
                        "dependencies_written",
                        !applicationBag
                                .getOrDefault(ApplicationUpgrade.DEPENDENCIES, "")
                                .equals(storedBefore))
                .put("status", shown.map(StepWorld::json).orElse(Json.Null.INSTANCE))
                .put("granted", granted)
                .put("partitions_set", new Json.Arr(partitions))
                .put("rollback_logged", rollbacksLogged)
                .put(
                        "action_failed",
                        answer.filter(UpgradeAnswer.Refused.class::isInstance)
                                .map(refused -> Json.of(refused.message()))
                                .orElse(Json.Null.INSTANCE))
                .build();
    }

    private UpgradeEvent event() {
        return switch (row.string("event")) {
            case "relation-created" -> new UpgradeEvent.Joined();
            case "relation-changed", "upgrade-finished" -> new UpgradeEvent.Changed();
            case "upgrade-charm" -> new UpgradeEvent.Refreshed();
            case "set-unit-completed" -> new UpgradeEvent.Completed();
            case "set-unit-failed" ->
                new UpgradeEvent.Failed(new Problem(
                        behaviour
                                .find("cause")
                                .map(cause -> behaviour.string("cause"))
                                .orElse(""),
                        "",
                        ""));
            case "pre-upgrade-check" ->
                new UpgradeCommand.Check(Optional.empty(), new UpgradePause.BySubstrate(), Optional.empty());
            case "resume-upgrade" -> new UpgradeCommand.Resume(new UpgradePause.BySubstrate());
            default -> throw new AssertionError(row.string("event"));
        };
    }

    @Override
    public UpgradeView view() {
        OwnFacts facts = new OwnFacts(
                substrate, DependencyDocument.read(CURRENT), new Release("new"), Optional.empty(), Map.of(), working);
        int partition = partitions.isEmpty()
                ? partitionBefore()
                : ((Json.Int) partitions.get(partitions.size() - 1)).value().intValue();
        return UpgradeView.read(
                self,
                row.bool("leader"),
                facts,
                unitBags.keySet(),
                unitBags,
                applicationBag,
                substrate == Substrate.K8S ? OptionalInt.of(partition) : OptionalInt.empty());
    }

    @Override
    public boolean write(Write write, UpgradeView seen) {
        Map<String, String> bag = write instanceof Write.OfUnit ? bag(self) : applicationBag;
        write.changes().forEach((key, value) -> {
            if (value.isEmpty()) {
                bag.remove(key);
            } else {
                bag.put(key, value);
            }
        });
        return true;
    }

    @Override
    public boolean takeTurn() {
        return true;
    }

    @Override
    public void show(UpgradeStatus status) {
        shown = Optional.of(status);
    }

    @Override
    public void showNothing() {
        // The original leaves the status alone where it has nothing to say.
    }

    @Override
    public void preUpgradeCheck() {
        String pre = text("pre", "ok");
        if (pre.equals("not-ready")) {
            throw new ClusterNotReadyError("not healthy", "a member is down");
        } else if (pre.equals("crash")) {
            throw new IllegalStateException("the check broke");
        }
    }

    @Override
    public List<UnitName> buildUpgradeStack(List<UnitName> units, UnitName leader) {
        return behaviour
                .find("built_stack")
                .map(built -> ((Json.Arr) built)
                        .items().stream()
                                .map(number -> unit(PythonJson.write(number)))
                                .toList())
                .orElse(units);
    }

    @Override
    public Turn onUpgradeGranted() {
        granted++;
        return switch (text("granted", "noop")) {
            case "noop" -> {
                working = true;
                yield Turn.LATER;
            }
            case "complete", "complete+changed" -> Turn.COMPLETED;
            case "fail" -> throw new ClusterNotReadyError("bad", "");
            case "dep-error" -> throw new DependencyError("zk too old", "");
            default -> throw new IllegalStateException("the program broke");
        };
    }

    @Override
    public void logRollbackInstructions() {
        rollbacksLogged++;
    }

    @Override
    public OptionalInt current() {
        return view().partition();
    }

    @Override
    public void set(int number) {
        if (text("partition", "ok").equals("error")) {
            throw new KubernetesClientError("Kubernetes StatefulSet patch failed", "`juju trust` needed");
        }
        partitions.add(Json.of(number));
    }

    /** The check of a charm sets it to the highest unit; when a unit is told of a change it was lowered long ago. */
    private int partitionBefore() {
        return row.string("event").equals("relation-changed") ? 0 : unitBags.size() - 1;
    }

    private String text(String name, String absent) {
        return behaviour.find(name).isPresent() ? behaviour.string(name) : absent;
    }

    private Map<String, String> bag(UnitName unit) {
        return unitBags.computeIfAbsent(unit, name -> new TreeMap<>());
    }

    private static UnitName unit(String number) {
        return UnitName.parse("app/" + number);
    }

    private static Json json(UpgradeStatus status) {
        return new Json.Arr(List.of(Json.of(status.kind().name().toLowerCase(Locale.ROOT)), Json.of(status.text())));
    }
}
