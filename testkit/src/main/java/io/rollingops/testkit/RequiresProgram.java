// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The test starts this program, which must be on the path.
 *
 * <p>Where it is missing the test is skipped, and the reason names the Debian package to install. It fails instead when
 * the environment has {@code CI} set, or {@code ROLLINGOPS_REQUIRE_SERVERS=1}: a test that never runs proves nothing.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Repeatable(RequiresProgram.All.class)
@ExtendWith(ProgramCondition.class)
public @interface RequiresProgram {
    /** Its name, without a path. */
    String value();

    String debianPackage();

    /** Several programs. */
    @Documented
    @Inherited
    @Retention(RetentionPolicy.RUNTIME)
    @Target({ElementType.TYPE, ElementType.METHOD, ElementType.ANNOTATION_TYPE})
    @ExtendWith(ProgramCondition.class)
    @interface All {
        RequiresProgram[] value();
    }
}
