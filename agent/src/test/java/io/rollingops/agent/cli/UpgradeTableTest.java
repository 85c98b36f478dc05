// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.JsonText;
import org.junit.jupiter.api.Test;

class UpgradeTableTest {
    private static final UpgradeTable TABLE = new UpgradeTable(new Terminal(false, false));

    @Test
    void an_upgrade_that_failed_names_unit_problem_and_way_on() {
        String text = TABLE.render(JsonText.parseObject("""
                {"application":"web","unit":"web/1","phase":"failed","target":"1.1","previous":"1.0","pause_after":1,
                 "order":["web/1","web/0"],
                 "units":[{"unit":"web/0","state":"ready","installed":"1.0","wanted":"1.1"},
                  {"unit":"web/1","state":"failed","wanted":"1.1",
                   "problem":{"message":"not well","cause":"exit status 1","resolution":""}},
                  {"unit":"web/2","state":"unknown"}],
                 "obstacles":[{"kind":"failed","unit":"web/1","text":"web/1 failed: not well"}],
                 "orders":[{"order":"check","round":1,"reason":""},
                  {"order":"retry","round":2,"unit":"web/1","reason":"mended"}],
                 "next":"retry it","request_waits":true}
                """));

        assertThat(text).isEqualTo("""
                web  failed, to 1.1 (previous release 1.0)
                still to come  web/1, web/0
                halts          after 1 more unit

                UNIT   STATE    INSTALLED  WANTED  PROBLEM
                web/0  ready    1.0        1.1
                web/1  failed              1.1     not well: exit status 1
                web/2  unknown

                ordered  check
                ordered  retry web/1 (mended)
                waits for  web/1 failed: not well
                an order waits for the unit that leads
                next  retry it
                """);
    }

    @Test
    void at_rest_there_is_little_to_say() {
        String text = TABLE.render(JsonText.parseObject("""
                {"application":"web","unit":"web/1","phase":"idle","order":[],
                 "units":[{"unit":"web/0","state":"idle","installed":"1.0","wanted":"1.0"}],
                 "obstacles":[],"orders":[],"next":"","request_waits":false}
                """));

        assertThat(text).isEqualTo("""
                web  idle

                UNIT   STATE  INSTALLED  WANTED  PROBLEM
                web/0  idle   1.0        1.0
                """);
    }
}
