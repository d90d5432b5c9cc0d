#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a commit disturbs and what it does not, seen from strongSwan: one
child of five hundred tunnels, liveness and renewal of an SA that stands,
IPsec switched off, and commits that fail half way."""
import json
import os
import re
import socket

from lablib import PSK, Lab, check, equal, need, settings

TUNNELS = 500
GROUP = 50
PEER = f"""
connections {{
  all {{
    version = 2
    local_addrs = 198.51.100.2
    proposals = aes128gcm16-prfsha256-x25519
    unique = never
    mobike = no
    local {{ auth = psk
             id = right.example }}
    remote {{ auth = psk }}
    children {{
      net {{
        local_ts = 10.2.0.0/16
        remote_ts = 10.1.0.0/16
        esp_proposals = aes128gcm16
        rekey_time = 0
      }}
    }}
  }}
}}
secrets {{
  ike-1 {{ secret = "{PSK}" }}
}}
"""


def many():
    lines = ["vpn-network lab placement host",
             "vpn-network lab address 10.1.0.1",
             "vpn-network lab network-address 10.1.0.0/16"]
    for n in range(TUNNELS):
        p = f"vpn-network lab phase1 t{n}"
        lines += [f"{p} {x}" for x in (
            "key-exchange ikev2", "remote-gateway 198.51.100.2",
            f"pre-shared-key {PSK}", f"identifier left{n}.example",
            "peer-identifier right.example", "dpd-delay 1h",
            "connection-behavior responder-only",
            "proposal 10 algorithm aes-gcm", "proposal 10 key-length 128",
            "proposal 10 prf sha256", "proposal 10 dh-group 31",
            f"phase2 net local-network 10.1.{1 + n // 250}.{n % 250 + 1}/32",
            "phase2 net remote-network 10.2.1.0/24",
            "phase2 net proposal 10 algorithm aes-gcm",
            "phase2 net proposal 10 key-length 128",
            "phase2 net proposal 10 dh-group none")]
    return [f"set {x}" for x in lines]


def spis(lab):
    """{name: (IKE SPIs, child SPIs)} of all tunnels that stand."""
    return {t["phase1"]: (t["spi_i"], t["spi_r"],
                          *[(c["spi_in"], c["spi_out"])
                            for c in t["children"] if "spi_in" in c])
            for t in lab.json("show tunnels")["tunnels"]
            if t["state"] == "connected"}


def of_children(lab, since):
    """The peer's log about children since so many lines."""
    return [x for x in lab.log().splitlines()[since:] if re.search(
        r"CHILD_SA \w+\{\d+\}|DELETE|deleting|established", x)]


def one_of_many(lab):
    lab.charon(text=PEER)
    lab.start(many())
    # more at once than charon's userspace plane takes, it does not answer
    for at in range(0, TUNNELS, GROUP):
        lab.run("\n".join(f"connect lab t{n} wait 20"
                          for n in range(at, at + GROUP)))
    equal("tunnels", len(spis(lab)), TUNNELS)
    before, lines = spis(lab), len(lab.log().splitlines())

    # nothing that is negotiated: nothing at all on the wire
    lab.run("set vpn-network lab phase1 t7 phase2 net lifetime 2h\n"
            "set vpn-network lab phase1 t8 dpd-action clear\n"
            "set vpn-network lab phase1 t9 description changed\ncommit")
    equal("SPIs", spis(lab), before)
    equal("the peer's log", of_children(lab, lines), [])

    lab.run("set vpn-network lab phase1 t7 phase2 net remote-network "
            "10.2.2.0/24\ncommit")
    lab.wait("the child", lambda: len(spis(lab)) == TUNNELS and
             len(spis(lab)["t7"]) == 3, 20)
    after = spis(lab)
    equal("changed", [n for n in after if after[n] != before[n]], ["t7"])
    equal("IKE SA of t7", after["t7"][:2], before["t7"][:2])
    said = "\n".join(of_children(lab, lines))
    equal("made anew\n" + said, len(re.findall(
        r"CHILD_SA net\{\d+\} established", said)), 1)
    check("IKE_SA all" not in said, said)


def child(lab):
    return lab.tunnel()["children"][0]


def liveness_and_lifetimes(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp="aes 128 sha256 none", p1=["dpd-delay 1h"]))
    lab.connect()
    spi, ends = lab.tunnel()["spi_i"], child(lab)["expires_at"]
    lines = len(lab.log().splitlines())
    lab.run("set vpn-network lab phase1 lab dpd-delay 1s\ncommit")
    lab.wait("a probe", lambda: re.search(
        r"parsed INFORMATIONAL request \d+ \[ \]",
        "\n".join(lab.log().splitlines()[lines:])), 10)
    lab.run("set vpn-network lab phase1 lab dpd-delay 1h\n"
            "set vpn-network lab phase1 lab phase2 net lifetime 2h\ncommit")
    check(child(lab)["expires_at"] > ends, f"still {ends}")
    lab.run("set vpn-network lab phase1 lab rekey no\ncommit")
    equal("renewal", (lab.tunnel()["rekey_at"], child(lab)["rekey_at"]),
          (None, None))
    equal("IKE SA", lab.tunnel()["spi_i"], spi)
    lab.ping()


