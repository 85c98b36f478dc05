// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What one unit tells of its upgrade: its databag, understood as far as it can be. Only the unit writes it.
 *
 * <table>
 *   <caption>The keys; the first is the original's, an empty value means that a key is absent</caption>
 *   <tr><td>{@code state}</td><td>one of the six words of {@link UpgradeState}</td></tr>
 *   <tr><td>{@code upgrade-round}</td><td>the last round of the application that the unit has noted, as a number</td></tr>
 *   <tr><td>{@code upgrade-done}</td><td>the round for which it is done: it never begins in that round or an earlier one
 *       again</td></tr>
 *   <tr><td>{@code upgrade-offered}</td><td>the release that its program would bring</td></tr>
 *   <tr><td>{@code upgrade-installed}</td><td>the release that was brought last and in full; absent from the moment when
 *       something is replaced until that is done</td></tr>
 *   <tr><td>{@code upgrade-problem}</td><td>why it failed, as JSON: message, cause, resolution</td></tr>
 * </table>
 *
 * <p>A unit that runs the original has the first key only. Where nothing but that is known, it decides alone.
 *
 * @param state empty when it has not said any, or none that is known
 * @param round empty when the unit does not know of rounds
 * @param done empty when it has not been done yet in any round
 * @param offered empty when it does not tell
 * @param installed empty when it does not tell or something is half done
 * @param problem why it failed
 * @param damage the keys whose values cannot be read, each with what is wrong
 */
