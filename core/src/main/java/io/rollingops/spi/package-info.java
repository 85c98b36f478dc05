/** The ports: what the core needs of the world, and all that adapters implement. */
@NullMarked
package io.rollingops.spi;

import org.jspecify.annotations.NullMarked;
