/**
 * Upgrades: what the parts of an application declare about their versions, and whether one may follow the other.
 *
 * <p>{@link io.rollingops.upgrade.DependencyDocument} is what the old program stored and the new one brings,
 * {@link io.rollingops.upgrade.VersionCheck} compares the two before anything is replaced, and
 * {@link io.rollingops.upgrade.DependencyCheck} compares the declaration with what other applications report. All are
 * pure functions. Wire form, rules and texts are those of the charm library {@code data_platform_libs.v0.upgrade};
 * where that one crashes, the classes say what happens here instead.
 */
@NullMarked
package io.rollingops.upgrade;

import org.jspecify.annotations.NullMarked;
