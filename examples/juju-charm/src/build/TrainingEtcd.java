// SPDX-License-Identifier: Apache-2.0

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/**
 * What a worker talks to while its classes are listed, {@code java TrainingEtcd.java FOLDER}: takes connections with TLS on
 * loopback and gives an empty answer to whatever is asked. In the folder it leaves {@code client.pem} and {@code client.key},
 * which serve for both sides, and then {@code port}. Ends by itself when nobody has come for some minutes.
 */
final class TrainingEtcd {
    private static final int PATIENCE_MILLIS = 300_000;
    private static final String PASSWORD = "training";

    private static final int PREFACE_BYTES = 24;
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int ACKNOWLEDGED = 1;
    private static final int END_OF_STREAM = 1;
    private static final int END_OF_HEADERS = 4;
    private static final byte STATUS_200 = (byte) 0x88;

    private TrainingEtcd() {}

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        SSLServerSocket server = listen(keys(folder));
        Path port = folder.resolve("port.new");
        Files.writeString(port, Integer.toString(server.getLocalPort()));
        Files.move(port, folder.resolve("port"), StandardCopyOption.ATOMIC_MOVE);
        while (true) {
            SSLSocket client = (SSLSocket) server.accept();
            Thread thread = new Thread(() -> serve(client));
            thread.setDaemon(true);
            thread.start();
        }
    }

    private static KeyStore keys(Path folder) throws IOException, InterruptedException, GeneralSecurityException {
        Path file = folder.resolve("keys.p12");
        int status = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                        "-genkeypair", "-alias", "training", "-dname", "CN=training", "-keyalg", "RSA", "-keysize", "2048",
                        "-validity", "2", "-ext", "san=ip:127.0.0.1", "-storetype", "PKCS12",
                        "-keystore", file.toString(), "-storepass", PASSWORD)
                .inheritIO()
                .start()
                .waitFor();
        if (status != 0) {
            throw new IOException("keytool ended with status " + status);
        }
        KeyStore keys = KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray());
        Files.writeString(
                folder.resolve("client.pem"), pem("CERTIFICATE", keys.getCertificate("training").getEncoded()));
        Files.writeString(
                folder.resolve("client.key"),
                pem("PRIVATE KEY", keys.getKey("training", PASSWORD.toCharArray()).getEncoded()));
        return keys;
    }

    private static String pem(String what, byte[] content) {
        String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        return "-----BEGIN " + what + "-----\n" + lines + "\n-----END " + what + "-----\n";
    }

    private static SSLServerSocket listen(KeyStore keys) throws IOException, GeneralSecurityException {
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        SSLServerSocket server = (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 0, InetAddress.getByName("127.0.0.1"));
        SSLParameters parameters = server.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"h2"});
        server.setSSLParameters(parameters);
        server.setSoTimeout(PATIENCE_MILLIS);
        return server;
    }

    private static void serve(SSLSocket client) {
        try (client;
                DataInputStream in = new DataInputStream(client.getInputStream());
                OutputStream out = client.getOutputStream()) {
            send(out, SETTINGS, 0, 0, new byte[0]);
            in.readNBytes(PREFACE_BYTES);
            while (true) {
                int lengthAndType = in.readInt();
                int flags = in.read();
                int stream = in.readInt();
                byte[] content = in.readNBytes(lengthAndType >>> 8);
                int type = lengthAndType & 0xff;
                if ((type == SETTINGS || type == PING) && (flags & ACKNOWLEDGED) == 0) {
                    send(out, type, ACKNOWLEDGED, 0, type == PING ? content : new byte[0]);
                } else if (type == DATA && content.length > 0) {
                    answer(out, stream);
                }
            }
        } catch (IOException e) {
            // The client has gone.
        }
    }

    /** One message without a field, and the end of the call. */
    private static void answer(OutputStream out, int stream) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(64).put(STATUS_200);
        literal(head, "content-type", "application/grpc");
        send(out, HEADERS, END_OF_HEADERS, stream, bytes(head));
        send(out, DATA, 0, stream, new byte[5]); // not compressed, and four bytes for a length of zero
        ByteBuffer tail = ByteBuffer.allocate(64);
        literal(tail, "grpc-status", "0");
        send(out, HEADERS, END_OF_HEADERS | END_OF_STREAM, stream, bytes(tail));
    }

    private static void literal(ByteBuffer to, String name, String value) {
        to.put((byte) 0);
        for (String text : new String[] {name, value}) {
            to.put((byte) text.length()).put(text.getBytes(StandardCharsets.US_ASCII));
        }
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.flip().remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static void send(OutputStream out, int type, int flags, int stream, byte[] content) throws IOException {
        out.write(ByteBuffer.allocate(9 + content.length)
                .putInt(content.length << 8 | type)
                .put((byte) flags)
                .putInt(stream)
                .put(content)
                .array());
        out.flush();
    }
}
