/**
 * Strict, bounded, deterministic JSON: the one form in which databags, queues, commands and answers are written.
 *
 * <p>{@link io.rollingops.json.Json} is the value, {@link io.rollingops.json.JsonText} the only class that knows the
 * reader and writer underneath. Everybody above uses it, and it uses nobody.
 */
@NullMarked
package io.rollingops.json;

import org.jspecify.annotations.NullMarked;
