#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commits that wait for their confirmation, and rollback: the way back out of
a change that cut the operator off, also after kill -9, with the keys that
were."""
import json
import os
import time

from lib import Terminal, equal, holds, lacks, main
from real import DESC, KEY, begin

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
