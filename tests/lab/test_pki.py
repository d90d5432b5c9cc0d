# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and signatures against strongSwan and libreswan, as initiator
and as responder: each kind of key, chains, revocation by file, http and OCSP,
pinned certificates, and each way to fail with its reason."""
import contextlib
import os
import shutil
import subprocess
import time

from lablib import Lab, check, equal, need, settings

NOPFS = "aes 128 sha256 none"
P1 = "vpn-network lab phase1 lab"


def ca(lab):
    return lab.lab("ca").strip()


def certs(lab, name="left-rsa", authority=("ca",), more=(), p1=(),
          esp=NOPFS, **kw):
    """Settings that authenticate by a certificate of the lab's authority."""
    folder = ca(lab)
    lines = [x for x in settings(esp=esp, p1=p1, **kw)
             if "pre-shared-key" not in x]
    lines += [f"set {P1} authentication certificate",
              f"set {P1} certificate own",
              f"set certificate own file {folder}/{name}.pem"]
    if os.path.exists(f"{folder}/{name}.key"):
        lines.append(f"set certificate own key {folder}/{name}.key")
    lines += [f"set authority {a} file {folder}/{a}.pem" for a in authority]
    return lines + [f"set {x}" for x in more]


def both_roles(lab, lines):
    lab.start(lines)
    lab.connect()
    lab.installed()
    lab.ping()
    lab.run("disconnect lab")
    lab.wait("silence at the peer", lambda: "INSTALLED" not in lab.sas())
    lab.ctl("--initiate", "--child", "net", "--timeout", "10")
    lab.wait("the child at the peer", lambda: "INSTALLED" in lab.sas())
    lab.ping()


def kind(case, name, *p1, **kw):
    def run(lab):
        lab.charon(case)
        both_roles(lab, certs(lab, name, p1=p1, **kw))
    return run


def refused(lab, lines, words):
    """The commit of these lines fails with these words."""
    done = lab.cmd("\n".join([*lines, "commit"]))
    check(done.returncode != 0 and words in done.stderr,
          f"{lines[-1]}: no {words!r} in:\n{done.stdout}{done.stderr}")


def intermediate(lab):
    """The chain goes both ways; the authority is known as the root alone."""
    lab.charon("v2-rsa-intermediate")
    folder = ca(lab)
    lines = [x for x in certs(lab, "left-sub") if "own file" not in x]
    os.makedirs(lab.dir, exist_ok=True)
    chain = "/tmp/" + lab.env["LAB"] + "-chain.pem"
    with open(chain, "w") as f:
        for name in ("left-sub", "sub"):
            f.write(open(f"{folder}/{name}.pem").read())
    try:
        both_roles(lab, lines + [f"set certificate own file {chain}"])
    finally:
        os.unlink(chain)


def pkcs12(lab):
    lab.charon("v2-rsa")
    folder = ca(lab)
    lines = [x for x in certs(lab) if "certificate own" not in x or
             P1 in x]
    lab.start(lines + [f"set certificate own file {folder}/left-rsa.p12",
                       "set certificate own passphrase lab"])
    lab.connect()
    lab.ping()


def encrypted_key(lab):
    lab.charon("v2-rsa")
    folder = ca(lab)
    key = "/tmp/" + lab.env["LAB"] + "-enc.key"
    subprocess.run(["openssl", "pkey", "-in", f"{folder}/left-rsa.key",
                    "-aes256", "-passout", "pass:open sesame", "-out", key],
                   check=True)
    lines = [x for x in certs(lab) if "own key" not in x]
    try:
        lab.start()
        lines.append(f"set certificate own key {key}")
        refused(lab, lines, "is encrypted")
        refused(lab, lines + ["set certificate own passphrase wrong"],
                "does not open")
        lab.run("\n".join(
            lines + ['set certificate own passphrase "open sesame"',
                     "commit", "power on lab wait 5"]))
        lab.connect()
        lab.ping()
    finally:
        os.unlink(key)


