# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings act: one case for each group of settings whose effect shows only
in a tunnel, against strongSwan.  A setting that is accepted and does nothing
is a defect; what is not yet there is refused (tests/shell/test_settings.py).
"""
import datetime
import os
import re

from lablib import SHARED, Lab, check, equal, need, settings

FAST = ["system retransmit-timeout 0.3", "system retransmit-tries 2"]
ESP = "aes 128 sha256 none"


def tun(lab):
    """Our TUN device on the left, as `ip link` shows it."""
    out = lab.lhost("ip", "-o", "link", place="left")
    return next(x for x in out.splitlines() if re.search(r": sp\w*[-.]?lab|"
                r"POINTOPOINT", x))


def lead_of(obj):
    """Seconds from the renewal to the end of an SA."""
    def when(key):
        return datetime.datetime.fromisoformat(obj[key].replace("Z",
                                                                "+00:00"))
    return (when("expires_at") - when("rekey_at")).total_seconds()


def renewal_times(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp=ESP, p1=["lifetime 1000s", "margin-time 100s",
                                    "rekey-fuzz 100"],
                       p2=["lifetime 800s"]))
    lab.connect()
    t = lab.tunnel()
    child = t["children"][0]
    for what, obj in (("IKE", t), ("child", child)):
        check(100 <= lead_of(obj) <= 201, f"{what}: {obj}")
    lab.run("set vpn-network lab phase1 lab rekey-fuzz 0\ncommit\n"
            "disconnect lab lab\nconnect lab lab wait 20")
    t = lab.tunnel()
    for obj in (t, t["children"][0]):
        check(99 <= lead_of(obj) <= 101, f"without fuzz: {obj}")


def rekey_no(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp=ESP, p1=["rekey no"]))
    lab.connect()
    t = lab.tunnel()
    for obj in (t, t["children"][0]):
        check(not obj.get("rekey_at") and obj["expires_at"], f"{obj}")


def life_packets(lab):
    limit_rekeys(lab, "life-packets 40")


def life_bytes(lab):
    limit_rekeys(lab, "life-bytes 6000")


def limit_rekeys(lab, limit):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp=ESP, p2=[limit]))
    lab.connect()
    first = lab.tunnel()["children"][0]["spi_in"]
    ping = lab.start_ping(4, 0.05)
    lab.wait("a rekey", lambda: lab.tunnel()["children"][0]["spi_in"] !=
             first, 5)
    sent, lost = lab.lost(ping)
    check(lost == 0, f"{lost} of {sent} pings were lost")
    lab.installed()


def esn(lab):
    lab.charon("v2-esn", ack=True)
    text = open(SHARED + "/lab/configs/v2-esn/right/swanctl.conf").read()
    esp = re.search(r"esp_proposals = (\S+)", text).group(1)
    ike = re.search(r"\bproposals = (\S+)", text).group(1)
    lab.start(settings(ike=suite(ike), esp=suite(esp),
                       more=["vpn-network lab phase1 lab phase2 net "
                             "proposal 10 esn yes"]))
    lab.connect()
    check("ESN" in lab.sas() and "NO_EXT_SEQ" not in lab.sas(), lab.sas())


def suite(word):
    """strongSwan's word as a row of lablib.settings()."""
    aead = re.match(r"aes(\d+)gcm\d+", word)
    cbc = re.match(r"aes(\d+)-(sha\d+)", word)
    group = {"modp2048": "14", "ecp256": "19", "x25519": "31"}
    dh = next((g for w, g in group.items() if w in word), "none")
    if aead:
        return f"aes-gcm {aead.group(1)} sha256 {dh}"
    return f"aes {cbc.group(1)} {cbc.group(2)} {dh}"


