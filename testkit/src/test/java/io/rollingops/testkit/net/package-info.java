@NullMarked
package io.rollingops.testkit.net;

import org.jspecify.annotations.NullMarked;
