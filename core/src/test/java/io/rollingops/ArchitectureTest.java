// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.Architectures;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import io.rollingops.schedule.Decision;
import io.rollingops.schedule.Scheduler;
import java.io.File;
import java.net.Socket;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who may see whom in the core, and what it may not touch. */
class ArchitectureTest {

    private static final JavaClasses CORE =
            new ClassFileImporter(List.of(new ImportOption.DoNotIncludeTests())).importPackages("io.rollingops");

    @Test
    void the_core_reads_no_clock_of_its_own() {
        noClasses()
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(Clock.class, "systemUTC")
                .orShould()
                .callMethod(Thread.class, "sleep", long.class)
                .check(CORE);
    }

    @Test
    void the_core_starts_no_thread_opens_nothing_and_reads_no_environment() {
        noClasses()
                .should()
                .callConstructor(Thread.class, Runnable.class)
                .orShould()
                .callMethod(System.class, "getenv", String.class)
                .orShould()
                .callMethod(System.class, "getProperty", String.class)
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(File.class, Files.class, Socket.class, ProcessBuilder.class)
                .check(CORE);
    }

    @Test
    void the_core_stands_on_the_jdk_and_a_json_reader() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideOutsideOfPackages("io.rollingops..", "java..", "com.google.gson..", "org.jspecify..")
                .check(CORE);
        classes()
                .that()
                .haveNameNotMatching(".*\\.JsonText.*")
                .should()
                .onlyDependOnClassesThat()
                .resideOutsideOfPackage("com.google.gson..")
                .check(CORE);
    }

    @Test
    void arrows_go_down_and_never_up() {
        Architectures.layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("testing")
                .definedBy("io.rollingops.testing..")
                .layer("manager")
                .definedBy("io.rollingops.manager..")
                .layer("spi")
                .definedBy("io.rollingops.spi..")
                .layer("peer")
                .definedBy("io.rollingops.peer..")
                .layer("lease")
                .definedBy("io.rollingops.lease..")
                .layer("schedule")
                .definedBy("io.rollingops.schedule..")
                .layer("domain")
                .definedBy("io.rollingops")
                .layer("json")
                .definedBy("io.rollingops.json..")
                .whereLayer("testing")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("manager")
                .mayOnlyBeAccessedByLayers("testing")
                .whereLayer("spi")
                .mayOnlyBeAccessedByLayers("testing", "manager")
                .whereLayer("peer")
                .mayOnlyBeAccessedByLayers("testing", "manager", "spi")
                .whereLayer("lease")
                .mayOnlyBeAccessedByLayers("testing", "manager")
                .whereLayer("schedule")
                .mayOnlyBeAccessedByLayers("testing", "manager", "spi", "peer")
                .check(CORE);
        SlicesRuleDefinition.slices()
                .matching("io.rollingops.(*)..")
                .should()
                .beFreeOfCycles()
                .check(CORE);
    }

    @Test
    void only_the_scheduler_grants() {
        noClasses()
                .that()
                .doNotBelongToAnyOf(Scheduler.class)
                .should()
                .callConstructor(Decision.Grant.class, UnitName.class)
                .check(CORE);
    }
}
