// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import java.util.List;

/**
 * A member as the cluster has it on its list, whether it can be reached or not.
 *
 * @param id in the form in which etcd logs it
 * @param name empty for a member that was added and has not yet started
 * @param clientUrls where it says clients find it
 */
public record Member(String id, String name, List<String> clientUrls, boolean learner) {
    public Member {
        clientUrls = List.copyOf(clientUrls);
    }
}
