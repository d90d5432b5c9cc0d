#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration of many tunnels: load and commit beside charon's
`swanctl --load-all` of the same in one run; then memory, show, compare and a
commit of one change.

  scale.py [--number 10000] [--no-charon]

The tunnels are responder-only, with a key and one child each.  Times are of
whole processes; "in a session" is measured at an open control connection, as a
prompt has it.  Prints one line a figure.  Needs root and the lab in
$SP_SHARED for charon."""
import argparse
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.environ.get("SP_SRCDIR") or os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("SP_BIN") or TOP + "/build/sallyport"
SHARED = os.environ.get("SP_SHARED") or os.path.normpath(TOP + "/../shared")
LAB = f"sc{os.getpid() % 9999}"
ENV = dict(os.environ, LAB=LAB)


def far(i):
    return f"10.{2 + i // 256 % 250}.{i % 256}.0/24"


def ours(n):
    out = ["vpn-network a {", "  address 10.1.0.1;",
           "  network-address 10.1.0.0/24;", "  placement host;"]
    for i in range(n):
        out.append(
            f"  phase1 p{i:05d} {{ key-exchange ikev2; remote-gateway"
            f" 203.0.113.{i % 250 + 1};"
            f" peer-identifier peer{i}.example; identifier gw{i}.example;"
            f" pre-shared-key \"key-number-{i}-of-the-bench\";"
            f" connection-behavior responder-only; phase2 lan {{"
            f" local-network 10.1.0.0/24; remote-network {far(i)}; }} }}")
    return "\n".join(out + ["}"]) + "\n"


def theirs(n):
    conns = ["connections {"]
    secrets = ["secrets {"]
    for i in range(n):
        conns.append(
            f"  p{i:05d} {{ version = 2\n remote_addrs = 203.0.113."
            f"{i % 250 + 1}\n local {{ auth = psk\n id = gw{i}.example\n }}\n"
            f" remote {{ auth = psk\n id = peer{i}.example\n }}\n children {{"
            f" lan {{ local_ts = 10.1.0.0/24\n remote_ts = {far(i)}\n }}\n"
            f" }}\n }}")
        secrets.append(
            f"  ike-{i} {{ id-1 = gw{i}.example\n id-2 = peer{i}.example\n"
            f" secret = \"key-number-{i}-of-the-bench\"\n }}")
    return "\n".join(conns + ["}"] + secrets + ["}"]) + "\n"


def lab(*args, env=None):
    done = subprocess.run(["sh", SHARED + "/lab/lab", *args], text=True,
                          env={**ENV, **(env or {})}, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(f"scale: lab {' '.join(args)}: {done.stdout}")
    return done.stdout


def rss(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


def timed(*cmd):
    """(seconds, output) of a command that must succeed."""
    start = time.monotonic()
    done = subprocess.run(cmd, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    took = time.monotonic() - start
    if done.returncode:
        sys.exit(f"scale: {' '.join(cmd)}: {done.stderr[-500:]}")
    return took, done.stdout


class Session:
    """A control connection, as a shell has it."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.file = self.sock.makefile("rb")

    def call(self, method, **params):
        line = json.dumps({"id": 1, "method": method, "params": params})
        start = time.monotonic()
        self.sock.sendall(line.encode() + b"\n")
        result = {}
        while True:
            reply = json.loads(self.file.readline())
            if "error" in reply:
                sys.exit(f"scale: {method}: {reply['error']}")
            for key, value in reply["result"].items():
                if isinstance(value, list):
                    result.setdefault(key, []).extend(value)
                else:
                    result[key] = value
            if not reply.get("more"):
                return time.monotonic() - start, result


def say(what, value, unit, note=""):
    print(f"{what:46} {value:10.3f} {unit:6} {note}", flush=True)


def bench_ours(folder, n):
    with open(folder + "/big.conf", "w") as f:
        f.write(ours(n))
    with subprocess.Popen([BIN, "serve", "-d", folder + "/d"],
                          stdin=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as engine:
        while not os.path.exists(folder + "/d/run/control"):
            time.sleep(0.02)
        time.sleep(0.2)
        try:
            return measure(folder, n, engine.pid)
        finally:
            engine.terminate()


def measure(folder, n, pid):
    at = ["-d", folder + "/d"]
    empty = rss(pid)
    load, _ = timed(BIN, *at, "-c", f"load {folder}/big.conf\ncommit")
    say(f"load and commit of {n}", load, "s")
    say("memory of a configured tunnel", (rss(pid) - empty) / n, "bytes",
        "after the commit, heap of the old tree included")
    took, _ = timed(BIN, *at, "-c", "show tunnels")
    say("show tunnels, whole process", took, "s")
    took, _ = timed(BIN, *at, "-j", "-c", "show tunnels")
    say("show tunnels -j, whole process", took, "s")
    took, _ = timed(BIN, *at, "-c", "set vpn-network a phase1 p00005 "
                    "description x\ncommit")
    say("set and commit of one, whole process", took, "s")
    s = Session(folder + "/d/run/control")
    took, _ = s.call("show.tunnels")
    say("show tunnels, in a session", took, "s")
    _, conf = s.call("config.get")
    text = conf["text"].replace("description x;", "description y;")
    took, _ = s.call("config.commit", base=conf["revision"], text=text,
                     secrets={}, comment="")
    say("commit of one, in a session (fsync included)", took, "s")
    return load


def bench_charon(folder, n):
    conf = folder + "/right"
    os.makedirs(conf)
    with open(conf + "/swanctl.conf", "w") as f:
        f.write(theirs(0))
    with open(conf + "/strongswan.conf", "w") as f:
        f.write("charon { filelog { log { default = -1\nenc = -1\n"
                "esp = -1 } } }\n")
    lab("net-up")
    try:
        lab("peer-up", "right", conf, env={"LAB_XFRM_ACK": "1",
                                           "LAB_KERNEL": "netlink"})
        big = folder + "/swanctl.conf"
        with open(big, "w") as f:
            f.write(theirs(n))
        state = os.environ.get("LAB_STATE", "/var/tmp/ipsec-lab")
        pid = int(open(f"{state}/{LAB}/peer-right/pid").read().split()[0])
        before = rss(pid)
        start = time.monotonic()
        out = lab("peer-ctl", "right", "--load-all", "--file", big)
        took = time.monotonic() - start
        if f"loaded {n} of {n} connections" not in out and \
                f"successfully loaded {n} connections" not in out:
            sys.exit("scale: charon: " + out[-500:])
        say(f"charon: swanctl --load-all of {n}", took, "s")
        say("charon: memory of a configured tunnel", (rss(pid) - before) / n,
            "bytes")
        return took
    finally:
        lab("peer-down", "right")
        lab("net-down")


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--number", type=int, default=10000)
    args.add_argument("--no-charon", action="store_true")
    args = args.parse_args()
    folder = tempfile.mkdtemp(prefix="sp-scale-")
    try:
        load = bench_ours(folder, args.number)
        if not args.no_charon:
            peer = bench_charon(folder, args.number)
            say("ratio: charon's load to ours", peer / load, "x")
        say("children's processor time", resource.getrusage(
            resource.RUSAGE_CHILDREN).ru_utime, "s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()
