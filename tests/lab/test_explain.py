#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""explain against a real strongSwan: one setting is wrong, the explanation
names that field with both values, and its first applicable remedy brings the
tunnel up."""
from lablib import Lab, check, equal, need, settings

NOPFS = "aes 128 sha256 none"


def explanation(lab):
    return lab.json("explain lab lab")["explanation"]


def fields(e):
    return {f["field"]: f for f in e["fields"]}


def differing(e):
    return sorted(f["field"] for f in e["fields"] if f["verdict"] == "differs")


def initiate(lab):
    return lab.ctl("--initiate", "--child", "net", "--timeout", "10",
                   check_=False)


def mend(lab, number):
    """Apply a remedy by its number, commit, and let the peer come again."""
    lab.run(f"explain lab lab apply {number}\ncommit")
    # an IKE SA that stands was made from the former settings
    lab.run("disconnect lab lab")
    initiate(lab)
    equal("state", lab.tunnel()["state"], "connected")


def phase1_proposal(lab):
    lab.charon("v2-fail-ike-proposal")
    lab.start(settings(esp=NOPFS))
    initiate(lab)
    e = explanation(lab)
    check("encryption" in differing(e), str(e["fields"]))
    check("aes256gcm16" in fields(e)["encryption"]["theirs"] and
          "aes128" in fields(e)["encryption"]["ours"], str(e["fields"]))
    check("algorithm aes-gcm key-length 256" in e["remedy"][0],
          str(e["remedy"]))
    check("at yours" in e["tell"], e["tell"])
    text = lab.run("explain lab lab")
    check("DIFFERS" in text and "For the other side" in text, text)
    lab.run("explain lab lab apply 1\ncommit")
    initiate(lab)
    check(explanation(lab)["title"] != e["title"] or
          lab.tunnel()["state"] == "connected", "the remedy changed nothing")
    check("no-proposal-chosen-ike" != (lab.tunnel()["reason"] or {}).get(
        "code") or lab.tunnel()["state"] == "connected", "phase 1 still")


def phase2_proposal(lab):
    lab.charon("v2-fail-esp-proposal")
    lab.start(settings(esp=NOPFS))
    initiate(lab)
    e = explanation(lab)
    check(differing(e), str(e))
    check("phase2 net proposal 10" in e["remedy"][0], str(e["remedy"]))
    mend(lab, 1)


def peer_identity(lab):
    lab.charon(text=lab.edit("v2-psk-cbc-modp2048", (
        r"id = right.example", "id = impostor.example")))
    lab.start(settings(esp=NOPFS))
    initiate(lab)
    e = explanation(lab)
    row = fields(e)["identity of the peer"]
    check("impostor" in row["theirs"] and "right.example" in row["ours"],
          str(row))
    mend(lab, 1)


def up(lab):
    lab.charon("v2-psk-cbc-modp2048")
    lab.start(settings())
    lab.connect()
    e = explanation(lab)
    equal("title", e["title"], "Connected")
    check(any("not yet proven" in f["ours"] for f in e["fields"]), str(e))


def nothing_yet(lab):
    lab.start(settings())
    equal("title", explanation(lab)["title"], "Nothing yet")
    out = lab.run("explain lab lab apply 1", 1)
    check("none of them" in out, out)


def main():
    need()
    lab = Lab("ex")
    try:
        for function in (phase1_proposal, phase2_proposal, peer_identity, up,
                         nothing_yet):
            lab.case(function.__name__, function)
    finally:
        lab.close()


if __name__ == "__main__":
    main()
