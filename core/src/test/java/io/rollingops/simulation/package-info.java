/**
 * A deterministic simulation of the peer protocol: many units on one replicated store, one seed, virtual time. The
 * decisions are those of the product ({@code PeerState}, {@code UnitProtocol}, {@code LeaseTerms}, {@code LeaseWatch});
 * network, clocks, processes and faults are made here. {@code HistoryChecker} judges after every event.
 */
@NullMarked
package io.rollingops.simulation;

import org.jspecify.annotations.NullMarked;
