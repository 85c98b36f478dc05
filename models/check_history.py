#!/usr/bin/env python3
"""Check a recorded history against the invariants I1-I9 of the safety protocol.

Input: one JSON object a line, in one total order (the recorder's). Fields by event:
  {"e":"REQUEST","app":A,"unit":U,"op":O}                      request is durable
  {"e":"GRANT","app":A,"unit":U,"epoch":N}                     grant is committed
  {"e":"BEGIN","app":A,"unit":U,"op":O,"epoch":N,"token":T}    callback begins; T = cluster token or null
  {"e":"UNTOKEN","app":A,"unit":U}                             etcd lock lost, callback runs on (degrade)
  {"e":"END","app":A,"unit":U}                                 callback ended, was stopped, or its process died
  {"e":"DONE","app":A,"unit":U,"op":O,"epoch":N,"outcome":R}   store commit of the answer; R one of
        released retry-release retry-hold dropped not-run (op null: nothing was queued)
  {"e":"EXPIRE","app":A,"unit":U}                              unit lease ended (store R), or unit restarted
  {"e":"WITHDRAW","app":A,"unit":U,"op":O}                     operation left the queue without being run
  {"e":"REMOVE","app":A,"unit":U}                              unit left; its open operations are abandoned
Exit code 0: no violation. With --complete the end of the file is taken as a quiet end (I4).
"""
import json
import sys

FINAL = {"released", "dropped"}


def check(events, complete=False):
    bad = []
    app, running, clustok = {}, {}, {}
    last_token = 0

    def a(name):
        return app.setdefault(name, dict(queue={}, final={}, last=(0, None), hold=None, grants={}, done={}, gone=set()))

    for n, ev in enumerate(events, 1):
        s, u, kind = a(ev["app"]), ev["unit"], ev["e"]
        key = (ev["app"], u)

        def err(inv, text):
            bad.append(f"{inv} line {n}: {text}: {json.dumps(ev, sort_keys=True)}")

        if kind == "REQUEST":
            s["queue"].setdefault(u, []).append(ev["op"])
        elif kind == "GRANT":
            if ev["epoch"] <= max(s["grants"], default=0):
                err("I9", "grant epoch does not grow")
            s["grants"][ev["epoch"]] = u
        elif kind == "BEGIN":
            for (ap, w) in running:
                if ap == ev["app"]:
                    err("I1", f"callback of {w} is still running")
            if ev["op"] in s["final"]:
                err("I3", "operation begins after its final outcome")
            q = s["queue"].get(u, [])
            if not q or q[0] != ev["op"]:
                err("I8", f"not the head of the queue ({q[:1]})")
            if s["grants"].get(ev["epoch"]) != u or s["done"].get(u, 0) >= ev["epoch"]:
                err("I9", "no open grant of this epoch for this unit")
            if ev["epoch"] < s["last"][0] or (ev["epoch"] == s["last"][0] and (u, ev["op"]) != s["last"][1]):
                err("I7", "epoch went back or was used twice")
            s["last"] = (ev["epoch"], (u, ev["op"]))
            if s["hold"] not in (None, u):
                err("I6", f"{s['hold']} holds for its retry")
            s["hold"] = None
            if ev.get("token") is not None:
                if clustok:
                    err("I5", f"cluster lock is in use by {list(clustok)}")
                if ev["token"] < last_token:
                    err("I7", "cluster token went back")
                last_token = ev["token"]
                clustok[key] = ev["token"]
            running[key] = ev["op"]
        elif kind == "UNTOKEN":
            clustok.pop(key, None)
        elif kind == "END":
            running.pop(key, None)
            clustok.pop(key, None)
        elif kind == "DONE":
            if s["grants"].get(ev["epoch"]) != u:
                err("I9", "answer to a grant this unit never had")
            if ev["epoch"] <= s["done"].get(u, 0):
                err("I2", "grant answered twice")
            s["done"][u] = ev["epoch"]
            if ev["outcome"] in FINAL:
                if ev["op"] in s["final"]:
                    err("I2", "second final outcome")
                s["final"][ev["op"]] = ev["outcome"]
                if s["queue"].get(u, [])[:1] != [ev["op"]]:
                    err("I8", "finalised out of order")
                else:
                    s["queue"][u].pop(0)
            if ev["outcome"] == "retry-hold":
                s["hold"] = u
            elif s["hold"] == u:
                s["hold"] = None
        elif kind == "WITHDRAW":
            if running.get(key) == ev["op"]:
                err("I8", "withdrawn while it runs")
            q = s["queue"].get(u, [])
            if q[:1] == [ev["op"]] and s["hold"] == u:
                s["hold"] = None
            if ev["op"] in q:
                q.remove(ev["op"])
            else:
                err("I8", "withdrawn but not queued")
        elif kind in ("EXPIRE", "REMOVE"):
            if s["hold"] == u:
                s["hold"] = None
            if kind == "REMOVE":
                if key in running:
                    err("I1", "removed while its callback runs")
                s["gone"].add(u)
                s["queue"].pop(u, None)
        else:
            err("--", "unknown event")
    if complete:
        for name, s in app.items():
            for u, q in s["queue"].items():
                if q:
                    bad.append(f"I4 end: {name}/{u} still has {q}")
        if running:
            bad.append(f"I4 end: still running {running}")
    return bad