def mixed(lab):
    """We by pre-shared key, the peer by certificate, and the reverse."""
    secret = "\nsecrets { ike-x { id-1 = left.example\n id-2 = " \
        "right.example\n secret = lab-psk-0123456789abcdef } }\n"
    text = lab.edit("v2-rsa", (r"(?s)remote \{\s*auth = pubkey",
                               "remote {\n auth = psk"))
    lab.charon("v2-rsa", text=text + secret)
    lines = settings(esp=NOPFS) + [
        f"set {P1} peer-authentication certificate",
        f"set authority ca file {ca(lab)}/ca.pem"]
    both_roles(lab, lines)
    text = lab.edit("v2-rsa", (r"(?s)local \{\s*auth = pubkey",
                               "local {\n auth = psk"),
                    (r"certs = .*", ""))
    lab.charon("v2-rsa", text=text + secret)
    both_roles(lab, certs(lab) + [
        f"set {P1} peer-authentication pre-shared-key",
        f"set {P1} pre-shared-key lab-psk-0123456789abcdef"])


def pinned(lab):
    """Only this certificate; no authority is configured."""
    lab.charon("v2-rsa")
    folder = ca(lab)
    lines = certs(lab, authority=()) + [
        f"set {P1} peer-certificate peer"]
    both_roles(lab, lines + [
        f"set certificate peer file {folder}/right-rsa.pem"])
    lab.start(lines + [f"set certificate peer file {folder}/right-ec.pem"])
    # charon sends none unasked, and nobody is asked for
    lab.connect_fails("auth-failed-signature", "another kind")


def raw_key(lab):
    """RFC 7670: charon sends and takes bare public keys."""
    folder = ca(lab)
    pub = "/tmp/" + lab.env["LAB"] + "-peer.pub"
    own = "/tmp/" + lab.env["LAB"] + "-own.pub"
    for name, out in (("right-ec", pub), ("left-ec", own)):
        subprocess.run(["openssl", "pkey", "-in", f"{folder}/{name}.key",
                        "-pubout", "-out", out], check=True)
    text = lab.edit("v2-ecdsa", (r"certs = right-ec.pem",
                                 f"pubkeys = {pub}"),
                    (r"id = left.example",
                     f"id = left.example\n pubkeys = {own}"))
    try:
        lab.charon("v2-ecdsa", text=text)
        lines = [x for x in certs(lab, "left-ec", authority=())
                 if "own file" not in x]
        both_roles(lab, lines + [
            f"set certificate own file {own}",
            f"set certificate peer file {pub}",
            f"set {P1} peer-certificate peer"])
    finally:
        os.unlink(pub)
        os.unlink(own)


def subject_id(lab):
    """An empty identifier is the subject; a DN with a wildcard fits."""
    text = lab.edit("v2-rsa", (r"id = left.example",
                               'id = "C=XX, O=Lab, CN=left.example"'),
                    (r"id = right.example",
                     'id = "C=XX, O=Lab, CN=right.example"'))
    lab.charon("v2-rsa", text=text)
    lines = [x for x in certs(lab) if " identifier " not in x and
             "peer-identifier" not in x]
    both_roles(lab, lines + [
        f'set {P1} peer-identifier "C=XX, O=Lab, CN=*"'])


# ---- refused


def refuses(case, code, *words, **change):
    """We are refused: all that we hear is AUTHENTICATION_FAILED."""
    def run(lab):
        lab.charon(case)
        lab.start(certs(lab, change["name"]))
        lab.connect_fails(code, *words)
    return run


def peer_fails(cert, code, *words, extra=(), authority=("ca",)):
    """The peer's certificate is wrong: our reason in both roles."""
    def run(lab):
        folder = ca(lab)
        text = lab.edit("v2-rsa", (
            r"certs = right-rsa.pem", f"certs = {folder}/{cert}.pem"),
            (r"id = right.example", "id = left.example"))
        # the key is found by charon among those of its case
        new = lab.dir + "-peer"
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(f"{os.environ['SP_SHARED']}/lab/configs/v2-rsa/right",
                        new)
        subprocess.run(["chmod", "-R", "u+w", new], check=True)
        with open(new + "/swanctl.conf", "w") as f:
            f.write(text)
        with open(new + "/certs", "a") as f:
            f.write(f"x509 {cert}.pem\nprivate {cert}.key\n")
        lab.no_peer()
        lab.lab("peer-up", "right", new)
        lab.peer = "charon"
        lines = certs(lab, authority=authority) + [
            f"set {P1} peer-identifier left.example",
            *[x.replace("CA", folder) for x in extra]]
        lab.start(lines)
        lab.connect_fails(code, *words)
        lab.start(lines)
        lab.ctl("--initiate", "--child", "net", "--timeout", "10",
                check_=False)
        reason = lab.tunnel().get("reason") or {}
        equal("reason as responder", reason.get("code"), code)
        shutil.rmtree(new, ignore_errors=True)
    return run


