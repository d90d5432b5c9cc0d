# SPDX-License-Identifier: GPL-3.0-or-later
"""IKEv1 with a pre-shared key against strongSwan: Main Mode and Quick Mode
(with and without PFS) as initiator and as responder with traffic, NAT-T,
rekeys of both phases by either side, dead peer detection, delete by either
side, and the reasons of what fails."""
import sys

from lablib import Lab, check, equal, need, settings

IKE = "aes 128 sha1 14"
ESP = "aes 128 sha1 none"
V1 = ["key-exchange ikev1", "identifier 192.0.2.2",
      "peer-identifier 198.51.100.2"]


def v1(p1=(), **kw):
    kw.setdefault("ike", IKE)
    kw.setdefault("esp", ESP)
    return settings(p1=V1 + list(p1), **kw)


def up(lab, case="v1-main-psk", **kw):
    lab.charon(case)
    lab.start(v1(**kw))
    out = lab.connect()
    check("connected" in out, out)
    lab.installed()


def initiator(lab):
    up(lab)
    check("IKEv1" in lab.sas(), lab.sas())
    lab.ping()
    child = lab.tunnel()["children"][0]
    equal("child", child["state"], "connected")


def responder(lab):
    lab.charon("v1-main-psk")
    lab.start(v1())
    lab.ctl("--initiate", "--child", "net", "--timeout", "20")
    lab.installed()
    lab.state("connected")
    equal("role", lab.tunnel()["role"], "responder")
    lab.ping()


def auto_answers(lab):
    lab.charon("v1-main-psk")
    lab.start(settings(p1=["key-exchange auto"] + V1[1:], ike=IKE, esp=ESP))
    lab.ctl("--initiate", "--child", "net", "--timeout", "20")
    lab.state("connected")
    lab.ping()


def rekey_child_by_us(lab):
    up(lab)
    ping = lab.start_ping(4)
    lab.run("rekey lab lab net")
    lab.wait("the rekey", lambda: lab.sas().count("INSTALLED") == 1 and
             "net{2}" in lab.log())
    sent, lost = lab.lost(ping)
    check(lost == 0, f"{lost} of {sent} packets lost")


def rekey_child_by_peer(lab):
    up(lab)
    ping = lab.start_ping(4)
    lab.ctl("--rekey", "--child", "net")
    sent, lost = lab.lost(ping)
    check(lost == 0, f"{lost} of {sent} packets lost")
    equal("children", len(lab.tunnel()["children"]), 1)
    lab.state("connected")
    lab.ping()


def rekey_phase1_by_us(lab):
    up(lab)
    ping = lab.start_ping(4)
    lab.run("rekey lab lab")
    sent, lost = lab.lost(ping)
    check(lost == 0, f"{lost} of {sent} packets lost")
    equal("IKE SAs at the peer", lab.sas().count("ESTABLISHED"), 1)
    lab.installed()
    lab.ping()


def rekey_phase1_by_peer(lab):
    up(lab)
    ping = lab.start_ping(5)
    lab.ctl("--rekey", "--ike", "lab")
    sent, lost = lab.lost(ping)
    check(lost <= sent // 20, f"{lost} of {sent} packets lost")
    lab.state("connected")
    lab.ping()


def peer_deletes(lab):
    up(lab)
    lab.ctl("--terminate", "--ike", "lab")
    lab.state("waiting")


def we_delete(lab):
    up(lab)
    lab.run("disconnect lab lab")
    lab.wait("the peer's end", lambda: "ESTABLISHED" not in lab.sas())


def pfs(lab):
    up(lab, "v1-main-psk-pfs", ike="aes 256 sha256 14",
       esp="aes 256 sha256 14")
    lab.ping()


def dpd(lab):
    up(lab, p1=["dpd-action clear", "dpd-delay 2s", "dpd-failures 2"])
    lab.no_peer(kill=True)
    lab.wait("the reason", lambda: (lab.tunnel().get("reason") or {})
             .get("code") == "dpd-timeout", 20)


def wrong_psk(lab):
    lab.charon("v1-fail-psk")
    lab.start(v1())
    lab.connect_fails("auth-failed-psk", "pre-shared key", wait=60)


def wrong_proposal(lab):
    lab.charon("v1-fail-proposal")
    lab.start(v1())
    lab.connect_fails("no-proposal-chosen-ike", "NO-PROPOSAL-CHOSEN")


def wrong_child(lab):
    lab.charon("v1-main-psk")
    lab.start(v1(remote="10.2.0.0/17"))
    lab.connect_fails("ts-unacceptable", "exactly")


def wrong_version(lab):
    lab.charon("v1-main-psk")
    lab.start(settings(ike=IKE, esp=ESP))
    lab.ctl("--initiate", "--child", "net", "--timeout", "3", check_=False)
    lab.wait("the reason", lambda: "version-mismatch" in
             lab.run("show log last 30"))


def behind_nat(lab):
    lab.charon("v1-nat")
    lab.start(v1())
    lab.connect()
    lab.ping()


def aggressive(lab):
    """Both roles; without negotiation-mode aggressive it is refused."""
    mode = V1[:1] + ["identifier left.example",
                     "peer-identifier right.example"]
    lab.charon("v1-aggr-psk")
    text = settings(p1=mode + ["negotiation-mode aggressive"], ike=IKE,
                    esp=ESP)
    lab.start(text)
    lab.connect()
    lab.installed()
    lab.ping()
    lab.charon("v1-aggr-psk")
    lab.start(text)
    lab.ctl("--initiate", "--child", "net", "--timeout", "20")
    lab.state("connected")
    lab.ping()
    lab.charon("v1-aggr-psk")
    lab.start(settings(p1=mode, ike=IKE, esp=ESP))
    lab.ctl("--initiate", "--child", "net", "--timeout", "3", check_=False)
    lab.wait("the reason", lambda: "mode-mismatch" in
             lab.run("show log last 30"))


def ike_scan(lab):
    """Who only asks learns no more than what it offered itself."""
    lab.start(v1())
    for opts, want in (([], "NO-PROPOSAL-CHOSEN"),
                       (["-A", "-n", "left.example"],
                        "INVALID-EXCHANGE-TYPE"),
                       (["--trans=(1=7,14=128,2=2,3=1,4=14)"],
                        "Main Mode Handshake returned")):
        out = lab.lab("exec", "right", "ike-scan", "--sport=0", "-M", *opts,
                      "192.0.2.2", check_=False).stdout
        check(want in out, f"ike-scan {opts}: {out}")
    check(lab.engine.poll() is None, "the engine ended")


CASES = [initiator, responder, aggressive, ike_scan, auto_answers, pfs, rekey_child_by_us,
         rekey_child_by_peer, rekey_phase1_by_us, rekey_phase1_by_peer,
         peer_deletes, we_delete, dpd, wrong_psk, wrong_proposal, wrong_child,
         wrong_version]


def group(prefix, cases, nat=False):
    """Run the cases in a lab of their own; were any bad?"""
    lab = Lab(prefix, nat)
    try:
        for function in cases:
            lab.case(function.__name__.replace("_", " "), function)
    finally:
        try:
            lab.close()
        except SystemExit as e:
            bad = bool(e.code)
    return bad


def main():
    need()
    bad = group("v1", CASES)
    bad |= group("v1n", [behind_nat], nat=True)
    sys.exit(bad)


if __name__ == "__main__":
    main()
