/**
 * Upgrades: taking the members of an application from one release to another, one at a time and in order, and back.
 *
 * <p>{@link io.rollingops.upgrade.UpgradeCoordinator} decides what one unit does next, from what it sees; {@link
 * io.rollingops.upgrade.Turn} says whose turn it is and what stands in the way, and why no two have it at once; {@link
 * io.rollingops.upgrade.UpgradeDriver} carries decisions out for a host.
 *
 * <p>{@link io.rollingops.upgrade.DependencyDocument} is what the old program stored and the new one brings, {@link
 * io.rollingops.upgrade.VersionCheck} compares the two before anything is replaced, and {@link
 * io.rollingops.upgrade.DependencyCheck} compares the declaration with what other applications report.
 *
 * <p>All decisions are pure functions. Wire form, rules and texts are those of the charm library {@code
 * data_platform_libs.v0.upgrade}; where that one crashes or wedges, the classes say what happens here instead.
 */
@NullMarked
package io.rollingops.upgrade;

import org.jspecify.annotations.NullMarked;
