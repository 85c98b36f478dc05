@NullMarked
package io.rollingops.certs;

import org.jspecify.annotations.NullMarked;
