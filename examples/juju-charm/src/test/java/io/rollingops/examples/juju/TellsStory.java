// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import java.util.function.Supplier;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Publishes what happened in a model that several tests share when one of them has failed. */
record TellsStory(Supplier<EtcdModel> model) implements AfterTestExecutionCallback {
    @Override
    public void afterTestExecution(ExtensionContext context) {
        if (context.getExecutionException().isPresent()) {
            context.publishReportEntry("model", model.get().story());
        }
    }
}