def wrong_method(lab):
    lab.charon("v2-rsa")
    lab.start(settings(esp=NOPFS))
    lab.run("connect lab lab wait 10", 1)
    lab.start(settings(esp=NOPFS))
    lab.ctl("--initiate", "--child", "net", "--timeout", "10", check_=False)
    reason = lab.tunnel()["reason"]
    equal("reason", reason["code"], "auth-method-mismatch")
    check("signature" in reason["theirs"], str(reason))


def refused_at_commit(lab):
    lab.start()
    folder = ca(lab)
    base = certs(lab)
    for change, words in (
            (f"set certificate own key {folder}/right-rsa.key",
             "does not belong to certificate"),
            (f"set certificate own file {folder}/ca.crl",
             "holds no certificate"),
            ("set certificate own file nowhere.pem", "holds no certificate"),
            (f"set authority ca file {folder}/left-rsa.pem",
             "is not a CA certificate"),
            (f"set {P1} identifier other.example",
             "is not in certificate"),
            ("set certificate own key pkcs11:object=x",
             "is not installed here"),
            ("deactivate certificate own", "is not enabled"),
            ("deactivate authority ca", "no authority is configured"),
            ("delete certificate own key", "has no private key here")):
        refused(lab, [*base, change], words)


# ---- revocation by http


