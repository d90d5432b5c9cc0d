#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Throughput of the userspace plane beside charon's kernel-libipsec, between
two namespaces joined by one veth, in one run.

  plane.py [--rounds 5] [--seconds 3] [--planes libipsec,ours,...]

Planes: libipsec, plain (no offload), tun (TUN offload only), udp (UDP offload
only), ours (both), raw (protocol 50), many (ours with 10,000 children), cbc
(ours with AES-256-CBC and HMAC-SHA2-256) beside libipsec-cbc, and none (no
tunnel: the limit of the path).  AES-256-GCM, inner MTU 1400.  Figures: iperf3 TCP of one stream,
CPU-seconds of both gateways' processes for each Gbit, UDP packets of 64 bytes
received a second and CPU for each, mean of 100 pings.  One JSON line a plane
and round, then medians as ratios to libipsec in the same round.  Needs root,
iperf3, strongswan, the lab in $SP_SHARED."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

TOP = os.environ.get("SP_SRCDIR") or os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("SP_BUILD") or TOP + "/build"
STATIC = os.environ.get("SP_PLANE_STATIC") or BUILD + "/tests/bench/plane_static"
SHARED = os.environ.get("SP_SHARED") or os.path.normpath(TOP + "/../shared")
LAB = f"pb{os.getpid() % 9999}"
STATE = os.environ.get("LAB_STATE", "/var/tmp/ipsec-lab") + "/" + LAB
ENV = dict(os.environ, LAB=LAB)
TICK = os.sysconf("SC_CLK_TCK")
CASES = SHARED + "/lab/configs/"
MODES = {"plain": ("0", "0", "256", "gcm", "1"),
         "tun": ("3", "0", "256", "gcm", "1"),
         "udp": ("0", "1", "256", "gcm", "1"),
         "ours": ("3", "1", "256", "gcm", "1"),
         "many": ("3", "1", "256", "gcm", "10000"),
         "cbc": ("3", "1", "256", "cbc", "1"),
         "raw": ("3", "raw", "256", "gcm", "1")}


def lab(*args, check=True):
    return subprocess.run(["sh", SHARED + "/lab/lab", *args], text=True,
                          env=ENV, check=check, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT).stdout


def ns(place, *args, **kw):
    return subprocess.run(["ip", "netns", "exec", f"{LAB}-{place}", *args],
                          text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **kw).stdout


def cpu(pids):
    total = 0
    for pid in pids:
        f = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        total += int(f[11]) + int(f[12])
    return total / TICK


class Libipsec:
    def __init__(self, case):
        self.case = CASES + case

    def __enter__(self):
        lab("peer-up", "right", self.case + "/right")
        lab("peer-up", "left", self.case + "/left", "left")
        lab("peer-ctl", "left", "--initiate", "--child", "net")
        for place in "lr":
            ns(place, "ip", "link", "set", "ipsec0", "mtu", "1400")
        status = [l.split()[0] for p in ("left", "right") for l in
                  open(f"{STATE}/peer-{p}/pid")]
        return status

    def __exit__(self, *_):
        lab("peer-down", "left")
        lab("peer-down", "right")


