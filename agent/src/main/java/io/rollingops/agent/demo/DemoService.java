// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.demo;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** A small web service: answers every request with its process id and its release. */
public final class DemoService {
    private DemoService() {}

    /** Serves until the process is killed; writes the file when it can be reached. */
    public static void run(int port, Path ready, String release) throws IOException, InterruptedException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        byte[] answer = (ProcessHandle.current().pid() + " " + release + "\n").getBytes(StandardCharsets.US_ASCII);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, answer.length);
            try (OutputStream body = exchange.getResponseBody()) {
                body.write(answer);
            }
        });
        server.start();
        Files.writeString(ready, "");
        new CountDownLatch(1).await();
    }
}
