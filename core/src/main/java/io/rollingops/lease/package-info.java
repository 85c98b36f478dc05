/** When a lease can still be relied upon: by its holder, and by whoever lets it expire. */
@NullMarked
package io.rollingops.lease;

import org.jspecify.annotations.NullMarked;
