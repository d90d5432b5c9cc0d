#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""By keys in the menus only, from an empty machine to a tunnel with
strongSwan that carries pings; then a wrong key with its reason on the page of
the tunnel, and the mended one."""
import os
import sys

from lablib import BIN, PSK, SHARED, TOP, Lab, check, need

os.environ.setdefault("SP_BIN", BIN)
os.environ.setdefault("SP_SRCDIR", TOP)
sys.path.insert(0, TOP + "/tests/shell")
from lib import Terminal    # noqa: E402  pylint: disable=wrong-import-position


def charon(lab):
    """The lab's peer, with the proposals that we have by default."""
    case = "v2-psk-cbc-modp2048"
    with open(f"{SHARED}/lab/configs/{case}/right/swanctl.conf") as f:
        text = f.read().replace(
            " proposals = aes128-", " proposals = aes256-")
    lab.charon(case, text=text)


def wizard(lab, psk, want):
    """Through the wizard; want: what the page of the tunnel then shows."""
    charon(lab)
    lab.start()
    t = Terminal(["-d", lab.dir, "menu"], term="vt100")
    t.see("Command line")
    t.send("5")
    for question, text in (
            ("Name of the VPN network", "lab"), ("Where it lives", "host"),
            ("Local network", "10.1.0.0/16"),
            ("This gateway's address", "10.1.0.1"),
            ("Name of the other side", "lab"),
            ("Peer's public address", "198.51.100.2"),
            ("IKE version", "ikev2"), ("Our identity", "left.example"),
            ("Peer's identity", "right.example"), ("Pre-shared key", psk),
            ("When to connect", "responder-only"),
            ("Name of the traffic", "net"),
            ("Networks on this side", "10.1.1.0/24"),
            ("Networks on the other side", "10.2.1.0/24")):
        t.until(lambda q=question: q in t.lines()[-2], question)
        t.send("\x15" + text + "\r")
    t.see("Summary")
    t.send("q")
    t.see("Commit and connect")
    t.send("c")
    t.see(want, 40)
    return t


def empty_to_connected(lab):
    t = wizard(lab, PSK, "connected")
    t.until(lambda: "state          connected" in t.text(), "the page", 20)
    lab.ping()
    check("ESTABLISHED" in lab.sas(), lab.sas())
    t.close()


def wrong_key_and_mended(lab):
    t = wizard(lab, "a wrong key that is long enough", "error:")
    t.send("q")
    t.see("reason", 20)
    lab.run(f'set vpn-network lab phase1 lab pre-shared-key "{PSK}"\ncommit')
    t.send("c")
    t.until(lambda: "state          connected" in t.text(), "the page", 30)
    lab.ping()
    t.close()


def main():
    need()
    lab = Lab("mn")
    try:
        for function in (empty_to_connected, wrong_key_and_mended):
            lab.case(function.__name__, function)
    finally:
        lab.close()


if __name__ == "__main__":
    main()
