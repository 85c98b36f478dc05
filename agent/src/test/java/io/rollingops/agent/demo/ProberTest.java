// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.rollingops.UnitName;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Services that really go away and come back, and what the demo says of it. */
class ProberTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final UnitName ONE = new UnitName("web", 0);
    private static final UnitName TWO = new UnitName("web", 1);

    @Test
    void a_service_that_goes_and_comes_back_as_another_process_has_one_outage() throws Exception {
        HttpServer first = serve(0, 200, "10");
        int port = first.getAddress().getPort();
        Prober prober = new Prober(ONE, port);
        assertThat(prober.awaitInstance(LIMIT)).isEqualTo("10");
        first.stop(0);
        awaitProbes(prober);
        HttpServer second = serve(port, 200, "11");
        await().atMost(LIMIT).until(() -> prober.awaitInstance(LIMIT).equals("11"));
        Prober.Seen seen = prober.stop();
        second.stop(0);

        assertThat(seen.outages()).singleElement().satisfies(outage -> {
            assertThat(outage.unit()).isEqualTo(ONE);
            assertThat(outage.lastUpNanos()).isLessThan(outage.firstDownNanos());
            assertThat(outage.firstDownNanos()).isLessThanOrEqualTo(outage.lastDownNanos());
            assertThat(outage.lastDownNanos()).isLessThan(outage.firstUpNanos());
        });
    }

    @Test
    void two_services_that_are_away_at_once_are_seen_so() throws Exception {
        HttpServer first = serve(0, 200, "10");
        HttpServer second = serve(0, 200, "20");
        Prober one = new Prober(ONE, first.getAddress().getPort());
        Prober two = new Prober(TWO, second.getAddress().getPort());
        one.awaitInstance(LIMIT);
        two.awaitInstance(LIMIT);
        first.stop(0);
        second.stop(0);
        awaitProbes(one);
        awaitProbes(two);
        awaitProbes(one);
        List<Prober.Seen> seen = List.of(one.stop(), two.stop());

        Measured measured = new Measured(new RollLog(List.of()), seen, Map.of(), Map.of(), Map.of());
        assertThat(measured.mostDownAtOnce()).isEqualTo(2);
        assertThat(measured.problems()).contains("2 services were down at once");
    }

    @Test
    void an_answer_that_is_an_error_counts_as_none() throws Exception {
        HttpServer server = serve(0, 500, "10");
        Prober prober = new Prober(ONE, server.getAddress().getPort());
        awaitProbes(prober);
        Prober.Seen seen = prober.stop();
        server.stop(0);

        assertThat(seen.outages()).hasSize(1);
    }

    /** Until it was asked at least twice more, from beginning to end. */
    private static void awaitProbes(Prober prober) {
        long before = prober.seen().probes();
        await().atMost(LIMIT).until(() -> prober.seen().probes() > before + 2);
    }

    private static HttpServer serve(int port, int status, String answer) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/", exchange -> {
            byte[] body = answer.getBytes(StandardCharsets.US_ASCII);
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        return server;
    }
}
