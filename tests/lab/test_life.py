# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a tunnel with strongSwan: child and IKE SA rekeyed every few
seconds by either side with a ping running (no packet may be lost), lossy and
corrupting wires, dead peers and their return, an engine killed and restarted.
"""
from lablib import Lab, check, equal, need, settings

def no_loss(lab, ping):
    sent, lost = lab.lost(ping)
    check(lost == 0, f"{lost} of {sent} pings were lost")


def rekeyed_by_peer(what):
    def run(lab):
        lab.charon("v2-rekey-child" if what == "child" else "v2-rekey-ike")
        lab.start(settings(esp="aes 128 sha256 14" if what == "child"
                           else "aes 128 sha256 none"))
        lab.connect()
        first = lab.tunnel()["children"][0]["spi_in"]
        ping = lab.start_ping(10)
        lab.wait("two rekeys", lambda: lab.log().count(
            "CREATE_CHILD_SA response") >= 2, 12)
        no_loss(lab, ping)
        lab.installed()
        equal("IKE SAs", lab.sas().count("ESTABLISHED"), 1)
        now = lab.tunnel()["children"][0]["spi_in"]
        equal("the child was rekeyed", now != first, what == "child")
        lab.ping()
    return run


def rekeyed_by_us(lab):
    lab.charon("v2-rekey-by-us")
    lab.start(settings())
    lab.connect()
    ping = lab.start_ping(9)
    for _ in range(3):
        before = lab.tunnel()["children"][0]["spi_in"]
        lab.run("rekey lab lab net child")
        lab.wait("the new child", lambda old=before:
                 lab.tunnel()["children"][0]["spi_in"] != old, 5)
        spi = lab.json("show ike")["ike_sas"][0]["spi_i"]
        lab.run("rekey lab lab ike")
        lab.wait("the new IKE SA", lambda old=spi: [
            x for x in lab.json("show ike")["ike_sas"]
            if x["spi_i"] != old and x["state"] == "connected"], 5)
    no_loss(lab, ping)
    lab.wait("one IKE SA", lambda: lab.sas().count("ESTABLISHED") == 1)
    lab.wait("one child", lambda: lab.sas().count("INSTALLED") == 1)
    lab.ping()


def rekeyed_by_time(lab):
    lab.charon("v2-rekey-by-us")
    lab.start(settings(p1=["lifetime 60s", "margin-time 29s",
                           "rekey-fuzz 0", "reauth no"],
                       p2=["lifetime 60s"]))
    lab.connect()
    tunnel = lab.tunnel()
    check(tunnel["rekey_at"] and tunnel["children"][0]["rekey_at"],
          f"no rekey times: {tunnel}")


def rekeyed_by_both(lab):
    lab.charon("v2-rekey-child")
    lab.start(settings())
    lab.connect()
    ping = lab.start_ping(8)
    for _ in range(8):
        lab.cmd("rekey lab lab net child\nrekey lab lab ike")
        lab.ctl("--rekey", "--child", "net", check_=False)
        lab.ctl("--rekey", "--ike", "lab", check_=False)
    sent, lost = lab.lost(ping)
    # where both sides' rekeys cross, one lost packet was seen on a machine
    # with five labs at once; whose it was is not known
    check(lost <= 1, f"{lost} of {sent} pings were lost")
    lab.wait("one IKE SA", lambda: lab.sas().count("ESTABLISHED") == 1, 20)
    lab.wait("one child", lambda: lab.sas().count("INSTALLED") == 1, 20)
    lab.wait("one child here",
             lambda: len([c for c in lab.json("show children")["children"]
                          if c["state"] == "connected"]) == 1, 20)
    lab.ping()


def phase1_alone(lab):
    """RFC 6023: no phase 2 at all; a later one is asked for by itself."""
    lab.charon("v2-childless")
    lab.start([*settings(ike="aes 128 sha256 14", esp="aes 128 sha256 none"),
               "delete vpn-network lab phase1 lab phase2 net"])
    lab.connect("lab")
    equal("state", lab.tunnel()["state"], "connected")
    equal("IKE SAs", lab.sas().count("ESTABLISHED"), 1)
    lab.installed(0)
    lab.run("rekey lab lab ike")
    lab.wait("the renewed one", lambda: "ESTABLISHED" in lab.sas() and
             lab.tunnel()["state"] == "connected", 10)
    spi = lab.tunnel()["spi_i"]
    new = [x for x in settings(esp="aes 128 sha256 none") if "phase2" in x]
    lab.run("\n".join([*new, "commit", "connect lab lab net wait 20"]))
    lab.installed()
    equal("IKE SA", lab.tunnel()["spi_i"], spi)
    lab.ping()
    lab.run("disconnect lab lab")
    lab.wait("nothing", lambda: "ESTABLISHED" not in lab.sas(), 10)


def peer_dies(lab):
    lab.charon("v2-dpd-restart")
    lab.start(settings(p1=["dpd-delay 1s", "dpd-action restart"],
                       esp="aes 128 sha256 none", more=[
        "system retransmit-timeout 0.4", "system retransmit-tries 3"]))
    lab.connect()
    lab.no_peer(kill=True)
    lab.wait("dead peer detection", lambda: lab.tunnel()["state"]
             != "connected", 20)
    lab.charon("v2-dpd-restart")
    lab.state("connected", seconds=20)
    lab.ping()


def dpd_clear(lab):
    lab.charon("v2-dpd-restart")
    lab.start(settings(p1=["dpd-delay 1s", "dpd-action clear"],
                       esp="aes 128 sha256 none", more=[
        "system retransmit-timeout 0.4", "system retransmit-tries 3"]))
    lab.connect()
    lab.no_peer(kill=True)
    lab.wait("dead peer detection", lambda: lab.tunnel()["state"]
             != "connected", 20)
    equal("reason", lab.tunnel()["reason"]["code"], "dpd-timeout")


def answers_probes(lab):
    lab.charon("v2-dpd-peer")
    lab.start(settings(esp="aes 128 sha256 none"))
    lab.connect()
    lab.wait("probes answered", lambda: lab.log().count(
        "parsed INFORMATIONAL response") >= 2, 12)
    equal("state", lab.tunnel()["state"], "connected")


def lossy(lab):
    lab.charon("v2-loss")
    lab.start(settings(esp="aes 128 sha256 none", more=[
        "system retransmit-timeout 0.3", "system retransmit-tries 8"]))
    lab.lab("relay", "--drop", "20", "--dup", "10", "--reorder", "10",
            "--corrupt", "5", "--seed", "11")
    lab.connect(wait=60)
    lab.lab("relay", "off")
    lab.wait("one child", lambda: lab.sas().count("INSTALLED") == 1)
    lab.ping()


def lost_auth_response(lab):
    lab.charon("v2-drop-auth-resp")
    lab.start(settings(esp="aes 128 sha256 none", more=[
        "system retransmit-timeout 0.5"]))
    lab.lab("relay", "--rule", "drop:ike_auth:resp:1")
    lab.connect(wait=30)
    lab.lab("relay", "off")
    lab.installed()
    lab.ping()


def engine_killed(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp="aes 128 sha256 none", behavior="start"))
    lab.state("connected")
    lab.stop(kill=True)
    lab.ping(ok=False)
    # what it left must not hinder its successor
    lab.spawn()
    lab.state("connected", seconds=20)
    lab.wait("one IKE SA", lambda: lab.sas().count("ESTABLISHED") == 1)
    lab.ping()


def main():
    need()
    lab = Lab("lf")
    try:
        lab.case("child rekeyed by the peer", rekeyed_by_peer("child"))
        lab.case("IKE SA rekeyed by the peer", rekeyed_by_peer("ike"))
        for function in (rekeyed_by_us, rekeyed_by_time, rekeyed_by_both,
                         phase1_alone,
                         peer_dies, dpd_clear, answers_probes, lossy,
                         lost_auth_response, engine_killed):
            lab.case(function.__name__, function)
    finally:
        lab.close()


if __name__ == "__main__":
    main()
