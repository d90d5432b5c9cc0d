#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several operators at one engine: changes in different places are merged,
those in the same place are shown with both values and decided by a word; and
500 random edits and commits of two shells against a model of them."""
import json
import random
import socket

from lib import Terminal, equal, holds, lacks, main
from real import begin

P1 = "set vpn-network a phase1 hq "


def shell(folder):
    t = Terminal(["-q", "-d", folder], cols=100)
    t.prompt()
    return t


def test_merge(folder):
    with begin(folder) as e:
        one, two = shell(folder), shell(folder)
        one.run(P1 + "lifetime 2h")
        two.run(P1 + "rekey no")
        holds(two.run("commit"), "committed revision 2, 1 change")
        one.see("committed revision 2; your edits come from 1")
        out = one.run("commit")
        holds(out, "committed revision 3, 1 change")
        holds(out, "merged with what others committed meanwhile")
        holds(one.run("compare"), "no differences")
        text = e.run("show configuration vpn-network a phase1 hq")
        holds(text, "lifetime 2h")
        holds(text, "rekey no")
        one.close()
        two.close()


def test_conflict(folder):
    with begin(folder) as e:
        one, two = shell(folder), shell(folder)
        one.run(P1 + "lifetime 2h")
        one.run(P1 + "rekey no")
        two.run(P1 + "lifetime 1h")
        two.run('commit comment "shorter"')
        out = one.run("commit")
        for part in ("vpn-network a phase1 hq lifetime", "2h", "1h",
                     "revision 2: ", "shorter", "update mine | theirs"):
            holds(out, part)
        lacks(e.run("show configuration"), "rekey no")
        holds(one.run("update"), "Say whose")
        holds(one.run("update theirs"), "up to date with revision 2; 1 change")
        holds(one.run("commit"), "committed revision 3")
        text = e.run("show configuration vpn-network a phase1 hq")
        holds(text, "lifetime 1h")
        holds(text, "rekey no")
        one.run(P1 + "lifetime 6h")
        two.run(P1 + "lifetime 5h")
        two.run("commit")
        holds(one.run("update mine"), "up to date with revision 4")
        holds(one.run("commit"), "committed revision 5")
        holds(e.run("show configuration"), "lifetime 6h")
        one.close()
        two.close()


def test_conflict_by_path(folder):
    with begin(folder) as e:
        one, two = shell(folder), shell(folder)
        for t, life, name in ((one, "2h", "mine"), (two, "1h", "theirs")):
            t.run(P1 + "lifetime " + life)
            t.run(P1 + "description " + name)
            t.run(P1 + "pre-shared-key " + name + "-key-of-the-test")
        two.run("commit")
        holds(one.run("update"), "whose change stays")
        holds(one.run("update vpn-network a"), "mine or theirs")
        holds(one.run("update mine vpn-network a phase1 hq rekey"),
              "Nothing is in conflict at vpn-network a phase1 hq rekey")
        holds(one.run("update mine vpn-network a phase1 hq lifetime"),
              "settled; left in conflict: 1")
        out = one.run("update theirs vpn-network a phase1 hq")
        holds(out, "up to date with revision 2")
        holds(one.run("commit"), "committed revision 3")
        text = e.run("show configuration vpn-network a phase1 hq")
        holds(text, "lifetime 2h")
        holds(text, "description theirs")
        one.run("delete vpn-network a phase1 hq phase2 lan")
        two.run("update")
        two.run("set vpn-network a phase1 hq phase2 lan lifetime 30m")
        two.run("commit")
        holds(one.run("commit"), "phase2 lan")
        holds(one.run("update theirs vpn-network a phase1 hq phase2 lan"),
              "up to date")
        holds(one.run("show configuration vpn-network a phase1 hq phase2"
                      " lan"), "lifetime 30m")
        one.close()
        two.close()


def test_a_comment_alone(folder):
    with begin(folder) as e:
        t = shell(folder)
        t.run("annotate vpn-network a phase1 hq 'who to call'")
        t.until(lambda: t.cursor_line().endswith("*>"), "unsaved changes")
        holds(t.run("undo"), "-     # who to call")
        holds(t.run("commit"), "nothing to commit")
        t.run("redo")
        holds(t.run("commit"), "committed revision 2, 1 change")
        holds(e.run("show configuration"), "# who to call")
        holds(t.run("commit"), "nothing to commit")
        t.run(P1 + "lifetime 2h")
        holds(t.run("undo"), "-         lifetime 2h;")
        holds(t.run("redo"), "+         lifetime 2h;")
        t.close()


def order(e):
    out = e.run("show configuration", 0, "-j")
    conf = json.loads(out.splitlines()[0])["configuration"]
    rows = conf["vpn-network"]["a"]["phase1"]["hq"]["proposal"]
    return [(int(n), rows[n]["description"]) for n in
            sorted(rows, key=int)]


MOVES = [("10 after 20", [(20, "b"), (25, "a"), (30, "c")]),
         ("30 before 10", [(5, "c"), (10, "a"), (20, "b")]),
         ("20 before 10", [(5, "b"), (10, "a"), (30, "c")]),
         ("10 after 30", [(20, "b"), (30, "c"), (40, "a")]),
         ("10 before 20", [(10, "a"), (20, "b"), (30, "c")]),
         ("11 before 2", [(1, "a"), (2, "c"), (3, "b")])]


def test_move(folder):
    base = "vpn-network a phase1 hq proposal "
    with begin(folder) as e:
        for what, want in MOVES:
            numbers = (1, 2, 11) if "11" in what else (10, 20, 30)
            first = [f"set {base}{n} description {c}" for n, c in
                     zip(numbers, "abc")]
            e.run("\n".join(first + [f"move {base}{what}", "commit"]))
            equal(order(e), want, what)
            e.run("delete vpn-network a phase1 hq proposal\ncommit")
        holds(e.run(f"set {base}10 description x\nmove {base}10 before 20",
                    1), 'There is no other proposal "20" here.')
        holds(e.run("move vpn-network a phase1 hq before 20", 1),
              "Only what has a number can be moved")


def test_json_of_a_conflict(folder):
    with begin(folder) as e:
        t = shell(folder)
        t.run(P1 + "lifetime 2h")
        e.run(P1 + "lifetime 1h\ncommit")
        out = t.run("commit | json")
        found = [json.loads(line) for line in out.splitlines()
                 if line.startswith("{")]
        equal(found[0]["error"]["code"], "conflict")
        t.close()


def test_sessions(folder):
    with begin(folder) as e:
        one = shell(folder)
        one.run(P1 + "lifetime 2h")
        out = json.loads(e.run("show sessions", 0, "-j").splitlines()[0])
        rows = out["sessions"]
        equal([r["edits"] for r in rows if not r["own"]], [1])
        holds([r["terminal"] for r in rows if not r["own"]][0], "pts/")
        equal(len([r for r in rows if r["own"]]), 1)
        holds(one.run("show sessions"), "administrator")
        one.close()


def test_a_terminal_cut_in_a_character(folder):
    """What a client calls its terminal is cut, but never within a letter."""
    with begin(folder) as e:
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(folder + "/run/control")
            name = "x" * 30 + "\u00e4" * 9
            s.sendall(json.dumps({"id": 1, "method": "hello", "params": {
                "version": 1, "terminal": name}}).encode() + b"\n")
            s.recv(4096)
            out = json.loads(e.run("show sessions", 0, "-j").splitlines()[0])
        names = [r["terminal"] for r in out["sessions"] if not r["own"]]
        equal(names, ["x" * 30])


def test_inactivity_logout(folder):
    with begin(folder) as e:
        e.run("set system inactivity-logout 2\ncommit")
        one = shell(folder)
        one.run(P1 + "lifetime 2h")
        one.see("this session ends in 1 s")
        one.see("Logged out: no key was pressed; tunnels go on.")
        one.see("kept as a draft")
        one.until(lambda: not one.child.isalive(), "the shell's end")
        holds(e.run("show version"), "sallyport")
        two = Terminal(["-d", folder], cols=100)
        two.see("A draft of uncommitted changes was kept")
        two.close()


class Model:
    """Descriptions of four phase 1 as one shell sees them."""

    def __init__(self, text):
        self.base = dict(text)
        self.mine = dict(text)

    def set(self, name, value):
        self.mine[name] = value

    def commit(self, running):
        """(merged, conflicts) of a commit onto what runs."""
        merged, conflicts = dict(running), []
        for name, value in self.mine.items():
            was, now = self.base.get(name), running.get(name)
            if value == was or value == now:
                continue
            if now == was:
                merged[name] = value
            else:
                conflicts.append(name)
        return merged, conflicts


def descriptions(e):
    out = e.run("show configuration", 0, "-j")
    conf = json.loads(out.splitlines()[0])["configuration"]
    return {n: p.get("description") for n, p in
            conf["vpn-network"]["a"]["phase1"].items()}


def test_random_edits(folder):
    rng = random.Random(7)
    names = ["hq", "p1", "p2", "p3"]
    with begin(folder) as e:
        for i, name in enumerate(names[1:], 3):
            e.run(f"copy vpn-network a phase1 hq to {name}\n"
                  f"delete vpn-network a phase1 {name} phase2 lan "
                  f"remote-network\n"
                  f"set vpn-network a phase1 {name} phase2 lan "
                  f"remote-network 10.{i}.0.0/24\ncommit")
        running = descriptions(e)
        shells = [shell(folder), shell(folder)]
        models = [Model(running), Model(running)]
        for step in range(500):
            i = rng.randrange(2)
            t, m = shells[i], models[i]
            if rng.random() < 0.7:
                name = rng.choice(names)
                value = f"v{rng.randrange(1000)}"
                t.run(f"set vpn-network a phase1 {name} description {value}")
                m.set(name, value)
                continue
            merged, conflicts = m.commit(running)
            out = t.run("commit")
            if conflicts:
                holds(out, "description")
                holds(t.run("update theirs"), "up to date")
                out = t.run("commit")
            if "nothing to commit" not in out:
                holds(out, "committed revision")
            running = merged
            equal(descriptions(e), running, f"step {step}")
            m.base = dict(running)
            m.mine = dict(running)
            other = models[1 - i]
            if other.mine == other.base:    # a shell without edits follows
                other.base = dict(running)
                other.mine = dict(running)
        for t in shells:
            t.close()


main([f for name, f in list(globals().items()) if name.startswith("test_")])
