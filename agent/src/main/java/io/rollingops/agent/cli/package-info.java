/** The command line, a class per subcommand. */
@NullMarked
package io.rollingops.agent.cli;

import org.jspecify.annotations.NullMarked;