public record UnitUpgrade(
        Optional<UpgradeState> state,
        OptionalLong round,
        OptionalLong done,
        Optional<Release> offered,
        Optional<Release> installed,
        Optional<Problem> problem,
        Map<String, String> damage) {
    public static final String STATE = "state";
    public static final String ROUND = "upgrade-round";
    public static final String DONE = "upgrade-done";
    public static final String OFFERED = "upgrade-offered";
    public static final String INSTALLED = "upgrade-installed";
    public static final String PROBLEM = "upgrade-problem";

    /** The keys of a unit's databag that belong to its upgrade. */
    public static final Set<String> KEYS = Set.of(STATE, ROUND, DONE, OFFERED, INSTALLED, PROBLEM);

    /** An empty databag. */
    public static final UnitUpgrade NEW = new UnitUpgrade(
            Optional.empty(),
            OptionalLong.empty(),
            OptionalLong.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Map.of());

    /** A round that is older than any; it stands for one that cannot be read. */
    private static final long UNREADABLE_ROUND = -1;

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

    public UnitUpgrade {
        Map<String, String> left = new TreeMap<>(damage);
        if (state.isPresent()) {
            left.remove(STATE);
        }
        if (round.isPresent() && round.getAsLong() != UNREADABLE_ROUND) {
            left.remove(ROUND);
        }
        damage = Collections.unmodifiableMap(left);
    }

    /** Reads a databag; never throws. Keys of others are left alone. */
    public static UnitUpgrade read(Map<String, String> bag) {
        Map<String, String> damage = new TreeMap<>();
        String word = bag.getOrDefault(STATE, "");
        Optional<UpgradeState> state = UpgradeState.ofWire(word);
        if (state.isEmpty() && !word.isEmpty()) {
            damage.put(STATE, "'" + Problem.line(word) + "' is not a state");
        }
        String number = bag.getOrDefault(ROUND, "");
        OptionalLong round = OptionalLong.empty();
        if (NUMBER.matcher(number).matches()) {
            round = OptionalLong.of(Long.parseLong(number));
        } else if (!number.isEmpty()) {
            round = OptionalLong.of(UNREADABLE_ROUND);
            damage.put(ROUND, "'" + Problem.line(number) + "' is not a number");
        }
        String doneNumber = bag.getOrDefault(DONE, "");
        String problem = bag.getOrDefault(PROBLEM, "");
        return new UnitUpgrade(
                state,
                round,
                NUMBER.matcher(doneNumber).matches()
                        ? OptionalLong.of(Long.parseLong(doneNumber))
                        : OptionalLong.empty(),
                Release.read(bag.getOrDefault(OFFERED, "")),
                Release.read(bag.getOrDefault(INSTALLED, "")),
                problem.isEmpty() ? Optional.empty() : Optional.of(Problem.read(problem)),
                damage);
    }

    /** What must be written to come from one to the other; an empty value deletes the key. */
    static Map<String, String> changes(UnitUpgrade before, UnitUpgrade after) {
        Map<String, String> from = before.write();
        Map<String, String> changes = new LinkedHashMap<>();
        after.write().forEach((key, value) -> {
            if (!value.equals(from.get(key))) {
                changes.put(key, value);
            }
        });
        return changes;
    }

    /** Whether it has said nothing yet, as while it is being set up. */
    public boolean isUnset() {
        return state.isEmpty() && !damage.containsKey(STATE);
    }

    public boolean is(UpgradeState word) {
        return state.equals(Optional.of(word));
    }

    /** Whether it tells what its program would bring, so that facts can decide. */
    public boolean tellsReleases() {
        return offered.isPresent();
    }

    /** Whether its program would bring something that is not, or not in full, installed. */
    public boolean isDue() {
        return offered.isPresent() && !installed.equals(offered);
    }

    /** Whether it will not begin in that round any more. */
    public boolean isDoneFor(long applicationRound) {
        return done.isPresent() && done.getAsLong() >= applicationRound;
    }

    /** Whether it has noted that round; a unit that does not know of rounds counts as if it had. */
    public boolean hasNoted(long applicationRound) {
        return round.isEmpty() || round.getAsLong() >= applicationRound;
    }

    UnitUpgrade now(UpgradeState next) {
        return new UnitUpgrade(Optional.of(next), round, done, offered, installed, problem, damage);
    }

    UnitUpgrade noting(long applicationRound) {
        return new UnitUpgrade(state, OptionalLong.of(applicationRound), done, offered, installed, problem, damage);
    }

    UnitUpgrade offering(Release release) {
        return new UnitUpgrade(state, round, done, Optional.of(release), installed, problem, damage);
    }

    UnitUpgrade having(Release release) {
        return new UnitUpgrade(state, round, done, offered, Optional.of(release), problem, damage);
    }

    /** Something is being replaced: until that is done, nothing is installed for certain. */
    UnitUpgrade begun() {
        return new UnitUpgrade(
                Optional.of(UpgradeState.UPGRADING), round, done, offered, Optional.empty(), Optional.empty(), damage);
    }

    UnitUpgrade failed(Problem why) {
        return new UnitUpgrade(
                Optional.of(UpgradeState.FAILED), round, done, offered, installed, Optional.of(why), damage);
    }

    /** It is done for the round that it has noted, whatever was needed for that. */
    UnitUpgrade completed() {
        return new UnitUpgrade(
                Optional.of(UpgradeState.COMPLETED), round, round, offered, installed, Optional.empty(), damage);
    }

    /** It is at rest. What it was done for is forgotten, so that even a round that is used again finds it willing. */
    UnitUpgrade idle() {
        return new UnitUpgrade(
                Optional.of(UpgradeState.IDLE),
                round,
                OptionalLong.empty(),
                offered,
                installed,
                Optional.empty(),
                damage);
    }

    /** Nothing is known of what it has, as when a pod was replaced. */
    UnitUpgrade havingNothingCertain() {
        return new UnitUpgrade(state, round, done, offered, Optional.empty(), problem, damage);
    }

    UnitUpgrade mended() {
        return new UnitUpgrade(state, round, done, offered, installed, Optional.empty(), damage);
    }

    private Map<String, String> write() {
        Map<String, String> bag = new LinkedHashMap<>();
        bag.put(STATE, state.map(UpgradeState::wire).orElse(""));
        bag.put(ROUND, round.isPresent() && round.getAsLong() >= 0 ? Long.toString(round.getAsLong()) : "");
        bag.put(DONE, done.isPresent() ? Long.toString(done.getAsLong()) : "");
        bag.put(OFFERED, offered.map(Release::name).orElse(""));
        bag.put(INSTALLED, installed.map(Release::name).orElse(""));
        bag.put(PROBLEM, problem.map(Problem::write).orElse(""));
        return bag;
    }
}
