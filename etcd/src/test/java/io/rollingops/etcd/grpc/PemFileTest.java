// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.RollingOpsException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PemFileTest {
    private static final Path PATH = Path.of("test.pem");

    @ParameterizedTest
    @ValueSource(ints = {1024, 2048})
    void an_rsa_key_may_be_pkcs8_or_pkcs1(int bits) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(bits);
        PrivateKey key = generator.generateKeyPair().getPrivate();
        byte[] pkcs8 = key.getEncoded();
        byte[] pkcs1 = Arrays.copyOfRange(pkcs8, 26, pkcs8.length); // behind version, algorithm and length

        assertThat(read(block("PRIVATE KEY", pkcs8))).isEqualTo(key);
        assertThat(read(block("RSA PRIVATE KEY", pkcs1))).isEqualTo(key);
    }

    @Test
    void an_ec_key_may_be_pkcs8_or_sec1_with_its_curve_inside_or_before() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        PrivateKey key = generator.generateKeyPair().getPrivate();
        byte[] pkcs8 = key.getEncoded();
        byte[] secret = Arrays.copyOfRange(pkcs8, pkcs8.length - 32, pkcs8.length);
        byte[] curve = hex("06082a8648ce3d030107");
        byte[] bare = joined(hex("3025" + "020101" + "0420"), secret);
        byte[] withCurve = joined(hex("3031" + "020101" + "0420"), secret, hex("a00a"), curve);

        for (String text : List.of(
                block("PRIVATE KEY", pkcs8),
                block("EC PRIVATE KEY", withCurve),
                block("EC PARAMETERS", curve) + block("EC PRIVATE KEY", bare))) {
            assertThat(read(text)).isInstanceOfSatisfying(ECPrivateKey.class, read -> {
                assertThat(read.getS()).isEqualTo(new BigInteger(1, secret));
                assertThat(read.getParams().getCurve())
                        .isEqualTo(((ECPrivateKey) key).getParams().getCurve());
            });
        }
        assertThatThrownBy(() -> read(block("EC PRIVATE KEY", bare)))
                .isInstanceOf(RollingOpsException.InvalidRequest.class);
    }

    @Test
    void a_key_that_needs_a_password_is_refused_with_advice() {
        assertThatThrownBy(() -> read(block("ENCRYPTED PRIVATE KEY", new byte[] {1, 2, 3})))
                .isInstanceOf(RollingOpsException.InvalidRequest.class)
                .hasMessageContainingAll("test.pem", "store it without one");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "no pem at all",
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                "-----BEGIN EC PRIVATE KEY-----\nMA==\n-----END EC PRIVATE KEY-----\n",
                "-----BEGIN EC PRIVATE KEY-----\nMIT/////AA==\n-----END EC PRIVATE KEY-----\n",
                "-----BEGIN RSA PRIVATE KEY-----\n\n-----END RSA PRIVATE KEY-----\n",
                "-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----\n",
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
            })
    void garbage_is_one_clear_error(String text) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(RollingOpsException.InvalidRequest.class)
                .hasMessageContaining("test.pem");
        assertThatThrownBy(() -> new PemFile(PATH, text).certificates())
                .isInstanceOf(RollingOpsException.InvalidRequest.class)
                .hasMessageContaining("test.pem");
    }

    @Test
    void a_file_may_hold_several_certificates_with_text_in_between() throws Exception {
        Path bundle =
                Path.of(PemFileTest.class.getResource("two-authorities.pem").toURI());
        assertThat(PemFile.read(bundle).certificates())
                .extracting(certificate -> certificate.getSubjectX500Principal().getName())
                .containsExactly("CN=authority one", "CN=authority two");
    }

    @Test
    void a_file_that_is_not_there_is_named() {
        assertThatThrownBy(() -> PemFile.read(Path.of("/nowhere/ca.pem")))
                .isInstanceOf(RollingOpsException.InvalidRequest.class)
                .hasMessageContaining("/nowhere/ca.pem");
    }

    @Test
    void a_file_of_unlikely_size_is_not_read(@TempDir Path folder) throws IOException {
        Path huge = Files.write(folder.resolve("huge.pem"), new byte[1024 * 1024 + 1]);
        assertThatThrownBy(() -> PemFile.read(huge)).hasMessageContaining("larger than any PEM file");
        Path largest = Files.write(folder.resolve("largest.pem"), new byte[1024 * 1024]);
        assertThat(PemFile.read(largest).text()).hasSize(1024 * 1024);
    }

    private static PrivateKey read(String text) {
        return new PemFile(PATH, text).privateKey();
    }

    private static String block(String label, byte[] der) {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n";
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }

    private static byte[] joined(byte[]... parts) {
        return hex(Arrays.stream(parts).map(HexFormat.of()::formatHex).reduce("", String::concat));
    }
}
