// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.JsonText;
import org.junit.jupiter.api.Test;

/** The status as people see it; a pure function of the report. */
class StatusTableTest {
    private static final String RUNNING = """
            {"application":"web","unit":"web/1","now":"100.0","revision":7,
             "group":{"role":"follower","term":3,"leader":"web/0","members":[{},{},{}]},
             "grant":{"epoch":5,"phase":"running","unit":"web/0","granted_at":"90.0","hold":true},
             "units":[
              {"unit":"web/0","state":"running","online":true,"why":"it runs","remedy":"","queue":[
                {"operation":"40.0-restart","callback":"restart","requested_at":"40.0","attempt":0,"arguments":{}},
                {"operation":"50.0-restart","callback":"restart","requested_at":"50.0","attempt":0,"arguments":{}}],
               "outcomes":[]},
              {"unit":"web/1","state":"waiting","online":false,"why":"its agent is not running","remedy":"start it",
               "queue":[{"operation":"50.0-restart","callback":"restart","requested_at":"150.0","attempt":0,"arguments":{}}],
               "outcomes":[{"operation":"10.0-restart","outcome":"retry-release","final":false,"attempt":1,"epoch":2,
                            "at":"20.0","note":"exit status 1"}]},
              {"unit":"web/2","state":"unreadable","online":true,"why":"broken","remedy":""},
              {"unit":"web/3","state":"idle","online":true,"why":"nothing to do","remedy":"","queue":[],"outcomes":[]}]}
            """;

    @Test
    void it_tells_who_has_the_lock_what_waits_and_what_to_do() {
        String table = new StatusTable(new Terminal(false, false)).render(JsonText.parseObject(RUNNING));

        assertThat(table.lines().toList())
                .startsWith(
                        "web  seen from web/1, leader web/0 (term 3), 3 members",
                        "lock  web/0 running, for 10.0 s  (grant 5, hold)",
                        "")
                .anySatisfy(line -> assertThat(line).matches("web/0  running +restart \\+1, since 1 min 0 s +it runs"))
                .anySatisfy(line -> assertThat(line)
                        .matches("web/1  waiting, offline +restart, since 0 ms +retry-release restart [0-9:]{8}"
                                + " \\(exit status 1\\)  its agent is not running"))
                .anySatisfy(line -> assertThat(line).matches("web/2  unreadable +\\? +broken"))
                .anySatisfy(line -> assertThat(line).matches("web/3  idle +-"))
                .endsWith("web/1: start it");
        assertThat(table).doesNotContain("\033");
    }

    @Test
    void with_a_shared_lock_it_tells_each_units_backend_and_what_to_do_about_etcd() {
        String table = new StatusTable(new Terminal(false, false)).render(JsonText.parseObject("""
                {"application":"web","unit":"web/0","now":"100.0","revision":7,
                 "group":{"role":"leader","term":3,"leader":"web/0","members":[{}]},
                 "grant":{"epoch":5,"phase":"free"},
                 "etcd":{"why":"etcd cannot be used, for 5.0 s","remedy":"mend etcd"},
                 "units":[
                  {"unit":"web/0","state":"idle","backend":"peer","online":true,"why":"","remedy":"","queue":[],"outcomes":[]},
                  {"unit":"web/1","state":"idle","backend":"etcd","online":true,"why":"","remedy":"","queue":[],"outcomes":[]}]}
                """));

        assertThat(table.lines().toList())
                .contains("etcd  etcd cannot be used, for 5.0 s")
                .anySatisfy(line -> assertThat(line).matches("UNIT +STATE +BACKEND +QUEUE +LAST RESULT +WHY"))
                .anySatisfy(line -> assertThat(line).matches("web/0 +idle +peer +-"))
                .anySatisfy(line -> assertThat(line).matches("web/1 +idle +etcd +-"))
                .endsWith("etcd: mend etcd");
    }

    @Test
    void colours_change_no_column() {
        String plain = new StatusTable(new Terminal(false, false)).render(JsonText.parseObject(RUNNING));
        String coloured = new StatusTable(new Terminal(true, true)).render(JsonText.parseObject(RUNNING));

        assertThat(coloured).contains("\033[31m").isNotEqualTo(plain);
        assertThat(coloured.replaceAll("\033\\[[0-9]+m", "").lines().map(String::stripTrailing))
                .containsExactlyElementsOf(plain.lines().toList());
    }

    @Test
    void without_a_leader_and_without_a_grant_it_says_so() {
        String table = new StatusTable(new Terminal(false, false)).render(JsonText.parseObject("""
                {"application":"web","unit":"web/1","now":"100.0","revision":7,
                 "group":{"role":"candidate","term":3,"members":[{}]},
                 "grant":{"epoch":5,"phase":"free"},"units":[]}
                """));
        assertThat(table).contains("no leader: fewer than half", "lock  free  (last grant 5)");
    }
}
