# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks with a namespace of their own: what power on makes and power off
removes (compared by "ip -j" before and after), twice on and twice off, the
last state after a restart, what an engine leaves that was killed, two
networks at once, a foreign namespace of the same name, and a tunnel from the
namespace to strongSwan through the host's forwarding and NAT."""
import json
import os
import subprocess

from lablib import BIN, Lab, check, equal, listens, need, settings

TAG = os.getpid() % 9999
A, B = f"a{TAG}", f"b{TAG}"
ROUTER = {A: "10.1.1.77", B: "10.9.1.1"}


def config(net, local, *more):
    at = f"vpn-network {net}"
    return [f"set {at} placement namespace",
            f"set {at} address {ROUTER[net]}",
            f"set {at} network-address {local}",
            *[f"set {at} {line}" for line in more]]


def tunnel(net):
    """The lab's tunnel, from this network."""
    return [line.replace("vpn-network lab ", f"vpn-network {net} ")
            for line in settings(esp="aes 128 sha256 none") if
            "phase1" in line]


class Spaces(Lab):
    """The engine in the left namespace, but in our mount namespace: the
    namespaces that it names are seen here as well."""

    def spawn(self):
        with open(self.dir + ".log", "a") as log:
            self.engine = subprocess.Popen(
                ["nsenter", f"--net=/run/netns/{self.env['LAB']}-l", BIN,
                 "serve", "-d", self.dir], stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT)
        self.wait("the engine", lambda: self.engine.poll() is None and
                  listens(self.dir + "/run/control"))

    def fresh(self, lines):
        self.start()
        self.before = self.snapshot()
        self.run("\n".join([*lines, "commit"]))

    def snapshot(self):
        """Links, addresses, routes and rules of the host's side, and the
        names of namespaces."""
        seen = {}
        for what in ("link", "address", "route show table all",
                     "-6 route show table all", "rule", "-6 rule"):
            words = what.split()
            out = self.lab("exec", "left", "ip", "-j", *words)
            rows = [drop_noise(row) for row in json.loads(out or "[]")]
            seen[what] = sorted(json.dumps(r, sort_keys=True) for r in rows)
        seen["namespaces"] = sorted(x for x in os.listdir("/run/netns")
                                    if x in (f"sp-{A}", f"sp-{B}"))
        return seen

    def clean(self):
        """Nothing is there that was not there before."""
        now = self.snapshot()
        for what, rows in self.before.items():
            equal(f"{what} afterwards", now[what], rows)

    def power(self, net):
        for row in self.json("show networks")["networks"]:
            if row["network"] == net:
                return row["state"]
        return None

    def inside(self, net, *cmd, ok=True):
        done = subprocess.run(
            ["nsenter", f"--net=/run/netns/sp-{net}", *cmd], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30,
            check=False)
        check(not ok or done.returncode == 0, f"{cmd}: {done.stdout}")
        return done.stdout

    def addresses(self, net):
        rows = json.loads(self.inside(net, "ip", "-j", "-4", "address"))
        return {(row["ifname"], a["local"], a["prefixlen"])
                for row in rows for a in row["addr_info"]}


def drop_noise(row):
    for word in ("ifi_err_mask", "valid_life_time", "expires", "stats",
                 "linkmode", "qlen", "flags", "operstate", "age"):
        row.pop(word, None)
    for a in row.get("addr_info", []):
        drop_noise(a)
    return row


def makes(lab):
    lab.fresh(config(A, "10.1.0.0/16"))
    equal("before power on", lab.snapshot(), lab.before)
    lab.run(f"power on {A} wait 5")
    equal("state", lab.power(A), "on")
    equal("addresses inside", lab.addresses(A),
          {("lo", "127.0.0.1", 8), ("dmz", "100.64.0.2", 24),
           ("lan", ROUTER[A], 32)})
    links = lab.lab("exec", "left", "ip", "-j", "link")
    port = next(x for x in json.loads(links)
                if x["ifname"] == f"spv-{A}")
    equal("bridge of the port", port.get("master"), "sp-dmz")
    check("default via 100.64.0.1 dev dmz" in
          lab.inside(A, "ip", "route"), "no default route inside")
    check("lookup 220" in lab.inside(A, "ip", "rule"), "no rule inside")
    sockets = lab.inside(A, "ss", "-ulnH")
    check(":500 " in sockets and ":4500 " in sockets,
          f"no IKE sockets inside:\n{sockets}")
    lab.lab("exec", "left", "ping", "-c1", "-W2", ROUTER[A])
    lab.inside(A, "ping", "-c1", "-W2", "198.51.100.1", ok=False)
    lab.run(f"power off {A} wait 5")
    lab.clean()


def twice(lab):
    lab.fresh(config(A, "10.1.0.0/16"))
    lab.run(f"power on {A} wait 5")
    first = lab.snapshot()
    lab.run(f"power on {A} wait 5")
    equal("after the second power on", lab.snapshot(), first)
    lab.run(f"power off {A} wait 5")
    lab.clean()
    lab.run(f"power off {A} wait 5")
    lab.clean()


