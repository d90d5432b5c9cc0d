#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extensions of IKEv2 against strongSwan: messages in fragments."""
import os

from lablib import Lab, check, equal, need, settings

ESP = "aes 128 sha256 none"


def long_names(lab, case):
    """Names so long that IKE_AUTH does not fit into one datagram."""
    ours, theirs = "l" * 240 + ".example", "r" * 240 + ".example"
    text = lab.edit(case, ("left.example", ours), ("right.example", theirs))
    networks = ",".join(f"192.168.{n}.0/25" for n in range(60))
    return text, ours, theirs, networks


def fragments(lab):
    text, ours, theirs, networks = long_names(lab, "v2-psk-cbc-modp2048")
    text = text.replace("mobike = no", "mobike = no\n    fragmentation = yes")
    lab.charon("v2-fragment", text=text)
    lab.start(settings(
        p1=[f"identifier {ours}", f"peer-identifier {theirs}"],
        p2=[f"remote-network {n}" for n in networks.split(",")], esp=ESP))
    lab.connect()
    log = lab.log()
    check("received fragment #2 of 2, reassembled fragmented" in log,
          "our request was not cut")
    check("fragments" in log and "splitting IKE message" in log,
          "the peer's answer was not cut")
    lab.ping()
    lab.run("disconnect lab lab")
    lab.ctl("--initiate", "--child", "net", "--timeout", "20")
    lab.state("connected")
    lab.ping()


def main():
    need()
    lab = Lab("v2")
    try:
        for function in (fragments,):
            lab.case(function.__name__, function)
    finally:
        lab.close()


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    main()
