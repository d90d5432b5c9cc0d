#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extensions of IKEv2 against strongSwan: messages in fragments,
MOBIKE."""
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


def move(lab, side, gate):
    """The outer address of a side changes from .2 to .3."""
    net = {"left": "192.0.2", "right": "198.51.100"}[side]
    for cmd in (f"addr del {net}.2/24 dev wan",
                f"addr replace {net}.3/24 dev wan",
                f"route replace default via {gate}"):
        lab.lab("exec", side, "ip", *cmd.split())


def follows(lab, us, peer):
    """The tunnel stands between these two addresses, and carries."""
    lab.wait(f"{us} - {peer} in our status", lambda: [
        lab.tunnel()[side]["address"] for side in ("local", "remote")
    ] == [us, peer])
    lab.wait("the same at the peer", lambda: f"@ {us}" in lab.sas() and
             f"@ {peer}" in lab.sas(), 20)
    lab.ping()
    equal("IKE SAs", lab.sas().count("ESTABLISHED"), 1)
    lab.run("rekey lab lab ike\nrekey lab lab net child")
    lab.ping()


def mobike(lab):
    """Our address goes away: the tunnel that we began follows."""
    lab.lab("net-up")
    lab.charon("v2-mobike")
    # kernel-libipsec encapsulates always; so do we
    lab.start(settings(p1=["mobike yes", "force-udp-encapsulation yes"],
                       esp=ESP))
    lab.connect()
    check(lab.tunnel()["mobike"], "MOBIKE was not agreed on")
    lab.ping()
    move(lab, "left", "192.0.2.1")
    lab.wait("UPDATE_SA_ADDRESSES", lambda: "N(UPD_SA_ADDR)" in lab.log(),
             20)
    follows(lab, "192.0.2.3", "198.51.100.2")


def mobike_peer(lab):
    """The peer's address goes away; it had begun the tunnel."""
    lab.lab("net-up")
    text = lab.edit("v2-mobike", (r"remote_addrs = %any",
                                  "remote_addrs = 192.0.2.2"),
                    (r"local_addrs = 198.51.100.2", "local_addrs = %any"))
    lab.charon("v2-mobike", text=text)
    lab.start(settings(p1=["mobike yes", "force-udp-encapsulation yes"],
                       esp=ESP))
    lab.ctl("--initiate", "--child", "net", "--timeout", "20")
    lab.state("connected")
    lab.ping()
    move(lab, "right", "198.51.100.1")
    follows(lab, "192.0.2.2", "198.51.100.3")
    check("N(COOKIE2)" in lab.log(), "no return routability check")


def main():
    need()
    lab = Lab("v2")
    try:
        for function in (fragments, mobike, mobike_peer):
            lab.case(function.__name__, function)
    finally:
        lab.close()


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    main()