class Ours:
    def __init__(self, mode):
        self.mode = mode

    def start(self, place, *args):
        p = subprocess.Popen(["ip", "netns", "exec", f"{LAB}-{place}", STATIC,
                              place, *args, *self.mode], text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        dev = p.stdout.readline().strip()
        ns(place, "ip", "link", "set", dev, "mtu", "1400")
        ns(place, "ip", "route", "add", args[3], "dev", dev)
        return p

    def __enter__(self):
        a, b = ("192.0.2.2", "198.51.100.2"), ("10.1.1.0/24", "10.2.1.0/24")
        self.procs = [self.start("l", *a, *b),
                      self.start("r", *a[::-1], *b[::-1])]
        return [p.pid for p in self.procs]

    def __exit__(self, *_):
        for p in self.procs:
            p.stdin.close()
            p.wait()


class Bare:
    """No tunnel: the default routes lead to the other side."""

    def __enter__(self):
        return []

    def __exit__(self, *_):
        pass


def network():
    """The names that the lab's peer-up expects, but one bare veth."""
    os.makedirs(STATE, mode=0o700, exist_ok=True)
    for place in "lr":
        subprocess.run(["ip", "netns", "add", f"{LAB}-{place}"], check=True)
    subprocess.run(["ip", "link", "add", "name", "wan", "netns", f"{LAB}-l",
                    "type", "veth", "peer", "name", "wan", "netns",
                    f"{LAB}-r"], check=True)
    for place, outer, peer, inner in (
            ("l", "192.0.2.2", "198.51.100.2", "10.1.1.10"),
            ("r", "198.51.100.2", "192.0.2.2", "10.2.1.10")):
        ns(place, "sh", "-c", f"ip link set lo up; ip link set wan up;"
           f"ip addr add {outer} peer {peer} dev wan;"
           f"ip addr add {inner} dev lo;"
           f"ip route add default via {peer} dev wan;"
           "sysctl -qw net.ipv4.conf.all.rp_filter=0")


def make(name):
    if name == "libipsec":
        return Libipsec("v2-psk-gcm-x25519")
    if name == "libipsec-cbc":
        return Libipsec("v2-psk-cbc-modp2048")
    return Bare() if name == "none" else Ours(MODES[name])


def iperf(pids, *args):
    before = cpu(pids)
    out = json.loads(ns("l", "iperf3", "-c", "10.2.1.10", "-B", "10.1.1.10",
                        "-J", *args))
    return out["end"], cpu(pids) - before


def measure(name, seconds):
    with make(name) as pids:
        for _ in range(50):
            if "1 received" in ns("l", "ping", "-c1", "-W1", "-n", "-I",
                                  "10.1.1.10", "10.2.1.10"):
                break
        row = {"plane": name, "load": os.getloadavg()[0]}
        end, used = iperf(pids, "-t", str(seconds))
        bits = end["sum_received"]["bytes"] * 8 / 1e9
        row["tcp_mbit"] = round(bits * 1000 / end["sum_received"]["seconds"])
        row["cpu_gbit"] = round(used / bits, 3) if bits else 0
        end, used = iperf(pids, "-u", "-b", "0", "-l", "64", "-t",
                          str(min(seconds, 2)))
        s = end["sum"]
        got = s["packets"] - s["lost_packets"]
        row["udp_kpps"] = round(got / s["seconds"] / 1000, 1)
        row["cpu_packet_us"] = round(used * 1e6 / got, 2) if got else 0
        out = ns("l", "ping", "-q", "-n", "-c100", "-i0.01", "-I",
                 "10.1.1.10", "10.2.1.10")
        row["ping_ms"] = float(out.rsplit("=", 1)[1].split("/")[1])
    print(json.dumps(row), flush=True)
    return row


BETTER_LOW = ("cpu_gbit", "cpu_packet_us", "ping_ms")


def report(rounds, planes):
    for name in planes:
        if name in ("libipsec", "none") or "libipsec" not in planes:
            continue
        line = {"plane": name, "rounds": len(rounds)}
        for key in ("tcp_mbit", "cpu_gbit", "udp_kpps", "cpu_packet_us",
                    "ping_ms"):
            r = [(b[key] / a[key] if key not in BETTER_LOW
                  else a[key] / b[key]) for a, b in
                 ((rd["libipsec"], rd[name]) for rd in rounds)
                 if a[key] and b[key]]
            if r:
                line[key] = "%.1f (%.1f-%.1f)" % (statistics.median(r),
                                                  min(r), max(r))
        print(json.dumps(line))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=
                                 argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--seconds", type=int, default=3)
    ap.add_argument("--planes", default="libipsec,plain,tun,udp,ours,raw,none")
    a = ap.parse_args()
    planes = a.planes.split(",")
    if not os.access(STATIC, os.X_OK):
        print(f"skipped: {STATIC} is not built")
        return 77
    network()
    server = subprocess.Popen(["ip", "netns", "exec", f"{LAB}-r", "iperf3",
                               "-s"], stdout=subprocess.DEVNULL)
    try:
        rounds = []
        for i in range(a.rounds):
            order = planes if i % 2 == 0 else planes[::-1]
            rounds.append({p: measure(p, a.seconds) for p in order})
        report(rounds, planes)
    finally:
        server.terminate()
        server.wait()
        lab("gc", check=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
