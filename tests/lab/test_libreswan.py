# SPDX-License-Identifier: GPL-3.0-or-later
"""libreswan as the peer, as far as it goes without ESP in the kernel: the
negotiation, rekeys by both sides, a wrong key.  No data can flow."""
from lablib import Lab, check, equal, need, settings

ESTABLISHED = "stablished"


def psk(lab):
    lab.pluto("lsw-v2-psk")
    lab.start(settings(esp="aes 128 sha256 none"))
    lab.connect()
    check(ESTABLISHED in lab.log(), "the peer has no Child SA")


def v1_settings():
    return settings(p1=["key-exchange ikev1", "identifier 192.0.2.2",
                        "peer-identifier 198.51.100.2"],
                    ike="aes 128 sha1 14", esp="aes 128 sha1 none")


def v1_main(lab):
    lab.pluto("lsw-v1-main-psk")
    lab.start(v1_settings())
    lab.connect()
    check("IPsec SA established" in lab.log(), "the peer has no IPsec SA")


def v1_main_peer(lab):
    lab.pluto("lsw-v1-main-psk")
    lab.start(v1_settings())
    lab.lab("pluto-ctl", "right", "up", "lab")
    lab.state("connected")


def psk_gcm(lab):
    lab.pluto("lsw-v2-psk-gcm")
    lab.start(settings(ike="aes-gcm 256 sha256 19", esp="aes-gcm 256 - 19"))
    lab.connect()
    check(ESTABLISHED in lab.log(), "the peer has no Child SA")


def peer_initiates(lab):
    lab.pluto("lsw-v2-peer-initiates")
    lab.start(settings(esp="aes 128 sha256 none"))
    lab.lab("pluto-ctl", "right", "up", "lab")
    lab.state("connected")


def rekey_by_us(lab):
    lab.pluto("lsw-v2-rekey")
    lab.start(settings())
    lab.connect()
    old = lab.tunnel()["children"][0]["spi_in"]
    lab.run("rekey lab lab net child")
    lab.wait("the new child", lambda:
             lab.tunnel()["children"][0]["spi_in"] != old)
    spi = lab.json("show ike")["ike_sas"][0]["spi_i"]
    lab.run("rekey lab lab ike")
    lab.wait("the new IKE SA", lambda: [
        x for x in lab.json("show ike")["ike_sas"]
        if x["spi_i"] != spi and x["state"] == "connected"])
    lab.wait("one IKE SA",
             lambda: len(lab.json("show ike")["ike_sas"]) == 1, 15)


def rekey_by_peer(lab):
    lab.pluto("lsw-v2-rekey-by-peer")
    lab.start(settings())
    lab.connect()
    old = lab.tunnel()["children"][0]["spi_in"]
    lab.lab("pluto-ctl", "right", "rekey-child", "lab", check_=False)
    lab.wait("the new child", lambda:
             lab.tunnel()["children"][0]["spi_in"] != old)
    spi = lab.json("show ike")["ike_sas"][0]["spi_i"]
    lab.lab("pluto-ctl", "right", "rekey-ike", "lab", check_=False)
    lab.wait("the new IKE SA", lambda: [
        x for x in lab.json("show ike")["ike_sas"]
        if x["spi_i"] != spi and x["state"] == "connected"])
    equal("state", lab.tunnel()["state"], "connected")


def wrong_psk(lab):
    lab.pluto("lsw-v2-fail-psk")
    lab.start(settings(esp="aes 128 sha256 none"))
    lab.connect_fails("auth-failed-psk")


def main():
    need()
    lab = Lab("lw")
    try:
        for function in (psk, psk_gcm, peer_initiates, rekey_by_us,
                         rekey_by_peer, wrong_psk, v1_main, v1_main_peer):
            lab.case(function.__name__, function)
    finally:
        lab.close()


if __name__ == "__main__":
    main()
