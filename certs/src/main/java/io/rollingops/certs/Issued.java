// SPDX-License-Identifier: Apache-2.0
package io.rollingops.certs;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;

/**
 * A key and the certificate that was issued for it.
 *
 * @param key secret
 * @param certificate public
 */
public record Issued(PrivateKey key, X509Certificate certificate) {}
