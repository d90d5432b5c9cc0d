#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an empty directory to an established tunnel, by typing alone, with
Tab for every word that can be completed: against a second engine in another
network namespace.  Then traffic, the table, and a clean end."""
import time

from lib import equal, holds, lacks, main
from pair import FAR, NEAR, PSK, Pair, need_root, sh


def words(t, *parts):
    """Type a line: "pre|word" is typed as pre and Tab, which must give the
    word and a blank; anything else is a free value, typed out."""
    line = ""
    for part in parts:
        typed, _, word = part.partition("|")
        t.send(typed + ("\t" if word else " "))
        line += (word or typed) + " "
        # The last blank cannot be seen, but where the cursor is.
        t.until(lambda: t.text().replace("\n", "").endswith(
            "> " + line.rstrip()) and t.screen.cursor.x ==
            (len(t.text().split("\n")[-1]) + 1) % 80, f"line {line!r}")
    t.send("\r")
    t.prompt(20)


NETWORK = ("set|set", "vpn|vpn-network", "branch")


def test_first_tunnel(folder):
    with Pair(folder) as pair:
        t = pair.near(rows=40)
        t.prompt()
        holds(t.text(), "engine in this process")
        words(t, *NETWORK, "pl|placement", "h|host")
        words(t, "se|set", "v|vpn-network", "b|branch", "address", NEAR["inner"])
        words(t, "se|set", "v|vpn-network", "b|branch", "network-a|"
              "network-address", NEAR["net"])
        words(t, "ed|edit", "v|vpn-network", "b|branch", "phase1", "hq")
        words(t, "se|set", "remote-g|remote-gateway", FAR["outer"])
        t.send("set pre\t\r")
        t.see("New pre-shared-key:")
        t.send(PSK + "\r")
        t.see("The same again:")
        t.send(PSK + "\r")
        t.prompt()
        words(t, "se|set", "ph|phase2", "lan", "loc|local-network",
              NEAR["net"])
        words(t, "se|set", "ph|phase2", "l|lan", "rem|remote-network",
              FAR["net"])
        words(t, "to|top")
        words(t, "val|validate")
        holds(t.text(), "no errors")
        words(t, "commi|commit")
        holds(t.text(), "committed revision 1")
        words(t, "pow|power", "on", "b|branch")
        words(t, "conn|connect", "h|hq", "w|wait", "20")
        holds(t.text(), f"hq: connected to {FAR['outer']} (")
        holds(t.text().replace("\n", ""),
              f"lan: {NEAR['net']} === {FAR['net']}")
        equal(pair.ping(), 0, "packets lost")
        words(t, "sh|show", "tu|tunnels")
        holds(t.text(), "1 tunnel: 1 connected")
        words(t, "disco|disconnect", "h|hq")
        lacks(t.run("show tunnels"), "connected")
        t.send("exit\r")
        end = time.monotonic() + 15
        while t.child.isalive() and time.monotonic() < end:
            t.pump()
            if "here again?" in t.text():
                t.send("s\r")
        equal(t.child.isalive(), False, "the shell has ended")
        equal(pair.near_pids(), [], "nothing is left running")


COMMANDS = f"""
set vpn-network branch placement host
set vpn-network branch address {NEAR['inner']}
set vpn-network branch network-address {NEAR['net']}
edit vpn-network branch phase1 hq
set key-exchange ikev2
set remote-gateway {FAR['outer']}
set pre-shared-key "{PSK}"
set phase2 lan local-network {NEAR['net']}
set phase2 lan remote-network {FAR['net']}
commit
power on branch wait 5
"""


def test_connect_means_now(folder):
    """The peer is silent at first; once it is back, connect does not wait for
    the retransmission that is due long after."""
    with Pair(folder) as pair:
        t = pair.near()
        t.prompt()
        pair.command(COMMANDS)
        hole = ("ip", "-n", pair.far_ns, "route")
        sh(*hole, "add", "blackhole", NEAR["outer"])
        holds(t.run("connect hq wait 5"), "error: branch/hq is not up after")
        sh(*hole, "del", "blackhole", NEAR["outer"])
        holds(t.run("connect hq wait 4"), "hq: connected to")
        t.send("exit\r")
        t.see("here again?")
        t.send("s\r")
        t.until(lambda: not t.child.isalive(), "end")


need_root()
main([test_first_tunnel, test_connect_means_now])