def replay_window(lab):
    """Packets of the peer are copied and reordered on the wire."""
    lab.charon("v2-psk-cbc-modp2048")
    for window, errors in (("64", True), ("0", False)):
        lab.start(settings(esp=ESP, p2=[f"replay-window {window}"]))
        lab.connect()
        lab.lab("relay", "--dup", "100", "--seed", "5")
        lab.lhost("ping", "-n", "-q", "-c", "5", "-i", "0.2", "-I",
                  "10.1.1.10", "10.2.1.10")
        lab.lab("relay", "off")
        got = lab.tunnel()["children"][0]["replay_errors"]
        check((got > 0) == errors, f"window {window}: {got} replay errors")


def dpd_lost(lab, *p1, behavior="responder-only", wait_down=True):
    lab.charon("v2-dpd-restart")
    lab.start(settings(p1=p1, esp=ESP, more=FAST, behavior=behavior))
    lab.connect()
    lab.no_peer(kill=True)
    if wait_down:
        lab.wait("the loss", lambda: lab.tunnel()["state"] != "connected", 15)


def dpd_hold(lab):
    """Traps stand again: the next packet brings the tunnel back."""
    dpd_lost(lab, "dpd-delay 1s", "dpd-action hold", behavior="on-demand")
    equal("reason", lab.tunnel()["reason"]["code"], "dpd-timeout")
    equal("state", lab.tunnel()["state"], "waiting")
    lab.charon("v2-dpd-restart")
    lab.lhost("ping", "-n", "-q", "-c", "8", "-i", "0.5", "-I", "10.1.1.10",
              "10.2.1.10")
    lab.state("connected")


def dpd_none(lab):
    """Nobody is asked, so nobody is missed."""
    dpd_lost(lab, "dpd-delay 1s", "dpd-action none", wait_down=False)
    lab.lhost("sleep", "4")
    equal("state", lab.tunnel()["state"], "connected")
    log = lab.run("show log last 50 level debug")
    check("ike-retransmit" not in log, log)


def close_actions(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp=ESP, p1=["close-action none"]))
    lab.connect()
    lab.ctl("--terminate", "--ike", "lab")
    lab.state("waiting")
    equal("reason", lab.tunnel()["reason"]["code"], "peer-deleted")
    lab.start(settings(esp=ESP, behavior="start",
                       p1=["close-action start"]))
    lab.state("connected")
    spi = lab.tunnel()["children"][0]["spi_in"]
    lab.ctl("--terminate", "--ike", "lab")
    lab.wait("its return", lambda: [c for c in lab.tunnel()["children"]
             if c.get("spi_in") and c["spi_in"] != spi])


def keying_tries(lab):
    lab.no_peer()
    lab.start(settings(esp=ESP, p1=["keying-tries 2"], behavior="start",
                       more=["system retransmit-timeout 0.2",
                             "system retransmit-tries 1"]))
    lab.state("failed", seconds=15)
    log = lab.run("show log last 50 level debug")
    check("no tunnel after 2 tries" in log, log)


def unique_ids(lab):
    """The peer dies and comes again: its old IKE SA is replaced or not."""
    for policy, ours in (("yes", 1), ("no", 1), ("never", 2)):
        lab.charon("v2-psk-peer-initiates")
        lab.start(settings(esp=ESP, more=[
            f"vpn-network lab ipsec unique-ids {policy}"]))
        lab.ctl("--initiate", "--child", "net")
        lab.state("connected")
        lab.no_peer(kill=True)
        lab.charon("v2-psk-peer-initiates")
        lab.ctl("--initiate", "--child", "net")
        lab.wait(f"{ours} IKE SAs with {policy}", lambda want=ours: len(
            [x for x in lab.json("show ike")["ike_sas"]
             if x["state"] == "connected"]) == want, 5)