def listen(lab):
    """A connection that is told of states, as a live screen has it."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(lab.dir + "/run/control")
    s.sendall(b'{"id":1,"method":"subscribe","params":{"topics":["state"]}}'
              b"\n")
    f = s.makefile("r")
    f.readline()
    return s, f


def told(f, what, phase2):
    """The next event of this kind; others may come before it."""
    while True:
        data = json.loads(f.readline())["data"]
        if (data["what"], data["phase2"]) == (what, phase2):
            return data


def events_and_rates(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp="aes 128 sha256 none"))
    s, f = listen(lab)
    lab.connect()
    up = told(f, "up", "net")
    equal("event", (up["network"], up["phase1"], up["state"], up["peer"],
                    up["reason"]),
          ("lab", "lab", "connected", "198.51.100.2", None))
    ping = lab.start_ping(5)
    child(lab)
    lab.wait("a rate", lambda: child(lab)["rate_in"] > 500 and
             child(lab)["rate_out"] > 500, 8)
    lab.lost(ping)
    lab.run("rekey lab lab net child")
    told(f, "rekeyed", "net")
    lab.ctl("--terminate", "--ike", "lab", check_=False)
    down = told(f, "down", "")
    equal("reason", down["reason"]["code"], "peer-deleted")
    lab.run("power off lab")
    equal("power", told(f, "off", "")["state"], "off")
    f.close()
    s.close()


def udp_ports(lab):
    out = lab.lhost("ss", "-Hlnu", place="left")
    return sorted(set(re.findall(r":(500|4500)\s", out)))


def ipsec_off(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp="aes 128 sha256 none"))
    lab.connect()
    equal("ports", udp_ports(lab), ["4500", "500"])
    lab.run("set vpn-network lab ipsec enabled no\ncommit")
    equal("ports", udp_ports(lab), [])
    lab.wait("no SA at the peer",
             lambda: "ESTABLISHED" not in lab.sas(), 10)
    equal("state", lab.tunnel()["state"], "disabled")
    lab.run("set vpn-network lab ipsec enabled yes\ncommit")
    equal("ports", udp_ports(lab), ["4500", "500"])
    lab.connect()
    lab.ping()


def save_fails(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp="aes 128 sha256 none"))
    lab.connect()
    before = spis(lab)
    wall = lab.dir + "/sallyport.conf.new"
    text = open(lab.dir + "/sallyport.conf").read()
    os.mkdir(wall)
    change = ("set vpn-network lab phase1 lab identifier other.example\n"
              "set vpn-network lab ipsec exclude-my-network no\n"
              "set system dmz-network 100.65.0.0/24\ncommit")
    done = lab.cmd(change)
    check(done.returncode != 0, done.stdout + done.stderr)
    os.rmdir(wall)
    equal("file", open(lab.dir + "/sallyport.conf").read(), text)
    out = lab.run("show configuration")
    check("left.example" in out and "other.example" not in out, out)
    # the power-cycle that this one needs is taken back, as far as can be
    lab.run("power on lab wait 5")
    lab.connect()
    lab.ping()
    check(before.keys() == spis(lab).keys(), f"{spis(lab)}")
    lab.run("set vpn-network lab phase1 lab description saved\ncommit")


def save_fails_quietly(lab):
    """Without a power-cycle a commit that fails moves no SA."""
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp="aes 128 sha256 none"))
    lab.connect()
    before = spis(lab)
    wall = lab.dir + "/sallyport.conf.new"
    os.mkdir(wall)
    done = lab.cmd("set vpn-network lab phase1 lab identifier x.example\n"
                   "set vpn-network lab ipsec exclude-my-network no\ncommit")
    check(done.returncode != 0, done.stdout + done.stderr)
    os.rmdir(wall)
    equal("SPIs", spis(lab), before)
    lab.ping()


def network_fails(lab):
    """A second network cannot have the ports of the first one's place."""
    lab.charon("v2-psk-cbc-modp2048")
    second = ["vpn-network two address 10.9.0.1",
              "vpn-network two network-address 10.9.0.0/24"]
    lab.start(settings(esp="aes 128 sha256 none", more=second))
    lab.run("power on two wait 5")
    lab.connect()
    before = spis(lab)
    done = lab.cmd("set vpn-network two placement host\n"
                   "set vpn-network lab phase1 lab identifier x.example\n"
                   "commit")
    check(done.returncode != 0, done.stdout + done.stderr)
    equal("SPIs", spis(lab), before)
    two = [n for n in lab.json("show networks")["networks"]
           if n["network"] == "two"][0]
    equal("network two", two["state"], "on")
    check(two["namespace"], f"{two}")
    out = lab.run("show configuration")
    check("x.example" not in out, out)
    lab.ping()


def main():
    need()
    lab = Lab("cm")
    try:
        for function in (one_of_many, liveness_and_lifetimes,
                         events_and_rates, ipsec_off,
                         save_fails, save_fails_quietly, network_fails):
            lab.case(function.__name__, function)
    finally:
        lab.close()


if __name__ == "__main__":
    main()
