/** What './rollingops demo' shows: three agents, three services, one roll, measured from outside. */
@NullMarked
package io.rollingops.agent.demo;

import org.jspecify.annotations.NullMarked;