def last_state(lab):
    lab.fresh(config(A, "10.1.0.0/16", "on-power-loss last-state") +
              config(B, "10.9.0.0/16", "on-power-loss last-state"))
    lab.run(f"power on {A} wait 5\npower on {B} wait 5\n"
            f"power off {B} wait 5")
    lab.stop()
    lab.clean()
    lab.spawn()
    equal("state of the one", lab.power(A), "on")
    equal("state of the other", lab.power(B), "off")
    lab.lab("exec", "left", "ping", "-c1", "-W2", ROUTER[A])
    lab.run(f"power off {A} wait 5")
    lab.stop()
    lab.clean()
    lab.spawn()
    equal("state after off", lab.power(A), "off")
    lab.clean()


def killed(lab):
    """On again, with nothing of the old place: the addresses on the segment
    change hands here, as the first network stays off."""
    lab.fresh(config(A, "10.1.0.0/16", "on-power-loss off") +
              config(B, "10.9.0.0/16", "on-power-loss on"))
    lab.run(f"power on {A} wait 5\npower on {B} wait 5")
    check(("dmz", "100.64.0.3", 24) in lab.addresses(B), "not the second")
    lab.stop(kill=True)
    check(os.path.exists(f"/run/netns/sp-{A}"), "nothing was left behind")
    lab.spawn()
    equal("state", (lab.power(A), lab.power(B)), ("off", "on"))
    check(not os.path.exists(f"/run/netns/sp-{A}"), "a namespace is left")
    equal("addresses inside", lab.addresses(B),
          {("lo", "127.0.0.1", 8), ("dmz", "100.64.0.2", 24),
           ("lan", ROUTER[B], 32)})
    lab.lab("exec", "left", "ping", "-c1", "-W2", ROUTER[B])
    lab.run(f"power off {B} wait 5")
    lab.clean()


def killed_on_host(lab):
    lines = [line.replace("vpn-network lab ", f"vpn-network {A} ")
             for line in settings()]
    lab.fresh([*lines, f"set vpn-network {A} on-power-loss off"])
    lab.run(f"power on {A} wait 5")
    check(lab.snapshot() != lab.before, "no rule was made")
    lab.stop(kill=True)
    lab.spawn()
    equal("state", lab.power(A), "off")
    lab.clean()


def two(lab):
    lab.fresh(config(A, "10.1.0.0/16") + config(B, "10.9.0.0/16"))
    lab.run(f"power on {A} wait 5\npower on {B} wait 5")
    lab.inside(A, "ping", "-c1", "-W2", "100.64.0.3")
    lab.inside(A, "ping", "-c1", "-W2", "-I", ROUTER[A], ROUTER[B])
    lab.run(f"power off {A} wait 5")
    lab.lab("exec", "left", "ping", "-c1", "-W2", ROUTER[B])
    lab.run(f"set vpn-network {B} address 10.9.1.2\ncommit")
    lab.lab("exec", "left", "ping", "-c1", "-W2", "10.9.1.2")
    lab.run(f"power on {A} wait 5")
    lab.run(f"delete vpn-network {B}\ncommit")
    lab.run(f"power off {A} wait 5")
    lab.clean()


def foreign(lab):
    """Of the same name, made by somebody else: refused, not touched."""
    lab.fresh(config(A, "10.1.0.0/16"))
    subprocess.run(["ip", "netns", "add", f"sp-{A}"], check=True)
    try:
        out = lab.run(f"power on {A} wait 5", want=1)
        check(f"ip netns delete sp-{A}" in out, f"no remedy:\n{out}")
        check(os.path.exists(f"/run/netns/sp-{A}"), "it was deleted")
        equal("state", lab.power(A), "error")
    finally:
        subprocess.run(["ip", "netns", "del", f"sp-{A}"], check=True)
    lab.run(f"power on {A} wait 5\npower off {A} wait 5")
    lab.clean()


def masquerade(lab):
    rules = ("table ip spnat { chain post { type nat hook postrouting "
             "priority 100; oifname \"wan\" ip saddr 100.64.0.0/24 "
             "masquerade; }; }")
    lab.lab("exec", "left", "nft", rules)


def through(lab):
    """A tunnel out of the namespace, behind the host's NAT."""
    lab.charon("v2-psk-cbc-modp2048")
    lab.fresh(config(A, "10.1.0.0/16", "on-power-loss last-state") +
              tunnel(A))
    masquerade(lab)
    lab.run(f"power on {A} wait 5")
    lab.connect(f"{A} lab")
    lab.installed()
    check("remote host is behind NAT" in lab.log(), "no NAT was seen")
    lab.inside(A, "ping", "-c3", "-i0.2", "-W2", "-I", ROUTER[A],
               "10.2.1.10")
    lab.stop(kill=True)
    lab.spawn()
    lab.connect(f"{A} lab")
    lab.wait("one IKE SA", lambda: lab.sas().count("ESTABLISHED") == 1)
    lab.inside(A, "ping", "-c3", "-i0.2", "-W2", "-I", ROUTER[A],
               "10.2.1.10")
    lab.run(f"power off {A} wait 5")
    lab.wait("no SA", lambda: "ESTABLISHED" not in lab.sas())
    lab.lab("exec", "left", "nft", "delete table ip spnat")
    lab.clean()


def main():
    need()
    lab = Spaces("spn")
    try:
        for function in (makes, twice, last_state, killed, killed_on_host,
                         two, foreign, through):
            lab.case(function.__name__, function)
    finally:
        lab.stop()
        for net in (A, B):
            if os.path.exists(f"/run/netns/sp-{net}"):
                subprocess.run(["ip", "netns", "del", f"sp-{net}"],
                               check=False)
        lab.close()


if __name__ == "__main__":
    main()
