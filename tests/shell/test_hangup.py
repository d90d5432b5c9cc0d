#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The terminal is closed in the middle of work: the tunnel goes on passing
traffic without loss, and the next shell attaches and has the edits that were
not committed.  And: "exit" may leave the engine running."""
import subprocess
import time

from lib import equal, holds, main
from pair import FAR, NEAR, PSK, Pair, need_root

COMMANDS = f"""set vpn-network branch placement host
set vpn-network branch address {NEAR['inner']}
set vpn-network branch network-address {NEAR['net']}
set vpn-network branch phase1 hq remote-gateway {FAR['outer']}
set vpn-network branch phase1 hq pre-shared-key "{PSK}"
set vpn-network branch phase1 hq phase2 lan local-network {NEAR['net']}
set vpn-network branch phase1 hq phase2 lan remote-network {FAR['net']}
commit
power on branch wait 5"""


def up(pair):
    """A shell with its engine and the tunnel up."""
    t = pair.near(rows=40)
    t.prompt()
    for line in COMMANDS.split("\n"):
        t.run(line, 20)
    holds(t.run("connect hq wait 20", 30), "hq: connected to")
    equal(pair.ping(), 0, "packets lost before")
    return t


def test_hangup(folder):
    with Pair(folder) as pair:
        t = up(pair)
        t.run("set vpn-network branch phase1 hq description kept")
        ping = subprocess.Popen(
            ["ip", "netns", "exec", pair.near_ns, "ping", "-q", "-c", "20",
             "-i", "0.1", "-W", "1", "-I", NEAR["inner"], FAR["inner"]],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        t.child.close(force=False)
        out, _ = ping.communicate(timeout=30)
        holds(out, " 0% packet loss")
        t = pair.near(rows=40, home=t.home)
        t.see("attached to the engine")
        t.see("A draft of uncommitted changes was kept")
        t.send("r\r")
        t.prompt()
        holds(t.run("compare"), "description kept;")
        holds(t.run("show tunnels"), "1 connected")
        holds(t.run("commit"), "committed revision 2")
        equal(pair.ping(), 0, "packets lost after")
        t.close()


def test_exit_leaves_the_engine(folder):
    with Pair(folder) as pair:
        t = up(pair)
        t.send("exit\r")
        t.see("1 tunnel is up: leave it running, stop it, here again?")
        t.send("l\r")
        end = time.monotonic() + 10
        while t.child.isalive() and time.monotonic() < end:
            t.pump()
        equal(t.child.isalive(), False, "the shell has ended")
        equal(pair.ping(), 0, "packets lost after exit")
        holds(pair.command("show tunnels"), "1 connected")


need_root()
main([test_hangup, test_exit_leaves_the_engine])
