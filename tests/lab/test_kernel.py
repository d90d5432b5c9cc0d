# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine with the kernel plane against charon with kernel-netlink, inside
the kernel lab (a kernel that has ESP): raw ESP and ESP in UDP, both roles,
on-demand by acquire, rekeys with a ping running, delete, counters, and what
`ip xfrm` shows.  Run outside, it boots the lab and runs itself inside."""
import os
import re
import subprocess
import sys

from lablib import SHARED, Lab, check, equal, need, settings

KERNEL_LAB = SHARED + "/lab/kernel/kernel-lab"
KERNEL = ["system data-plane kernel"]
RAW = (r"encap = yes", "encap = no")


def xfrm(lab, what):
    return lab.lhost("ip", "-s", "xfrm", what, place="left")


def raw_esp(lab):
    lab.charon(text=lab.edit("v2-psk-gcm-ecp256", RAW), netlink=True)
    lab.start(settings(ike="aes-gcm 128 sha256 19", esp="aes-gcm 128 - 19",
                       more=KERNEL))
    lab.connect(wait=60)
    lab.installed()
    lab.ping()
    state = xfrm(lab, "state")
    check("rfc4106(gcm(aes))" in state and "encap" not in state, state)
    equal("states", len(re.findall(r"^src ", state, re.M)), 2)
    equal("data plane", lab.json("show system")["system"]["data_plane"],
          "kernel")
    child = lab.tunnel()["children"][0]
    check(child["packets_in"] >= 2 and child["packets_out"] >= 2,
          f"counters: {child}")


def udp_encap_cbc(lab):
    lab.charon("v2-psk-cbc-modp2048", netlink=True)
    lab.start(settings(esp="aes 128 sha256 none", more=KERNEL,
                       p1=["force-udp-encapsulation yes"]))
    lab.connect(wait=60)
    lab.ping()
    state = xfrm(lab, "state")
    check("espinudp" in state and "auth-trunc hmac(sha256)" in state and
          " 128" in state, state)


def responder(lab):
    lab.charon(text=lab.edit("v2-psk-gcm-x25519", RAW), netlink=True)
    lab.start(settings(ike="aes-gcm 256 sha384 31", esp="aes-gcm 256 - 31",
                       more=KERNEL))
    lab.ctl("--initiate", "--child", "net", "--timeout", "60")
    lab.state("connected", seconds=30)
    lab.ping()


def rekeys(lab):
    lab.charon(text=lab.edit("v2-psk-gcm-ecp256", RAW), netlink=True)
    lab.start(settings(ike="aes-gcm 128 sha256 19", esp="aes-gcm 128 - 19",
                       more=KERNEL))
    lab.connect(wait=60)
    ping = lab.start_ping(12, 0.1)
    lab.run("rekey lab lab net child\nrekey lab lab ike")
    lab.ctl("--rekey", "--child", "net")
    lab.ctl("--rekey", "--ike", "lab")
    sent, lost = lab.lost(ping)
    check(lost == 0, f"{lost} of {sent} pings were lost")
    lab.wait("one child", lambda: lab.sas().count("INSTALLED") == 1, 30)
    lab.wait("two states", lambda: len(re.findall(
        r"^src ", xfrm(lab, "state"), re.M)) == 2, 30)


def on_demand(lab):
    lab.charon(text=lab.edit("v2-psk-gcm-ecp256", RAW), netlink=True)
    lab.start(settings(ike="aes-gcm 128 sha256 19", esp="aes-gcm 128 - 19",
                       more=KERNEL, behavior="on-demand"))
    equal("state", lab.tunnel()["state"], "waiting")
    check("dir out" in xfrm(lab, "policy"), "no trap policy")
    lab.lhost("ping", "-n", "-c", "8", "-i", "0.5", "-W", "2", "-I",
              "10.1.1.10", "10.2.1.10")
    lab.state("connected", seconds=30)
    lab.ping()


def clean(lab):
    lab.charon(text=lab.edit("v2-psk-gcm-ecp256", RAW), netlink=True)
    lab.start(settings(ike="aes-gcm 128 sha256 19", esp="aes-gcm 128 - 19",
                       more=KERNEL))
    lab.connect(wait=60)
    lab.stop(kill=True)
    check("rfc4106" in xfrm(lab, "state"), "nothing was left by the kill")
    lab.spawn()
    lab.wait("leftovers gone or adopted", lambda: "rfc4106" not in
             xfrm(lab, "state"), 20)
    lab.stop()
    equal("states", xfrm(lab, "state").strip(), "")
    equal("policies with templates", xfrm(lab, "policy").count("tmpl"), 0)


def inside():
    lab = Lab("kn")
    try:
        for function in (raw_esp, udp_encap_cbc, responder, rekeys,
                         on_demand, clean):
            lab.case(function.__name__, function)
    finally:
        lab.close()


def main():
    need(KERNEL_LAB)
    if os.environ.get("KERNEL_LAB"):
        inside()
    subprocess.run([KERNEL_LAB, "fetch"], check=True,
                   stdout=subprocess.DEVNULL)
    names = ("SP_SRCDIR", "SP_SHARED", "SP_BIN", "SP_BUILD")
    keep = [x for n in names if n in os.environ for x in ("-e", n)]
    sys.exit(subprocess.run(
        [KERNEL_LAB, "run", "-t", "540", *keep, "-e", "LAB_STATE=/tmp/lab",
         "--", "/usr/bin/python3", os.path.abspath(__file__)],
        check=False).returncode)


main()
