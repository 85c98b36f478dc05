// SPDX-License-Identifier: Apache-2.0
package io.rollingops.benchmarks;

import io.rollingops.peer.PeerCommand;
import io.rollingops.raft.RaftPeerStore;
import io.rollingops.spi.PeerStore;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Three Raft members in one JVM, fsync on: what a commit costs, what a hand-over between two units costs, what a whole
 * roll costs, and whether many units make it dearer. All in one run, so that the ratios mean something on a noisy machine.
 */
public final class HandOver {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private HandOver() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Logger.getLogger("").setLevel(Level.SEVERE);
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 200;
        try (RaftCluster cluster = new RaftCluster(3)) {
            commits(cluster, rounds); // warm-up of the JIT, thrown away
            try (Fleet fleet = new Fleet(cluster, 3)) {
                fleet.handOvers(rounds);
                Sample commit = commits(cluster, rounds);
                Sample handOver = fleet.handOvers(rounds);
                System.out.println(commit);
                System.out.println(handOver);
                System.out.printf(
                        Locale.ROOT,
                        "hand-over / commit at p50: %.2f (wanted: 3 or less)%n",
                        handOver.millis(0.5) / commit.millis(0.5));
            }
        }
        try (RaftCluster cluster = new RaftCluster(3);
                Fleet fleet = new Fleet(cluster, 20)) {
            fleet.handOvers(rounds);
            fleet.roll(cluster.operator());
        }
        double ten = sharedUnits(10, rounds);
        double hundred = sharedUnits(100, rounds);
        System.out.printf(Locale.ROOT, "100 units / 10 units at p50: %.2f (wanted: 1.5 or less)%n", hundred / ten);
    }

    /** What one commit costs, sent through each member in turn. */
    static Sample commits(RaftCluster cluster, int rounds) throws IOException {
        List<RaftPeerStore> stores = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            stores.add(cluster.store(200 + i));
            stores.get(i).submit(new PeerCommand.Join(), LIMIT);
        }
        long[] nanos = new long[rounds];
        for (int i = 0; i < rounds; i++) {
            PeerStore store = stores.get(i % 3);
            long begin = System.nanoTime();
            store.submit(new PeerCommand.WriteUnit(Map.of(), Map.of("n", "" + i)), LIMIT);
            nanos[i] = System.nanoTime() - begin;
        }
        return new Sample("commit, three members", nanos);
    }

    private static double sharedUnits(int units, int rounds) throws IOException, InterruptedException {
        try (RaftCluster cluster = new RaftCluster(3);
                Fleet fleet = new Fleet(cluster, units)) {
            fleet.handOvers(rounds);
            Sample sample = fleet.handOvers(rounds);
            System.out.println(sample);
            return sample.millis(0.5);
        }
    }
}
