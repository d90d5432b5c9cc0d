# SPDX-License-Identifier: GPL-3.0-or-later
"""IKEv2 with a pre-shared key against strongSwan: each suite as initiator and
as responder with traffic, several proposals, cookie, INVALID_KE_PAYLOAD and
both at once, several children and networks, narrowing, IPv6 outside, iperf3
through the tunnel, delete by either side, and the same behind a NAT."""
import json
import os

from lablib import Lab, check, equal, need, settings

SUITES = {
    "v2-psk-cbc-modp2048": ("aes 128 sha256 14", "aes 128 sha256 none"),
    "v2-psk-gcm-ecp256": ("aes-gcm 128 sha256 19", "aes-gcm 128 - 19"),
    "v2-psk-gcm-x25519": ("aes-gcm 256 sha384 31", "aes-gcm 256 - 31"),
    "v2-psk-chapoly-x25519": ("chacha20-poly1305 - sha256 31",
                              "chacha20-poly1305 - - 31"),
}


def initiator(case, ike, esp):
    def run(lab):
        lab.charon(case)
        lab.start(settings(ike=ike, esp=esp))
        out = lab.connect()
        check("connected" in out, out)
        lab.installed()
        lab.ping()
        child = lab.tunnel()["children"][0]
        equal("child", child["state"], "connected")
        check(child["packets_in"] >= 2 and child["bytes_out"] > 0,
              f"counters stand still: {child}")
    return run


def responder(case, ike, esp):
    def run(lab):
        lab.charon(case)
        lab.start(settings(ike=ike, esp=esp))
        lab.ctl("--initiate", "--child", "net", "--timeout", "20")
        lab.installed()
        lab.state("connected")
        tunnel = lab.tunnel()
        equal("role", tunnel["role"], "responder")
        equal("peer's identity", tunnel["remote"]["id"], "right.example")
        lab.ping()
    return run


def several_proposals(lab):
    lab.charon("v2-psk-several-proposals")
    lab.start(settings(
        ike="aes-gcm 256 sha384 20,aes 256 sha512 16,aes 128 sha256 19",
        esp="aes-gcm 256 - none,aes 256 sha512 none,aes 128 sha256 none"))
    lab.connect()
    lab.installed()
    lab.ping()
    check("AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/ECP_256"
          in lab.log(), "the peer chose something else")


def cookie(lab):
    lab.charon("v2-cookie")
    lab.start(settings(esp="aes 128 sha256 none"))
    lab.lab("halfopen", "2")
    lab.connect()
    check("N(COOKIE)" in lab.log(), "no cookie was asked for")
    lab.ping()


def invalid_ke(lab):
    lab.charon("v2-psk-invalid-ke")
    lab.start(settings(ike="aes 128 sha256 19,aes 128 sha256 14",
                       esp="aes 128 sha256 none"))
    lab.connect()
    check("INVAL_KE" in lab.log(), "no INVALID_KE_PAYLOAD was sent")
    lab.ping()


def cookie_invalid_ke(lab):
    lab.charon("v2-cookie-invalid-ke")
    lab.start(settings(ike="aes 128 sha256 19,aes 128 sha256 14",
                       esp="aes 128 sha256 none"))
    lab.lab("halfopen", "2")
    lab.connect()
    check("N(COOKIE)" in lab.log() and "INVAL_KE" in lab.log(),
          "not both were asked for")
    lab.ping()


def children(lab):
    lab.charon("v2-children")
    p1 = "vpn-network lab phase1 lab"
    more = []
    for n in (2, 3):
        at = f"{p1} phase2 net{n}"
        more += [f"{at} local-network 10.1.{n}.0/24",
                 f"{at} remote-network 10.2.{n}.0/24",
                 f"{at} proposal 10 algorithm aes",
                 f"{at} proposal 10 key-length 128",
                 f"{at} proposal 10 dh-group 14"]
    lab.start(settings(p1=["split-connections yes"], more=more,
                       esp="aes 128 sha256 none"))
    lab.connect()
    lab.wait("three children", lambda: lab.sas().count("INSTALLED") == 3)
    equal("IKE SAs", lab.sas().count("ESTABLISHED"), 1)
    for n in (1, 2, 3):
        lab.ping(f"10.1.{n}.10", f"10.2.{n}.10")
    lab.run("disconnect lab lab net2 force")
    lab.wait("two children", lambda: lab.sas().count("INSTALLED") == 2)
    lab.ping("10.1.2.10", "10.2.2.10", ok=False)
    lab.ping()


def multi_ts(lab):
    lab.charon("v2-multi-ts")
    lab.start(settings(p2=["local-network 10.1.2.0/24",
                           "remote-network 10.2.2.0/24"],
                       esp="aes 128 sha256 none"))
    lab.connect()
    for src, dst in ((1, 1), (2, 2), (1, 2)):
        lab.ping(f"10.1.{src}.10", f"10.2.{dst}.10")