def selftest():
    ok = [dict(e="REQUEST", app="a", unit="a/0", op="o1"), dict(e="REQUEST", app="a", unit="a/1", op="o2"),
          dict(e="GRANT", app="a", unit="a/0", epoch=1), dict(e="BEGIN", app="a", unit="a/0", op="o1", epoch=1, token=5),
          dict(e="END", app="a", unit="a/0"), dict(e="DONE", app="a", unit="a/0", op="o1", epoch=1, outcome="released"),
          dict(e="GRANT", app="a", unit="a/1", epoch=2), dict(e="BEGIN", app="a", unit="a/1", op="o2", epoch=2, token=None),
          dict(e="END", app="a", unit="a/1"), dict(e="DONE", app="a", unit="a/1", op="o2", epoch=2, outcome="released")]
    assert check(ok, True) == []
    assert any(b.startswith("I4") for b in check(ok[:-1], True))
    x = ok[:4] + [ok[6], ok[7]]
    assert any(b.startswith("I1") for b in check(x))
    x = ok[:6] + [dict(e="GRANT", app="a", unit="a/0", epoch=2), dict(e="BEGIN", app="a", unit="a/0", op="o1", epoch=2, token=None)]
    assert any(b.startswith("I3") for b in check(x))
    x = ok[:6] + [ok[5]]
    assert any(b.startswith("I2") for b in check(x))
    x = ok[:5] + [dict(ok[5], outcome="retry-hold"), ok[6], ok[7]]
    assert any(b.startswith("I6") for b in check(x))
    x = ok[:3] + [dict(e="GRANT", app="a", unit="a/1", epoch=2), ok[7]] + [dict(e="END", app="a", unit="a/1"), ok[3]]
    assert any(b.startswith("I7") for b in check(x))
    x = ok[:4] + [dict(e="REQUEST", app="b", unit="b/0", op="p"), dict(e="GRANT", app="b", unit="b/0", epoch=1),
                  dict(e="BEGIN", app="b", unit="b/0", op="p", epoch=1, token=6)]
    assert any(b.startswith("I5") for b in check(x))
    x = ok[:2] + [ok[3]]
    assert any(b.startswith("I9") for b in check(x))
    x = [ok[0], dict(ok[0], op="o0")] + [ok[2], dict(ok[3], op="o0")]
    assert any(b.startswith("I8") for b in check(x))
    print("selftest ok")


if __name__ == "__main__":
    if "--selftest" in sys.argv:
        selftest()
    else:
        files = [f for f in sys.argv[1:] if not f.startswith("-")]
        src = open(files[0]) if files else sys.stdin
        found = check([json.loads(l) for l in src if l.strip()], "--complete" in sys.argv)
        print("\n".join(found) or "no violation")
        sys.exit(1 if found else 0)
