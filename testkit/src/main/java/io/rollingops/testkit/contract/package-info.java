/**
 * What every implementation of a port promises, as tests: an adapter's test extends the contract and supplies the thing.
 */
@NullMarked
package io.rollingops.testkit.contract;

import org.jspecify.annotations.NullMarked;
