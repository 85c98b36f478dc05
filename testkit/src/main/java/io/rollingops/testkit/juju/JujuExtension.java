// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.util.function.UnaryOperator;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives each JUnit test an emulator of its own, closes it afterwards, and publishes what happened in the model when the
 * test failed.
 *
 * <pre>{@code
 * @RegisterExtension
 * final JujuExtension extension = JujuExtension.with(builder -> builder.seed(7));
 *
 * @Test
 * void a_restart_rolls(JujuEmulator juju) { ... }
 * }</pre>
 */
public final class JujuExtension implements BeforeEachCallback, AfterEachCallback, ParameterResolver {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(JujuExtension.class);

    private final UnaryOperator<JujuEmulator.Builder> settings;

    private JujuExtension(UnaryOperator<JujuEmulator.Builder> settings) {
        this.settings = settings;
    }

    /** For {@code @ExtendWith}: an emulator as it comes. */
    public JujuExtension() {
        this(UnaryOperator.identity());
    }

    public static JujuExtension with(UnaryOperator<JujuEmulator.Builder> settings) {
        return new JujuExtension(settings);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        context.getStore(NAMESPACE)
                .put(JujuEmulator.class, settings.apply(JujuEmulator.builder()).build());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        JujuEmulator juju = emulator(context);
        if (context.getExecutionException().isPresent()) {
            context.publishReportEntry("juju", juju.story());
        }
        juju.close();
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == JujuEmulator.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return emulator(context);
    }

    private static JujuEmulator emulator(ExtensionContext context) {
        JujuEmulator juju = context.getStore(NAMESPACE).get(JujuEmulator.class, JujuEmulator.class);
        if (juju == null) {
            throw new IllegalStateException("the emulator is there from before each test until after it");
        }
        return juju;
    }
}