def exclude_my_network(lab):
    """A remote 0.0.0.0/0 contains our own network, which stays in clear."""
    lab.charon(text=lab.edit("v2-psk-cbc-modp2048", (
        r"local_ts = \S+", "local_ts = 0.0.0.0/0")))
    lab.start(settings(esp=ESP, remote="0.0.0.0/0"))
    lab.connect()
    lab.ping()
    lab.ping(dst="10.1.0.1")
    lab.run("set vpn-network lab ipsec exclude-my-network no\ncommit")
    lab.ping(dst="10.1.0.1", ok=False)
    lab.run("set vpn-network lab ipsec exclude-my-network yes\ncommit")
    lab.ping(dst="10.1.0.1")


def routing_table(lab):
    """A commit moves the routes; the tunnel keeps its SPI."""
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp=ESP))
    lab.connect()
    spi = lab.tunnel()["children"][0]["spi_in"]

    def routes(table):
        # without -e: a table that is empty is an error of ip
        return lab.lab("exec", "left", "ip", "route", "show", "table",
                       table, check_=False).stdout
    check("10.2.1.0/24" in routes("220"), routes("220"))
    lab.run("set system routing-table 231\ncommit")
    check("10.2.1.0/24" in routes("231"), routes("231"))
    check("10.2.1.0/24" not in routes("220"), routes("220"))
    lab.ping()
    lab.run("set system install-routes no\ncommit")
    check("10.2.1.0/24" not in routes("231"), routes("231"))
    lab.run("set system install-routes yes\ncommit")
    lab.ping()
    equal("SPI", lab.tunnel()["children"][0]["spi_in"], spi)


def mtu(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp=ESP))
    lab.connect()
    wide = int(re.search(r"mtu (\d+)", tun(lab)).group(1))
    lab.run("set vpn-network lab mtu 1400\ncommit\nconnect lab lab wait 20")
    narrow = int(re.search(r"mtu (\d+)", tun(lab)).group(1))
    # blocks of 16 bytes: not all of the difference shows
    check(84 <= wide - narrow <= 116, f"{wide} became {narrow}")
    lab.ping()


def others_stay(lab):
    """One of two children changes, the other keeps its keys."""
    lab.charon("v2-children")
    second = "vpn-network lab phase1 lab phase2 other "
    lab.start(settings(p1=["split-connections yes"], more=[
        second + "local-network 10.1.2.0/24",
        second + "remote-network 10.2.2.0/24"]))
    lab.connect()

    def spis():
        return {c["phase2"]: c.get("spi_in") for c in
                lab.tunnel()["children"]}
    lab.wait("both", lambda: all(spis().values()))
    before = spis()
    lab.run(f"set {second}replay-window 128\ncommit")
    lab.wait("the new one", lambda: spis().get("other") not in
             (None, before["other"]))
    equal("the other", spis()["net"], before["net"])
    before = spis()
    lab.run(f"set {second}priority 77\ncommit")
    lab.wait("the new one", lambda: spis().get("other") not in
             (None, before["other"]))
    equal("the other", spis()["net"], before["net"])


def foreign_address(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp=ESP, p1=["local-address 192.0.2.77"]))
    out = lab.run("connect lab lab wait 5", 1)
    check('192.0.2.77 is not an address of network "lab"' in out, out)


def second_address(lab):
    lab.charon(text=lab.edit("v2-psk-cbc-modp2048", (
        r"remote_addrs = \S+", "remote_addrs = 192.0.2.3")))
    lab.start(settings(esp=ESP, p1=["local-address 192.0.2.3"]))
    lab.connect()
    check("192.0.2.3" in lab.sas(), lab.sas())


def main():
    need()
    lab = Lab("st")
    pattern = os.environ.get("CASE", "")
    try:
        for function in (
                renewal_times, rekey_no, life_packets, life_bytes, esn,
                replay_window, dpd_hold, dpd_none, close_actions,
                keying_tries, unique_ids, exclude_my_network, routing_table,
                mtu, others_stay, foreign_address, second_address):
            if pattern in function.__name__:
                lab.case(function.__name__, function)
    finally:
        lab.close()


if __name__ == "__main__":
    main()
