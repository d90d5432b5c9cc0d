# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys, requests, an authority of our own, imports: what the commands make is
what openssl reads, nothing is overwritten, and every refusal says why."""
import json
import os
import stat
import subprocess
import time

from lib import BIN, equal, main, script


def openssl(*args, stdin=""):
    done = subprocess.run(["openssl", *args], input=stdin, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    assert done.returncode == 0, f"openssl {args}: {done.stderr}"
    return done.stdout


class Engine:
    def __init__(self, folder):
        self.dir = folder + "/e"
        self.folder = folder
        self.child = subprocess.Popen(
            [BIN, "serve", "-d", self.dir], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while not os.path.exists(self.dir + "/run/control"):
            assert time.monotonic() < end, "the engine does not answer"
            time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait(10)

    def run(self, *lines, want=0):
        status, out, err = script(["-d", self.dir, "-f", "-"],
                                  "\n".join(lines) + "\n")
        assert (status == 0) == (want == 0), f"{lines}: {status} {out}{err}"
        return out + err


def test_authority(folder):
    """key, request, authority, signature, import, commit."""
    with Engine(folder) as e:
        out = e.run("generate key-pair gw rsa 2048")
        assert "BEGIN PUBLIC KEY" in out and "PRIVATE" not in out, out
        key = e.dir + "/certs/gw.key"
        equal(stat.S_IMODE(os.stat(key).st_mode), 0o600, "mode")
        csr = e.run('generate request gw subject "CN=gw.example, O=Ünïcode" '
                    "names gw.example 192.0.2.1 ops@gw.example")
        text = openssl("req", "-noout", "-text", "-verify", stdin=csr)
        for word in ("DNS:gw.example", "IP Address:192.0.2.1",
                     "email:ops@gw.example", "CN = gw.example"):
            assert word in text, text
        with open(folder + "/gw.csr", "w") as f:
            f.write(csr)
        ca = e.run('generate authority lab subject "CN=Lab CA"', "commit")
        pem = e.run(f"sign request lab {folder}/gw.csr days 29")
        for name, part in (("ca", ca), ("gw", pem)):
            with open(f"{folder}/{name}.pem", "w") as f:
                f.write(part[part.index("-----BEGIN CERT"):
                             part.index("-----END CERT") + 26])
        out = openssl("verify", "-x509_strict", "-CAfile",
                      folder + "/ca.pem", folder + "/gw.pem")
        assert ": OK" in out, out
        out = e.run(f"import certificate gw {folder}/gw.pem", "commit",
                    "show certificates | json")
        shown = {c["name"]: c for c in json.loads(
            out[out.index('{"cert'):].splitlines()[0])["certificates"]}
        equal(shown["gw"]["private"], True, "private")
        equal(shown["gw"]["state"], "expires-soon", "29 days")
        equal(shown["lab"]["state"], "valid", "ten years")
        equal(shown["lab"]["kind"], "authority", "kind")
        assert "gw.example" in shown["gw"]["names"], shown["gw"]
        # an authority that is imported becomes one
        out = e.run(f"import certificate other {folder}/ca.pem", "compare")
        assert "authority other" in out, out


def test_refusals(folder):
    with Engine(folder) as e:
        e.run("generate key-pair gw", "generate key-pair ed ed25519")
        with open(folder + "/rubbish", "w") as f:
            f.write("rubbish\n")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                folder + "/x.key", "-out", folder + "/x.pem", "-subj",
                "/CN=x")
        for line, words in (
                ("generate key-pair gw", "already"),
                ("generate key-pair a/b", "a/b"),
                ("generate key-pair k rsa p256", "2048 to 8192"),
                ("generate key-pair k ed25519 2048", "ed25519"),
                ("generate request nobody", "No such file"),
                ("generate request gw names CN=x", "cannot be a name"),
                (f"sign request nobody {folder}/x.pem", "nobody"),
                (f"import certificate k {folder}/rubbish",
                 f'"{folder}/rubbish" holds no certificate'),
                (f"import certificate gw {folder}/x.pem",
                 "does not belong to this certificate"),
                (f"import certificate k {folder}/none", "Cannot read"),
                (f"import pkcs12 {folder}/rubbish", "no PKCS#12")):
            out = e.run(line, want=1)
            assert words in out, f"{line}: no {words!r} in {out}"
        equal(sorted(os.listdir(e.dir + "/certs")), ["ed.key", "gw.key"],
              "files")


def test_pkcs12(folder):
    with Engine(folder) as e:
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                folder + "/x.key", "-out", folder + "/x.pem", "-subj",
                "/CN=x.example")
        openssl("pkcs12", "-export", "-inkey", folder + "/x.key", "-in",
                folder + "/x.pem", "-passout", "pass:open sesame", "-out",
                folder + "/bag.p12")
        with open(folder + "/pass", "w") as f:
            f.write("open sesame\n")
        with open(folder + "/wrong", "w") as f:
            f.write("sesame\n")
        out = e.run(f"import pkcs12 {folder}/bag.p12 passphrase-file "
                    f"{folder}/wrong", want=1)
        assert "does not open" in out, out
        out = e.run(f"import pkcs12 {folder}/bag.p12 as x passphrase-file "
                    f"{folder}/pass", "commit", "show configuration",
                    "show certificates")
        assert "CN=x.example" in out and "open sesame" not in out, out
        assert "<secret:" in out, out
        mode = os.stat(e.dir + "/certs/x.p12").st_mode
        equal(stat.S_IMODE(mode), 0o600, "mode")


main([test_authority, test_refusals, test_pkcs12])
