@NullMarked
package io.rollingops.testkit.contract;

import org.jspecify.annotations.NullMarked;
