/**
 * Versions, and which of them a constraint allows.
 *
 * <p>{@link io.rollingops.version.Version} is a version of PEP 440, {@link io.rollingops.version.VersionConstraint} a
 * set of versions written in Poetry's language. Dependency documents consist of the two. The meaning is that of
 * poetry-core 2.3.2, which the original library calls; where we differ on purpose is listed in
 * {@code docs/version-constraints.md}. This package uses nothing but the JDK.
 */
@NullMarked
package io.rollingops.version;

import org.jspecify.annotations.NullMarked;
