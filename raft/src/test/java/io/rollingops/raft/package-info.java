@NullMarked
package io.rollingops.raft;

import org.jspecify.annotations.NullMarked;