def narrow(lab):
    lab.charon("v2-narrow")
    lab.start(settings(local="10.1.0.0/16", remote="10.2.0.0/16",
                       esp="aes 128 sha256 none"))
    lab.connect()
    child = lab.tunnel()["children"][0]
    equal("selectors", (child["local_ts"], child["remote_ts"]),
          (["10.1.1.0/24"], ["10.2.1.0/24"]))
    lab.ping()
    lab.ping("10.1.2.10", "10.2.2.10", ok=False)


def ipv6_outside(lab):
    lab.charon("v2-4in6")
    lab.start(settings(gateway="2001:db8:2::2", esp="aes 128 sha256 none",
                       p1=["local-address 2001:db8:1::2"]))
    lab.connect()
    lab.installed()
    lab.ping()


def ipv6_inside(lab):
    lab.charon("v2-6in4")
    lab.start(settings(local="fd00:1:0:1::/64", remote="fd00:2:0:1::/64",
                       esp="aes 128 sha256 none"))
    lab.connect()
    lab.ping("fd00:1:0:1::10", "fd00:2:0:1::10")


def iperf(lab):
    lab.charon("v2-psk-gcm-x25519")
    lab.start(settings(ike=SUITES["v2-psk-gcm-x25519"][0],
                       esp=SUITES["v2-psk-gcm-x25519"][1]))
    lab.connect()
    lab.lhost("iperf3", "-s", "-D", "-1", "-B", "10.2.1.10", place="rhost")
    out = lab.lhost("iperf3", "-c", "10.2.1.10", "-B", "10.1.1.10", "-t", "2",
                    "-J")
    received = json.loads(out)["end"]["sum_received"]["bytes"]
    check(received > 1e6, f"only {received} bytes came through")


def delete_by_peer(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp="aes 128 sha256 none"))
    lab.connect()
    lab.ctl("--terminate", "--child", "net")
    lab.wait("the child's end", lambda: lab.tunnel()["children"][0]["state"]
             != "connected")
    equal("IKE SAs", len(lab.json("show ike")["ike_sas"]), 1)
    lab.run("connect lab lab net wait 10")
    lab.ping()
    lab.ctl("--terminate", "--ike", "lab")
    lab.wait("the tunnel's end", lambda: lab.tunnel()["state"] != "connected")
    equal("reason", lab.tunnel()["reason"]["code"], "peer-deleted")
    lab.ping(ok=False)


def delete_by_us(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp="aes 128 sha256 none"))
    lab.connect()
    lab.run("disconnect lab lab net")
    lab.wait("no child at the peer", lambda: "INSTALLED" not in lab.sas())
    check("ESTABLISHED" in lab.sas(), "the IKE SA went too")
    lab.run("disconnect lab lab")
    lab.wait("no IKE SA at the peer", lambda: "ESTABLISHED" not in lab.sas())
    lab.ping(ok=False)


def engine_stop(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp="aes 128 sha256 none"))
    lab.connect()
    lab.stop()
    lab.wait("no IKE SA at the peer", lambda: "ESTABLISHED" not in lab.sas())


def behind_nat(lab):
    lab.charon("v2-nat")
    lab.start(settings(esp="aes 128 sha256 none"))
    lab.connect()
    tunnel = lab.tunnel()
    equal("NAT", (tunnel["nat"]["local"], tunnel["remote"]["port"]),
          (True, 4500))
    check("198.51.100.1" in lab.sas(), "the peer sees no NAT")
    lab.ping()
    ping = lab.start_ping(4)
    lab.run("rekey lab lab ike\nrekey lab lab net child")
    sent, lost = lab.lost(ping)
    check(lost == 0, f"{lost} of {sent} lost")


def on_demand(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp="aes 128 sha256 none", behavior="on-demand"))
    equal("state", lab.tunnel()["state"], "waiting")
    out = lab.lhost("ping", "-n", "-c", "2", "-i", "0.5", "-W", "3", "-I",
                    "10.1.1.10", "10.2.1.10")
    check(" 0% packet loss" in out, f"the first packet was lost:\n{out}")
    equal("state", lab.tunnel()["state"], "connected")


def start_by_itself(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings(esp="aes 128 sha256 none", behavior="start"))
    lab.state("connected")
    lab.ping()


def main():
    need()
    lab = Lab("ia")
    try:
        for case, suites in SUITES.items():
            lab.case(f"{case} initiator", initiator(case, *suites))
            lab.case(f"{case} responder", responder(case, *suites))
        for function in (several_proposals, cookie, invalid_ke,
                         cookie_invalid_ke, children, multi_ts, narrow,
                         ipv6_outside, ipv6_inside, iperf, delete_by_peer,
                         delete_by_us, engine_stop, on_demand,
                         start_by_itself):
            lab.case(function.__name__, function)
        lab.stop()
        lab.no_peer()
        lab.lab("net-up", "--nat")
        lab.case("behind_nat", behind_nat)
    finally:
        lab.close()


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    main()
