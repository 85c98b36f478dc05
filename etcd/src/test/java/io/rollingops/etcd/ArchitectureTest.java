// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses ETCD = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.rollingops.etcd");

    @Test
    void only_one_package_knows_grpc() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.rollingops.etcd.grpc", "io.rollingops.etcd.grpc.wire")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.grpc..", "com.google.protobuf..", "io.rollingops.etcd.grpc.wire")
                .check(ETCD);
    }

    @Test
    void nothing_sleeps() {
        noClasses()
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(Thread.class, "sleep", long.class, int.class)
                .check(ETCD);
    }

    @Test
    void the_public_face_of_the_client_shows_no_grpc_type() {
        noClasses()
                .that()
                .arePublic()
                .and()
                .resideInAPackage("io.rollingops.etcd.grpc")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.grpc..", "com.google.protobuf..")
                .check(ETCD);
    }
}
