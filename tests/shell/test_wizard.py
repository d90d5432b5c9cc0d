#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The line-mode wizard: from an empty directory to an established tunnel by
answering questions, on a dumb terminal and on a vt100; wrong answers, help,
going back, leaving, and a peer that does not answer."""
from lib import Terminal, equal, holds, lacks, main
from pair import FAR, NEAR, PSK, Pair, need_root


def answer(t, question, text):
    """Wait for the question and answer it."""
    t.until(lambda: question in t.cursor_line(), f"question {question!r}")
    t.send(text + "\r")


def first_part(t, gateway=FAR["outer"]):
    """All questions up to the key."""
    t.prompt()
    t.send("wizard\r")
    answer(t, "Name of the VPN network [vpn]", "")
    answer(t, "Where it lives [host]", "")
    answer(t, "Local network", NEAR["net"])
    answer(t, "This gateway's address in it", NEAR["inner"])
    answer(t, "Name of the other side [hq]", "")
    answer(t, "Peer's public address or name", gateway)
    answer(t, "IKE version [ikev2]", "")
    answer(t, "Our identity", "")
    answer(t, "Peer's identity", "")


def rest(t, key=PSK):
    answer(t, "Pre-shared key", key)
    answer(t, "When to connect [start]", "")
    answer(t, "Name of the traffic [lan]", "")
    answer(t, f"Networks on this side [{NEAR['net']}]", "")
    answer(t, "Networks on the other side", FAR["net"])


def tunnel_by_wizard(folder, term):
    with Pair(folder) as pair:
        t = pair.near(rows=60, term=term)
        t.see("Type 'wizard'")
        first_part(t)
        rest(t)
        t.see("This makes:")
        t.see("set vpn-network vpn phase1 hq remote-gateway " + FAR["outer"])
        lacks(t.text(), PSK)
        answer(t, "Commit and connect", "")
        t.see(f"hq: connected to {FAR['outer']}", 25)
        t.prompt(25)
        holds(t.text(), "committed revision 1")
        equal(pair.ping(), 0, "packets lost")
        t.close()


def test_dumb(folder):
    tunnel_by_wizard(folder, "dumb")


def test_vt100(folder):
    tunnel_by_wizard(folder, "vt100")


def test_wrong_answers_help_and_back(folder):
    t = Terminal(["-d", folder], rows=60)
    t.prompt()
    t.send("wizard\r")
    answer(t, "Name of the VPN network", "a b")
    t.see("A name has 1 to 31 characters")
    answer(t, "Name of the VPN network", "back")
    t.see("This is the first question.")
    answer(t, "Name of the VPN network", "x")
    answer(t, "Where it lives", "?")
    t.see("namespace        A network namespace of its own")
    answer(t, "Where it lives", "nowhere")
    t.see('placement is one of')
    answer(t, "Where it lives", "namespace")
    answer(t, "Local network", "10.1.0.5/24")
    t.see("has host bits set")
    answer(t, "Local network", "10.1.0.0/24")
    answer(t, "This gateway's address in it", "10.9.0.1")
    t.see("Router address 10.9.0.1 is not inside 10.1.0.0/24.")
    answer(t, "This gateway's address in it", "back")
    answer(t, "Local network (address/length) [10.1.0.0/24]", "back")
    answer(t, "Where it lives [namespace]", "back")
    answer(t, "Name of the VPN network [x]", "y")
    answer(t, "Where it lives [namespace]", "host")
    answer(t, "Local network (address/length) [10.1.0.0/24]", "")
    t.send("\x03")
    t.see("Nothing was changed.")
    t.prompt()
    holds(t.run("compare"), "no differences")
    t.close()


def test_keep_as_edits(folder):
    t = Terminal(["-d", folder], rows=70, cols=100)
    first_part(t, "203.0.113.7")
    rest(t, "")
    t.see("For the other side:")
    t.until(lambda: "pre-shared key" in t.text(), "the key")
    key = [line.split()[-1] for line in t.lines()
           if line.startswith("  pre-shared key")][0]
    equal(len(key), 44, f"a random key ({key})")
    answer(t, "Commit and connect", "k")
    t.prompt()
    out = t.run("compare")
    holds(out, "remote-gateway 203.0.113.7")
    lacks(out, key)
    t.run("discard")
    t.close()


def test_silent_peer_is_explained(folder):
    with Pair(folder) as pair:
        t = pair.near(rows=70)
        first_part(t, "192.0.2.77")
        rest(t)
        answer(t, "Commit and connect", "")
        t.see("try:", 30)
        t.prompt(30)
        holds(t.text(), "192.0.2.77")
        t.close()


need_root()
main([f for name, f in list(globals().items()) if name.startswith("test_")])
