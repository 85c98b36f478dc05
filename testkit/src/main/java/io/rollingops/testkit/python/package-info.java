// SPDX-License-Identifier: Apache-2.0
/** Python for tests that run the original library beside ours. */
@NullMarked
package io.rollingops.testkit.python;

import org.jspecify.annotations.NullMarked;
