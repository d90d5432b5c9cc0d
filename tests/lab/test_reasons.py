# SPDX-License-Identifier: GPL-3.0-or-later
"""Each failure that a real strongSwan peer can cause ends in the right reason,
with our value and theirs where this side can know them, as initiator and as
responder; silence and ICMP too."""
from lablib import Lab, check, equal, need, settings

NOPFS = "aes 128 sha256 none"


def wrong_psk(lab):
    lab.charon("v2-fail-psk")
    lab.start(settings(esp=NOPFS))
    lab.connect_fails("auth-failed-psk")


def wrong_psk_responder(lab):
    lab.charon("v2-fail-psk")
    lab.start(settings(esp=NOPFS))
    lab.ctl("--initiate", "--child", "net", "--timeout", "10", check_=False)
    check("AUTH_FAILED" in lab.log(), "the peer was not refused")
    equal("reason", lab.tunnel()["reason"]["code"], "auth-failed-psk")


def wrong_proposal(lab):
    lab.charon("v2-fail-ike-proposal")
    lab.start(settings(esp=NOPFS))
    out = lab.connect_fails("no-proposal-chosen-ike")
    check("aes128" in out, f"our offer is not named:\n{out}")


def wrong_proposal_responder(lab):
    lab.charon("v2-fail-ike-proposal")
    lab.start(settings(esp=NOPFS))
    lab.ctl("--initiate", "--child", "net", "--timeout", "10", check_=False)
    check("NO_PROP" in lab.log(), "the peer was not refused")
    reason = lab.tunnel()["reason"]
    equal("reason", reason["code"], "no-proposal-chosen-ike")
    check("aes256gcm16" in reason["theirs"] and "aes128" in reason["ours"],
          f"ours and theirs: {reason}")


def wrong_child_proposal(lab):
    lab.charon("v2-fail-esp-proposal")
    lab.start(settings(esp=NOPFS))
    lab.connect_fails("no-proposal-chosen-child")
    check("ESTABLISHED" in lab.sas(), "the IKE SA was not kept")


def wrong_identity(lab):
    lab.charon("v2-fail-id")
    lab.start(settings(esp=NOPFS))
    out = lab.run("connect lab lab wait 10", 1)
    check("left.example" in out, f"our identity is not named:\n{out}")
    check(lab.tunnel()["reason"]["code"] in
          ("auth-failed-id", "auth-failed-psk"), str(lab.tunnel()["reason"]))


def wrong_peer_identity(lab):
    lab.charon("v2-fail-peer-id")
    lab.start(settings(esp=NOPFS))
    lab.run("connect lab lab wait 10", 1)
    check(lab.tunnel()["reason"]["code"] in
          ("auth-failed-id", "auth-failed-psk"), str(lab.tunnel()["reason"]))


def unknown_identity_responder(lab):
    lab.charon(text=lab.edit("v2-psk-cbc-modp2048", (
        r"id = right.example", "id = impostor.example")))
    lab.start(settings(esp=NOPFS))
    lab.ctl("--initiate", "--child", "net", "--timeout", "10", check_=False)
    check("AUTH_FAILED" in lab.log(), "the peer was not refused")
    reason = lab.tunnel()["reason"]
    equal("reason", reason["code"], "auth-failed-id")
    check("impostor.example" in reason["theirs"] and
          "right.example" in reason["ours"], str(reason))


def wrong_selectors(lab):
    lab.charon("v2-fail-ts")
    lab.start(settings(esp=NOPFS))
    out = lab.connect_fails("ts-unacceptable")
    check("10.1.1.0/24" in out, f"our selectors are not named:\n{out}")


def wrong_selectors_responder(lab):
    lab.charon("v2-fail-ts")
    lab.start(settings(esp=NOPFS))
    lab.ctl("--initiate", "--child", "net", "--timeout", "10", check_=False)
    check("TS_UNACCEPT" in lab.log(), "the peer was not refused")
    reason = lab.tunnel()["children"][0]["reason"]
    equal("reason", reason["code"], "ts-unacceptable")
    check("10.2.9.0/24" in reason["theirs"], str(reason))


def silence(lab):
    lab.no_peer()
    lab.start(settings(esp=NOPFS, more=[
        "system retransmit-timeout 0.3", "system retransmit-tries 2"]))
    # a name space without a listener answers by ICMP: silence needs a filter
    lab.lhost("nft", "add table inet quiet", place="right")
    lab.lhost("nft", "add chain inet quiet in { type filter hook input "
              "priority 0 ; }", place="right")
    lab.lhost("nft", "add rule inet quiet in udp dport 500 drop",
              place="right")
    try:
        lab.connect_fails("peer-silent", "198.51.100.2")
    finally:
        lab.lhost("nft", "delete table inet quiet", place="right")


def refused(lab):
    lab.no_peer()
    lab.start(settings(esp=NOPFS))
    lab.connect_fails("peer-refused", "198.51.100.2")


def unreachable(lab):
    lab.no_peer()
    lab.start(settings(esp=NOPFS, gateway="198.51.100.77", more=[
        "system retransmit-timeout 1", "system retransmit-tries 3"]))
    lab.connect_fails("peer-unreachable", "198.51.100.77")


def time_out(lab):
    lab.no_peer()
    lab.start(settings(esp=NOPFS, gateway="203.0.113.9"))
    lab.lhost("ip", "route", "add", "203.0.113.9", "dev", "wan",
              place="left")
    try:
        out = lab.run("connect lab lab wait 1", 5)
        check("203.0.113.9" in out, out)
    finally:
        lab.lhost("ip", "route", "del", "203.0.113.9", place="left")


def unknown_name(lab):
    lab.no_peer()
    lab.start(settings(esp=NOPFS, gateway="peer.invalid"))
    lab.connect_fails("name-unresolved", "peer.invalid")


def no_key(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start()
    lines = [x for x in settings(esp=NOPFS) if "pre-shared-key" not in x]
    out = lab.run("\n".join([*lines, "commit"]), 4)
    check("has none" in out and "generate pre-shared-key" in out, out)


def main():
    need()
    lab = Lab("rs")
    try:
        for function in (wrong_psk, wrong_psk_responder, wrong_proposal,
                         wrong_proposal_responder, wrong_child_proposal,
                         wrong_identity, wrong_peer_identity,
                         unknown_identity_responder, wrong_selectors,
                         wrong_selectors_responder, silence, refused,
                         unreachable, time_out, unknown_name, no_key):
            lab.case(function.__name__, function)
    finally:
        lab.close()


if __name__ == "__main__":
    main()
