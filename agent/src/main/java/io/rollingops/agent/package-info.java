/** The daemon on every host: its wiring, its files and its clock. */
@NullMarked
package io.rollingops.agent;

import org.jspecify.annotations.NullMarked;
