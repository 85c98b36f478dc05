// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import java.nio.file.Path;
import java.time.Duration;

/** Makes the certificate that an application shows to etcd. */
interface CertificateMaker {
    /**
     * Makes a new key, and a certificate for it that an authority of the same name has signed; may take minutes. Writes
     * {@code client.key}, {@code client.pem} and {@code client-ca.pem}.
     *
     * @param folder which is there, is empty, and which only its owner may enter
     * @throws NotMade saying why and what to do
     */
    void make(Path folder, String commonName, Duration validity) throws NotMade;

    /** It could not be made; perhaps it can another time. */
    final class NotMade extends Exception {
        NotMade(String message) {
            super(message);
        }
    }
}
