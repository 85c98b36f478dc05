@NullMarked
package io.rollingops.manager;

import org.jspecify.annotations.NullMarked;
