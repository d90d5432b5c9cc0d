#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commits that wait for their confirmation, and rollback: the way back out of
a change that cut the operator off, also after kill -9, with the keys that
were."""
import json
import os
import re
import signal
import socket
import subprocess
import time

from lib import BIN, Terminal, equal, holds, lacks, main, script

NET = ("set vpn-network a address 10.1.0.1\n"
       "set vpn-network a network-address 10.1.0.0/24\n"
       "set vpn-network a placement host\n"
       "set vpn-network a phase1 hq remote-gateway 203.0.113.7\n"
       "set vpn-network a phase1 hq pre-shared-key first-key-of-the-test\n"
       "set vpn-network a phase1 hq phase2 lan local-network 10.1.0.0/24\n"
       "set vpn-network a phase1 hq phase2 lan remote-network 10.2.0.0/24\n")
KEY = "set vpn-network a phase1 hq pre-shared-key second-key-of-the-test\n"
DESC = "set vpn-network a phase1 hq description "


class Engine:
    def __init__(self, folder):
        self.folder = folder
        self.start()

    def start(self):
        self.child = subprocess.Popen(
            [BIN, "serve", "-d", self.folder], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while not self.listens():
            if time.monotonic() > end or self.child.poll() is not None:
                raise AssertionError("the engine does not answer")
            time.sleep(0.02)

    def listens(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.folder + "/run/control") == 0

    def kill(self):
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait(10)

    def run(self, text, want=0, *more):
        status, out, err = script(["-d", self.folder, *more, "-f", "-"],
                                  text + "\n")
        equal(status, want, text + "\n" + out + err)
        return out + err

    def description(self):
        out = self.run("show configuration vpn-network a phase1 hq")
        found = re.search(r"description (\S+);", out)
        return found.group(1) if found else None

    def secrets(self):
        return open(self.folder + "/secrets").read()

    def waiting(self):
        return self.folder + "/state/unconfirmed"

    def deadline(self, seconds):
        """Move the deadline of the record to so many seconds from now."""
        text = open(self.waiting()).read()
        head, rest = text.split("\n", 1)
        words = head.split(" ")
        words[5] = str(int((time.time() + seconds) * 1000))
        words[4] = str(int(words[5]) - 60000)
        with open(self.waiting(), "w") as f:
            f.write(" ".join(words) + "\n" + rest)


def begin(folder):
    e = Engine(folder)
    e.run(NET + DESC + "one\ncommit")
    return e


def test_confirm(folder):
    with begin(folder) as e:
        out = e.run(DESC + "two\ncommit confirmed 5")
        holds(out, "committed revision 2, 1 change")
        holds(out, 'Type "confirm" before')
        holds(out, "or revision 1 returns by itself.")
        equal(os.stat(e.waiting()).st_mode & 0o777, 0o600)
        holds(e.run("confirm"), "revision 2 is confirmed")
        equal(os.path.exists(e.waiting()), False)
        holds(e.run("confirm", 1), "No commit waits")
        equal(e.description(), "two")


def test_another_commit_confirms(folder):
    with begin(folder) as e:
        e.run("set system commit-confirm-default 7\ncommit")
        e.run(DESC + "two\ncommit confirmed")
        with open(e.waiting()) as f:
            made, until = f.readline().split(" ")[4:6]
        equal(int(until) - int(made), 7 * 60000)
        e.run(DESC + "three\ncommit")
        equal(os.path.exists(e.waiting()), False)
        equal(e.description(), "three")


def test_a_longer_time_keeps_the_first_return(folder):
    with begin(folder) as e:
        e.run(DESC + "two\ncommit confirmed 5")
        out = e.run(DESC + "three\ncommit confirmed 9")
        holds(out, "or revision 1 returns by itself.")
        e.kill()
        e.deadline(-1)
        e.start()
        equal(e.description(), "one")


def test_returns_after_kill(folder):
    with begin(folder) as e:
        e.run(DESC + "two\n" + KEY + "commit confirmed 5")
        holds(e.secrets(), "second-key")
        e.kill()
        e.deadline(-1)
        e.start()
        equal(e.description(), "one")
        holds(e.secrets(), "first-key")
        lacks(e.secrets(), "second-key")
        holds(e.run("show history"), "not confirmed")
        equal(os.path.exists(e.waiting()), False)


def test_the_clock_runs_on_after_kill(folder):
    with begin(folder) as e:
        e.run(DESC + "two\n" + KEY + "commit confirmed 5")
        e.kill()
        e.deadline(3)
        e.start()
        equal(e.description(), "two", "not yet")
        end = time.monotonic() + 10
        while e.description() != "one":
            if time.monotonic() > end:
                raise AssertionError("the commit was not taken back")
            time.sleep(0.1)
        holds(e.secrets(), "first-key")
        lacks(e.secrets(), "second-key")


def test_a_clock_before_the_commit(folder):
    """No battery: the time begins anew, it is not over at once."""
    with begin(folder) as e:
        e.run(DESC + "two\ncommit confirmed 5")
        e.kill()
        e.deadline(86400)
        e.start()
        equal(e.description(), "two")
        out = e.run("show configuration", 0, "-j")
        json.loads(out.splitlines()[0])
        holds(e.run("confirm"), "confirmed")


def test_a_broken_record_stops_nothing(folder):
    with begin(folder) as e:
        e.run(DESC + "two\ncommit confirmed 5")
        e.kill()
        with open(e.waiting(), "w") as f:
            f.write("# sallyport unconfirmed 1 2 3 4000000000 x\nnothing")
        e.start()
        equal(e.description(), "two")
        holds(e.run("show log"), "not whole")


def test_wrong_words(folder):
    with begin(folder) as e:
        holds(e.run(DESC + "two\ncommit confirmed 0", 2), "between 1 and 1440")
        holds(e.run(DESC + "two\ncommit 5", 1), 'stands behind "confirmed"')
        holds(e.run("rollback 9", 1), "no 9 commits")
        holds(e.run(DESC + "two\nrollback 1", 1), "uncommitted changes")
        equal(e.description(), "one")


def test_rollback(folder):
    with begin(folder) as e:
        e.run(DESC + "two\ncommit")
        e.run(DESC + "three\ncommit")
        holds(e.run("compare rollback 2"), "one")
        out = e.run("rollback 2")
        holds(out, "committed revision 4, 1 change")
        equal(e.description(), "one")
        holds(e.run("show history"), "rollback to revision 1")


def test_prompt_counts_down(folder):
    with begin(folder) as e:
        t = Terminal(["-d", folder])
        t.prompt()
        t.run(DESC + "two")
        t.run("commit confirmed 5")
        holds(t.cursor_line(), "!")
        holds(t.cursor_line(), "4:5" if "!4" in t.cursor_line() else "5:00")
        holds(t.run("confirm"), "revision 2 is confirmed")
        lacks(t.cursor_line(), "!")
        t.close()
        equal(e.description(), "two")


main([f for name, f in list(globals().items()) if name.startswith("test_")])