@contextlib.contextmanager
def server(lab, *cmd, port):
    """A server in the lab's left network, on its loopback address."""
    ns = lab.env["LAB"] + "-l"
    child = subprocess.Popen(["ip", "netns", "exec", ns, *cmd],
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    try:
        lab.wait("the server", lambda: str(port) in subprocess.run(
            ["ip", "netns", "exec", ns, "ss", "-Hltn"], text=True,
            stdout=subprocess.PIPE, check=False).stdout)
        yield
    finally:
        child.terminate()
        child.wait(10)


def strict(policy):
    return f"set vpn-network lab ipsec strict-crl-policy {policy}"


def crl_http(lab):
    lab.charon("v2-rsa")
    folder = ca(lab)
    uri = "set authority ca crl http://127.0.0.1:8099/"
    lines = certs(lab) + [strict("yes")]
    with server(lab, "/usr/bin/python3", "-m", "http.server", "8099", "-d",
                folder, port=8099):
        both_roles(lab, lines + [uri + "ca.crl"])
        lab.start(lines + [uri + "ca.crl.pem"])
        lab.connect()
        # one of another authority does not count
        lab.start(lines + [uri + "sub.crl"])
        lab.connect_fails("crl-unavailable", "not signed by the authority")
    # the server is gone
    lab.start(lines + [uri + "ca.crl"])
    lab.connect_fails("crl-unavailable", "127.0.0.1:8099")
    # no policy: it is no reason to refuse
    lab.start(certs(lab) + [uri + "ca.crl"])
    lab.connect()


def slow_server(lab):
    """A tarpit delays this handshake, no other traffic and no shell."""
    lab.charon("v2-rsa")
    with server(lab, "/usr/bin/python3", "-c", "import socket,time\n"
                "s=socket.create_server(('127.0.0.1',8098))\n"
                "k=[s.accept() for i in range(9)]\n", port=8098):
        lab.start(certs(lab) + [strict("yes"), "set authority ca crl "
                                "http://127.0.0.1:8098/x"])
        started = time.monotonic()
        lab.run("connect lab")
        lab.run("show tunnels")
        check(time.monotonic() - started < 2, "the shell waited")
        lab.wait("the refusal", lambda: (lab.tunnel().get("reason") or {})
                 .get("code") == "crl-unavailable", 15)
        check(3 < time.monotonic() - started < 12,
              f"{time.monotonic() - started} s")


def ocsp(lab):
    """A responder of the authority's, asked for each certificate."""
    lab.charon("v2-rsa")
    folder = ca(lab)
    work = "/tmp/" + lab.env["LAB"] + "-ocsp"
    os.makedirs(work, exist_ok=True)
    serial = subprocess.run(
        ["openssl", "x509", "-in", f"{folder}/right-rsa.pem", "-noout",
         "-serial"], text=True, stdout=subprocess.PIPE,
        check=True).stdout.strip().split("=")[1]
    lines = certs(lab) + [strict("yes"),
                          "set authority ca ocsp http://127.0.0.1:8097/"]
    try:
        for status, code in (("V", None), ("R", "cert-revoked")):
            gone = "240101000000Z" if status == "R" else ""
            with open(work + "/idx", "w") as f:
                f.write(f"{status}\t400101000000Z\t{gone}\t{serial}\t"
                        "unknown\t/CN=x\n")
            with server(lab, "openssl", "ocsp", "-index", work + "/idx",
                        "-port", "8097", "-rsigner", f"{folder}/ca.pem",
                        "-rkey", f"{folder}/ca.key", "-CA",
                        f"{folder}/ca.pem", "-ndays", "1", port=8097):
                lab.start(lines)
                if code:
                    lab.connect_fails(code, "OCSP")
                else:
                    lab.connect()
        lab.start(lines)
        lab.connect_fails("crl-unavailable", "OCSP")
    finally:
        shutil.rmtree(work)


def libreswan(lab):
    lab.pluto("lsw-v2-rsa")
    lab.start(certs(lab))
    lab.connect()
    check("ESTABLISHED_IKE_SA" in lab.log() or "established" in lab.log(),
          "libreswan does not say established")
    lab.run("disconnect lab")
    lab.lab("pluto-ctl", "right", "up", "lab", check_=False)
    lab.state("connected")


CASES = [
    ("RSA", kind("v2-rsa", "left-rsa")),
    ("RSA with PKCS#1 v1.5", kind("v2-rsa", "left-rsa", "rsa-padding pkcs1")),
    ("RSA-PSS", kind("v2-rsa-pss", "left-rsa")),
    ("RSA with SHA-1, no RFC 7427", kind("v2-rsa-sha1", "left-rsa")),
    ("ECDSA P-256", kind("v2-ecdsa", "left-ec")),
    ("ECDSA P-384", kind(
        "v2-ecdsa384", "left-ec384", ike="aes-gcm 256 sha384 20",
        esp="aes-gcm 256 - none")),
    ("Ed25519", kind("v2-ed25519", "left-ed")),
    ("RSA and ECDSA", kind("v2-rsa-mixed", "left-rsa")),
    ("an intermediate authority", intermediate),
    ("PKCS#12", pkcs12), ("an encrypted key", encrypted_key),
    ("key on one side, certificate on the other", mixed),
    ("a pinned certificate", pinned), ("raw public keys", raw_key),
    ("subjects as identities", subject_id),
    ("we are revoked", refuses("v2-rsa-revoked", "auth-failed-signature",
                               "left.example", name="left-revoked")),
    ("we are expired", refuses("v2-rsa-expired", "auth-failed-signature",
                               name="left-expired")),
    ("our authority is unknown", refuses(
        "v2-rsa-unknown-ca", "auth-failed-signature", "does not accept",
        name="left-other")),
    ("the peer is expired", peer_fails("left-expired", "cert-expired",
                                       "expired on")),
    ("the peer's authority is unknown", peer_fails(
        "left-other", "cert-untrusted", "CN=Unrelated CA")),
    ("the peer has another name", peer_fails(
        "right-san", "id-not-in-cert", "right.example")),
    ("the peer is revoked", peer_fails(
        "left-revoked", "cert-revoked", "2024-01-01",
        extra=["set authority ca crl CA/ca.crl"])),
    ("no CRL under strict", peer_fails(
        "left-san", "crl-unavailable", extra=[strict("yes")])),
    ("another way to authenticate", wrong_method),
    ("refused at commit", refused_at_commit),
    ("a CRL by http", crl_http), ("a slow server", slow_server),
    ("OCSP", ocsp), ("libreswan", libreswan),
]


def main():
    import sys
    need()
    lab = Lab("pki")
    try:
        for name, function in CASES:
            if len(sys.argv) < 2 or sys.argv[1] in name:
                lab.case(name, function)
    finally:
        lab.close()


main()
