#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extensions of IKEv2 against strongSwan: messages in fragments,
MOBIKE, reauthentication, children that idle."""
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


RENEW = ["lifetime 1m", "margin-time 55s", "rekey-fuzz 0", "reauth yes"]


def reauthenticated(lab, more, loss):
    """The IKE SA is made anew with its three children."""
    lab.lab("net-up")
    lab.charon("v2-children")
    p1 = "vpn-network lab phase1 lab"
    extra = list(more)
    for n in (2, 3):
        at = f"{p1} phase2 net{n}"
        extra += [f"{at} local-network 10.1.{n}.0/24",
                  f"{at} remote-network 10.2.{n}.0/24",
                  f"{at} lifetime 1h",
                  f"{at} proposal 10 algorithm aes",
                  f"{at} proposal 10 key-length 128",
                  f"{at} proposal 10 dh-group 14"]
    lab.start(settings(p1=RENEW + ["split-connections yes"], more=extra,
                       esp=ESP))
    lab.connect()
    lab.wait("three children", lambda: lab.sas().count("INSTALLED") == 3)
    first = lab.tunnel()["spi_i"]
    ping = lab.start_ping(9)
    lab.wait("a new IKE SA", lambda: lab.tunnel().get("spi_i") not in
             (first, None), 15)
    lab.wait("three children on it", lambda:
             lab.sas().count("INSTALLED") == 3 and
             lab.sas().count("ESTABLISHED") == 1)
    sent, lost = lab.lost(ping)
    check(lost <= loss, f"{lost} of {sent} packets lost")
    for n in (1, 2, 3):
        lab.ping(f"10.1.{n}.10", f"10.2.{n}.10")
    lab.state("connected")


def make_before_break(lab):
    reauthenticated(lab, ["vpn-network lab ipsec make-before-break yes"], 0)


def break_before_make(lab):
    reauthenticated(lab, [], 60)


def inactivity(lab):
    lab.lab("net-up")
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(p2=["inactivity 4s"], esp=ESP, behavior="on-demand"))
    lab.connect()
    for _ in range(3):
        lab.lhost("sleep", "2")
        lab.ping()
    lab.installed()
    lab.wait("the child's end", lambda: "INSTALLED" not in lab.sas(), 12)
    child = lab.tunnel()["children"][0]
    equal("reason", child["reason"]["code"], "inactive")
    check("ESTABLISHED" in lab.sas(), "the IKE SA went too")
    # its trap is there: the next packet brings it back
    lab.lhost("ping", "-n", "-c", "3", "-W", "3", "-I", "10.1.1.10",
              "10.2.1.10")
    lab.wait("the child again", lambda: "INSTALLED" in lab.sas())
    lab.ping()


def virtual_address(lab):
    """We ask: charon's pool gives, the address lives with the IKE SA."""
    lab.lab("net-up")
    lab.charon("v2-vip")
    lab.start(settings(p1=["request-address ipv4"], local="dynamic", esp=ESP))
    lab.connect()
    tunnel = lab.tunnel()
    equal("address", tunnel["inner_local"], ["10.99.0.1"])
    equal("name server", tunnel["name_servers"], ["10.2.0.53"])
    equal("selector", tunnel["children"][0]["local_ts"], ["10.99.0.1"])
    out = lab.lab("exec", "left", "ping", "-n", "-c", "2", "-W", "3",
                  "10.2.1.10")
    check(" 0% packet loss" in out, out)
    lab.run("rekey lab lab ike\nrekey lab lab net child")
    equal("address", lab.tunnel()["inner_local"], ["10.99.0.1"])
    lab.run("disconnect lab lab")
    out = lab.lab("exec", "left", "ip", "addr", "show", "dev", "lo")
    check("10.99.0.1" not in out, f"the address stayed: {out}")


def address_pool(lab):
    """We give: charon asks for an address and a name server."""
    lab.lab("net-up")
    text = lab.edit("v2-vip", (r"pools = p1", "vips = 0.0.0.0"),
                    (r"(?m)^    children", "    version = 2\n    children"),
                    (r"local_ts = 10.2.1.0/24", "local_ts = dynamic"),
                    (r"remote_ts = dynamic", "remote_ts = 10.1.1.0/24"))
    lab.charon("v2-vip", text=text)
    lab.start(settings(p1=["address-pool 10.77.0.0/29",
                           "pool-dns 10.1.0.53"], remote="dynamic", esp=ESP))
    lab.ctl("--initiate", "--child", "net", "--timeout", "20")
    lab.state("connected")
    equal("address", lab.tunnel()["inner_remote"], ["10.77.0.1"])
    check("10.77.0.1" in lab.sas(), "the peer has another address")
    out = lab.lab("exec", "lhost", "ping", "-n", "-c", "2", "-W", "3",
                  "10.77.0.1", check_=False).stdout
    check(" 0% packet loss" in out, out)


PPK = "post-quantum-preshared-key-0123"


def ppk(lab):
    """RFC 8784: required on both sides, both roles; optional; wrong."""
    lab.lab("net-up")
    lab.charon("v2-ppk")
    ours = [f"ppk {PPK}", "ppk-identifier lab-ppk"]
    lab.start(settings(p1=ours, esp=ESP))
    lab.connect()
    check("using PPK for PPK_ID 'lab-ppk'" in lab.log(), "no PPK")
    lab.ping()
    lab.run("disconnect lab lab")
    lab.ctl("--initiate", "--child", "net", "--timeout", "20")
    lab.state("connected")
    lab.run("rekey lab lab ike\nrekey lab lab net child")
    lab.ping()

    lab.charon("v2-ppk-optional")
    lab.start(settings(p1=ours + ["ppk-required no"], esp=ESP))
    lab.connect()
    lab.ping()
    lab.start(settings(p1=ours, esp=ESP))
    lab.connect_fails("ppk-mismatch")

    lab.charon("v2-fail-ppk")
    lab.start(settings(p1=ours, esp=ESP))
    lab.connect_fails("auth-failed-psk")


def main():
    need()
    lab = Lab("v2")
    try:
        for function in (fragments, mobike, mobike_peer,
                         make_before_break, break_before_make, inactivity,
                         virtual_address, address_pool, ppk):
            lab.case(function.__name__, function)
    finally:
        lab.close()


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    main()
