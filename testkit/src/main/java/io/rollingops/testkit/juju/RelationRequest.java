// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Finds the two endpoints that fit each other: one requires what the other provides. */
final class RelationRequest {

    private RelationRequest() {}

    /**
     * The two sides of the relation that is asked for.
     *
     * @throws IllegalArgumentException when none fits, or more than one
     */
    static List<JujuRelation.Endpoint> between(JujuModel model, String one, String other) {
        List<List<JujuRelation.Endpoint>> fitting = new ArrayList<>(pairs(model, one, other));
        fitting.addAll(pairs(model, other, one));
        if (fitting.size() != 1) {
            throw new IllegalArgumentException(
                    one + " and " + other + " fit in " + fitting.size() + " ways: " + fitting + "; write app:endpoint");
        }
        return fitting.get(0);
    }

    private static List<List<JujuRelation.Endpoint>> pairs(JujuModel model, String requirer, String provider) {
        JujuApp requiring = model.app(app(requirer));
        JujuApp providing = model.app(app(provider));
        List<List<JujuRelation.Endpoint>> pairs = new ArrayList<>();
        for (Map.Entry<String, String> need : requiring.metadata().requires().entrySet()) {
            for (Map.Entry<String, String> offer :
                    providing.metadata().provides().entrySet()) {
                boolean fits = need.getValue().equals(offer.getValue())
                        && named(requirer, need.getKey())
                        && named(provider, offer.getKey());
                if (fits) {
                    pairs.add(List.of(
                            new JujuRelation.Endpoint(requiring.name, need.getKey()),
                            new JujuRelation.Endpoint(providing.name, offer.getKey())));
                }
            }
        }
        return pairs;
    }

    private static String app(String side) {
        int colon = side.indexOf(':');
        return colon < 0 ? side : side.substring(0, colon);
    }

    private static boolean named(String side, String endpoint) {
        int colon = side.indexOf(':');
        return colon < 0 || side.substring(colon + 1).equals(endpoint);
    }
}
