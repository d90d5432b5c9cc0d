#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""No setting is accepted and then ignored: each row of the schema tables acts
(ACTS says where that is seen), or another value than its default is refused
at commit (LATER), or it stands aside with "has no effect while".

The names are read from src/conf/*_table.c, so that a new row without a place
in one of the lists fails here."""
import glob
import re
import socket
import subprocess
import time

from lib import BIN, TOP, equal, holds, main, script

NET = "vpn-network a"
P1 = NET + " phase1 p"
P2 = P1 + " phase2 c"
BASE = f"""set {NET} address 10.1.0.1
set {NET} network-address 10.1.0.0/24
set {P1} key-exchange ikev2
set {P1} remote-gateway 203.0.113.7
set {P1} pre-shared-key correct-horse-battery-staple-42-xyz
set {P2} local-network 10.1.0.0/24
set {P2} remote-network 10.2.0.0/24
commit"""

# what each setting that acts is seen by; READ: engine/ takes it where named,
# and no test sees its effect yet
READ = "read, effect not tested: "
ACTS = {
    "network": {
        "address": "test_namespace.py", "network-address": "test_namespace.py",
        "placement": "test_namespace.py", "dmz-address": READ + "place.c",
        "mtu": "test_settings.py (lab)", "on-power-loss": "test_namespace.py",
        "address-type": "one choice so far",
        "layer-2-type": "one choice", "description": "a note",
        "enabled": "engine_commit.c",
    },
    "ipsec": {
        "enabled": "here", "configuration-mode": "one choice so far",
        "unique-ids": "test_settings.py (lab)",
        "exclude-my-network": "test_settings.py (lab)",
        "make-before-break": "test_v2.py (lab)",
        "strict-crl-policy": "test_pki.py (lab)",
    },
    "certificate": {
        "enabled": "test_pki.py (lab)", "description": "a note",
        "file": "test_pki.py (lab)", "key": "test_pki.py (lab)",
        "passphrase": "test_pki.py (lab)",
    },
    "authority": {
        "enabled": "test_pki.py (lab)", "description": "a note",
        "file": "test_pki.py (lab)", "crl": "test_pki.py (lab)",
        "ocsp": "test_pki.py (lab)",
    },
    "phase1": {
        "enabled": "engine_commit.c", "description": "a note",
        "key-exchange": "test_v1.py (lab)",
        "dpd-failures": "test_v1.py (lab)",
        "negotiation-mode": "test_v1.py (lab)",
        "remote-gateway": "test_interop.py",
        "local-address": "test_settings.py (lab)",
        "lifetime": "test_settings.py (lab)",
        "authentication": "test_pki.py (lab)",
        "peer-authentication": "test_pki.py (lab)",
        "certificate": "test_pki.py (lab)", "authority": "test_pki.py (lab)",
        "peer-certificate": "test_pki.py (lab)",
        "rsa-padding": "test_pki.py (lab)",
        "pre-shared-key": "test_reasons.py",
        "negotiation-mode": "one choice so far",
        "identifier": "test_reasons.py", "peer-identifier": "test_reasons.py",
        "connection-behavior": "test_interop.py",
        "split-connections": "test_interop.py",
        "force-udp-encapsulation": "test_kernel.py",
        "keying-tries": "test_settings.py (lab)",
        "rekey": "test_settings.py (lab)", "reauth": "sim_life.c",
        "margin-time": "test_settings.py (lab)",
        "rekey-fuzz": "test_settings.py (lab)",
        "dpd-action": "test_life.py, test_settings.py (lab)",
        "dpd-delay": "test_life.py", "fragmentation": "sim_fragment.c",
        "mobike": "test_v2.py (lab)", "request-address": "test_v2.py (lab)",
        "address-pool": "test_v2.py (lab)", "ppk": "test_v2.py (lab)",
        "ppk-identifier": "test_v2.py (lab)",
        "ppk-required": "test_v2.py (lab)", "pool-dns": "test_v2.py (lab)",
        "close-action": "test_settings.py (lab)",
    },
    "phase2": {
        "enabled": "engine_commit.c", "description": "a note",
        "mode": "one choice so far", "protocol": "one choice so far",
        "local-network": "test_interop.py",
        "remote-network": "test_interop.py",
        "lifetime": "test_settings.py (lab)",
        "life-bytes": "test_settings.py (lab)",
        "life-packets": "test_settings.py (lab)",
        "replay-window": "test_settings.py (lab)",
        "inactivity": "test_v2.py (lab)",
        "priority": "test_settings.py (lab)",
    },
    "proposal": {
        "enabled": "conf_validate.c", "description": "a note",
        "algorithm": "test_interop.py", "key-length": "test_interop.py",
        "icv-length": READ + "ikeconf.c", "hash": "test_interop.py",
        "prf": "test_interop.py", "dh-group": "test_interop.py",
        "esn": "test_settings.py (lab)",
    },
    "system": {
        "data-plane": "test_kernel.py", "weak-algorithms": "here",
        "retransmit-timeout": "test_life.py",
        "retransmit-base": READ + "system.c",
        "retransmit-tries": "test_life.py", "keep-alive": READ + "system.c",
        "half-open-limit": READ + "system.c",
        "cookie-threshold": "sim_basic.c, by the host's parameters",
        "cookie-threshold-address": READ + "system.c",
        "block-threshold": READ + "system.c",
        "retry-initiate-interval": READ + "reconcile.c",
        "dmz-network": READ + "place.c",
        "install-routes": "test_settings.py (lab)",
        "routing-table": "test_settings.py (lab)",
        "log-level": "engine_log.c", "log-bytes": "engine_log.c",
        "commit-confirm-default": "test_confirm.py",
        "session-idle-timeout": "engine_limits.c",
        "inactivity-logout": "test_operators.py",
    },
}

# path, value: refused at commit
LATER = [
    (NET, "address-type", "dhcp"), (NET, "interface-network", "br0"),
    (NET, "assigned-address", "203.0.113.9"),
    (NET, "track-statistics", "yes"), (NET, "trace-rules", "yes"),
    (NET + " ipsec", "configuration-mode", "advanced"),
    (NET + " ipsec", "ipcomp", "yes"), (NET + " ipsec", "mss-clamp", "1300"),
    (NET + " ipsec", "mss-clamp", "auto"),
    (P1, "local-port", "4000"), (P1, "remote-port", "4000"),
    (P2, "mode", "transport"), (P2, "protocol", "ah"),
    (P2, "copy-df", "no"), (P2, "copy-ecn", "no"),
    (P2, "copy-dscp", "no"), ("system", "trace-messages", "3"),
]

# the same where a phase 1 may become IKEv1
LATER_V1 = [
    
    (NET + " ipsec", "cisco-extensions", "yes"),
    (NET + " ipsec", "accept-unencrypted-main-mode", "yes"),
]

# read only where another setting, refused itself, says so
ASIDE = {"strongswan-conf", "ipsec-conf", "ipsec-secrets"}


# objects that a commit refuses as a whole (conf_validate.c)
REFUSED = {"rule", "route"}


class Engine:
    def __init__(self, folder):
        self.folder = folder
        self.child = subprocess.Popen(
            [BIN, "serve", "-d", folder], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        # no shell asks before it is there: that would start one itself
        end = time.monotonic() + 10
        while not self.listens():
            if time.monotonic() > end or self.child.poll() is not None:
                raise AssertionError("the engine does not answer")
            time.sleep(0.02)
        return self

    def listens(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.folder + "/run/control") == 0

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait(10)

    def run(self, text):
        status, out, err = script(["-d", self.folder, "-f", "-"],
                                  text + "\n")
        return status, out + err


def rows():
    """(object, setting) of every row of the schema tables."""
    found = set()
    for path in glob.glob(TOP + "/src/conf/*_table.c"):
        text = open(path).read()
        for table in re.finditer(r"set_row (\w+?)\d?_table\[\] = \{(.*?)\n\};",
                                 text, re.S):
            kind = "phase" + re.search(r"phase(\d)", path).group(1) if \
                "phase" in path else table.group(1)
            names = re.findall(r'\.name = "([a-z0-9-]+)"', table.group(2))
            names += re.findall(r'ROW_FILE\("([a-z-]+)"', table.group(2))
            if "ROW_KEY(" in table.group(2):
                names += ["key-length", "icv-length"]
            if "ROW_COMMON(" in table.group(2):
                names += ["enabled", "description"]
            found |= {(kind, n) for n in names}
    return found


def test_every_row_has_its_place(_):
    later = {name for _, name, _ in LATER + LATER_V1} | ASIDE
    acts = {(kind, n) for kind, names in ACTS.items() for n in names}
    found = rows()
    equal(len(found) > 80, True, "rows found")
    equal(sorted(x for x in found - acts if x[1] not in later and
                 x[0] not in REFUSED), [],
          "rows that no list has")
    equal(sorted(acts - found), [], "rows that are no more")


def test_later_is_refused(folder):
    with Engine(folder) as e:
        equal(e.run(BASE)[0], 0)
        for path, name, value in LATER:
            refused(e, path, name, value)
        equal(e.run(f"set {P1} key-exchange auto\ncommit")[0], 0)
        for path, name, value in LATER_V1:
            refused(e, path, name, value)


def refused(e, path, name, value):
    put = f"set {path} {name} {value}\n"
    status, out = e.run(put + "commit")
    equal(status, 4, f"{path} {name} {value}: {out}")
    holds(e.run(put + "validate")[1], f"{name} {value} is not yet supported")


def test_ipsec_off(folder):
    with Engine(folder) as e:
        equal(e.run(BASE)[0], 0)
        equal(e.run(f"set {NET} ipsec enabled no\ncommit")[0], 0)
        holds(e.run("show tunnels")[1], "disabled")


def test_weak_algorithms(folder):
    with Engine(folder) as e:
        equal(e.run(BASE)[0], 0)
        weak = f"set {P1} proposal 10 dh-group 2\ncommit"
        status, out = e.run(weak)
        equal(status, 0, out)
        holds(out, "DH group 2 is weak")
        # a tunnel that is down says it as well
        holds(e.run("show tunnels detail")[1], "phase 1: 2 is weak")
        status, out = e.run("set system weak-algorithms refuse\ncommit")
        equal(status, 4, out)
        holds(out, "DH group 2 is refused by system weak-algorithms")
        e.run("discard")
        status, out = e.run("set system weak-algorithms allow\ncommit")
        equal((status, "weak (" in out), (0, False), out)


def test_legacy_ciphers(folder):
    """Blowfish and CAST-128 come from the legacy provider, on demand."""
    with Engine(folder) as e:
        equal(e.run(BASE)[0], 0)

        def loaded():
            maps = open(f"/proc/{e.child.pid}/maps").read()
            return "legacy.so" in maps
        equal(loaded(), False, "the legacy provider, not asked for")
        for n, name in enumerate(("blowfish", "cast128")):
            for path in (P1, P2):
                status, out = e.run(f"set {path} proposal {10 + n} "
                                    f"algorithm {name}\ncommit")
                equal(status, 0, out)
                holds(out, f"{name} is weak")
        equal(loaded(), True, "the legacy provider, asked for")


main([f for name, f in list(globals().items()) if name.startswith("test_")])
