#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU-seconds for 1000 IKEv2 handshakes a side and memory for each
established IKE SA: two sallyport engines beside two charons, in one run.

  handshakes.py [--number 1000] [--rounds 3] [--suite x25519|modp2048]

Pre-shared keys, AES-128-GCM, one child each (charon also childless, which
ours does not do yet).  charon runs with kernel-netlink and, where the kernel
has no ESP, with the lab's preload that only nods; ours has the plane that the
machine gives.  Prints one JSON line a figure and the ratios at the end.  Needs
root, strongswan, the lab in $SP_SHARED."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.environ.get("SP_SRCDIR") or os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("SP_BIN") or TOP + "/build/sallyport"
SHARED = os.environ.get("SP_SHARED") or os.path.normpath(TOP + "/../shared")
LAB = f"hb{os.getpid() % 9999}"
ENV = dict(os.environ, LAB=LAB)
GROUPS = {"x25519": ("x25519", "31"), "modp2048": ("modp2048", "14")}
TICK = os.sysconf("SC_CLK_TCK")
PSK = "bench-0123456789abcdef0123456789"


def lab(*args, env=None, check=True):
    return subprocess.run(["sh", SHARED + "/lab/lab", *args], text=True,
                          env={**ENV, **(env or {})}, check=check,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT).stdout


def cpu(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def rss(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


def wait(test, seconds, what):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            sys.exit(f"handshakes: no {what} after {seconds} s")
        time.sleep(0.1)


def swanctl_conf(side, number, group, childless):
    left = side == "left"
    me, peer = ("192.0.2.2", "198.51.100.2") if left else (
        "198.51.100.2", "192.0.2.2")
    child = ("childless = force\n" if childless else
             "children { net { local_ts = 10.%d.1.0/24\n"
             "remote_ts = 10.%d.1.0/24\nesp_proposals = aes128gcm16 } }\n"
             % ((1, 2) if left else (2, 1)))
    conns = []
    for n in range(1, number + 1 if left else 2):
        myid = f"left{n}.example" if left else "right.example"
        theirs = "right.example" if left else "%any"
        conns.append(
            f"c{n} {{ version = 2\nlocal_addrs = {me}\nremote_addrs = {peer}\n"
            "mobike = no\nunique = never\n"
            f"proposals = aes128gcm16-prfsha256-{group}\n"
            f"local {{ auth = psk\nid = {myid} }}\n"
            f"remote {{ auth = psk\nid = {theirs} }}\n{child} }}")
    return ("connections {\n" + "\n".join(conns) + "\n}\nsecrets { ike-1 { "
            f'secret = "{PSK}" }} }}\n')


def charon_run(number, group, childless):
    """(initiator CPU, responder CPU, bytes an SA at the responder)."""
    folder = tempfile.mkdtemp(prefix="sallyport-bench-")
    pids = {}
    for side in ("right", "left"):
        os.makedirs(f"{folder}/{side}")
        with open(f"{folder}/{side}/swanctl.conf", "w") as f:
            f.write(swanctl_conf(side, number, group, childless))
        with open(f"{folder}/{side}/strongswan.conf", "w") as f:
            f.write("charon { filelog { log { default = -1\nenc = -1\n"
                    "esp = -1 } }\ndos_protection = no\nreuse_ikesa = no\n"
                    "max_ikev1_exchanges = 3 }\n")
        lab("peer-up", side, f"{folder}/{side}", side,
            env={"LAB_KERNEL": "netlink", "LAB_XFRM_ACK": "1"})
        state = os.environ.get("LAB_STATE", "/var/tmp/ipsec-lab")
        pids[side] = int(open(f"{state}/{LAB}/peer-{side}/pid").read()
                         .split()[0])
    before = {s: (cpu(p), rss(p)) for s, p in pids.items()}
    base = f"{os.environ.get('LAB_STATE', '/var/tmp/ipsec-lab')}/{LAB}"
    what = ["--ike"] if childless else ["--child", "net", "--ike"]
    for n in range(1, number + 1):
        subprocess.run(["swanctl", "--initiate", *what, f"c{n}", "--uri",
                        f"unix://{base}/peer-left/vici"],
                       env={**ENV, "STRONGSWAN_CONF":
                            f"{base}/peer-left/strongswan.conf"},
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       check=False)
    done = lab("peer-ctl", "right", "--stats")
    result = {s: cpu(p) - before[s][0] for s, p in pids.items()}
    memory = (rss(pids["right"]) - before["right"][1]) / number
    up = [x for x in done.splitlines() if "IKE_SAs:" in x]
    for side in pids:
        lab("peer-down", side)
    shutil.rmtree(folder)
    return result["left"], result["right"], memory, (up or ["?"])[0].strip()


def our_lines(side, number, group):
    me, peer = ("10.1.0.1", "198.51.100.2") if side == "left" else (
        "10.2.0.1", "192.0.2.2")
    net = "10.%d.0.0/16" % (1 if side == "left" else 2)
    lines = ["system log-level error", "system cookie-threshold 0",
             "system cookie-threshold-address 0", "system block-threshold 0",
             "vpn-network n placement host", f"vpn-network n address {me}",
             f"vpn-network n network-address {net}",
             "vpn-network n ipsec unique-ids never"]
    for n in range(1, number + 1 if side == "left" else 2):
        at = f"vpn-network n phase1 c{n}"
        lines += [f"{at} key-exchange ikev2", f"{at} remote-gateway {peer}",
                  f"{at} pre-shared-key {PSK}",
                  f"{at} proposal 10 algorithm aes-gcm",
                  f"{at} proposal 10 key-length 128",
                  f"{at} proposal 10 prf sha256",
                  f"{at} proposal 10 dh-group {group}",
                  f"{at} phase2 net proposal 10 algorithm aes-gcm",
                  f"{at} phase2 net proposal 10 dh-group {group}"]
        if side == "left":
            lines += [f"{at} identifier left{n}.example",
                      f"{at} peer-identifier right.example",
                      f"{at} connection-behavior start",
                      f"{at} phase2 net local-network "
                      f"10.1.{n // 250}.{n % 250 + 1}/32",
                      f"{at} phase2 net remote-network 10.2.1.0/24"]
        else:
            lines += [f"{at} identifier right.example",
                      f"{at} peer-identifier any",
                      f"{at} connection-behavior responder-only",
                      f"{at} phase2 net local-network 10.2.1.0/24",
                      f"{at} phase2 net remote-network 10.1.0.0/16"]
    return "\n".join(f"set {x}" for x in lines) + "\ncommit\n"


def ask(folder, text):
    done = subprocess.run([BIN, "-d", folder, "-j", "-c", text], text=True,
                          stdout=subprocess.PIPE, check=False)
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}


def our_run(number, group):
    folder = tempfile.mkdtemp(prefix="sallyport-bench-")
    engines = {}
    for side in ("right", "left"):
        engines[side] = subprocess.Popen(
            ["ip", "netns", "exec", f"{LAB}-{side[0]}", BIN, "serve", "-d",
             f"{folder}/{side}"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait(lambda s=side: os.path.exists(f"{folder}/{s}/run/control"), 10,
             "engine")
        done = subprocess.run([BIN, "-d", f"{folder}/{side}", "-q", "-f", "-"],
                              input=our_lines(side, number, group), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        if done.returncode:
            sys.exit(done.stdout[-2000:])
    ask(f"{folder}/right", "power on n wait 10")
    pids = {s: e.pid for s, e in engines.items()}
    before = {s: (cpu(p), rss(p)) for s, p in pids.items()}
    start = time.monotonic()
    ask(f"{folder}/left", "power on n wait 10")
    wait(lambda: ask(f"{folder}/right", "show system").get("system", {})
         .get("children", 0) >= number, 120, f"{number} children")
    seconds = time.monotonic() - start
    result = {s: cpu(p) - before[s][0] for s, p in pids.items()}
    memory = (rss(pids["right"]) - before["right"][1]) / number
    for engine in engines.values():
        engine.kill()
        engine.wait()
    shutil.rmtree(folder)
    return result["left"], result["right"], memory, f"{seconds:.2f} s in all"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--suite", choices=GROUPS, default="x25519")
    args = parser.parse_args()
    theirs, ours = GROUPS[args.suite]
    planes = {"charon childless": lambda: charon_run(args.number, theirs, True),
              "charon child": lambda: charon_run(args.number, theirs, False),
              "sallyport child": lambda: our_run(args.number, ours)}
    sums = {}
    lab("net-up")
    try:
        for number in range(args.rounds):
            names = list(planes)
            for name in names if number % 2 == 0 else names[::-1]:
                init, resp, memory, note = planes[name]()
                scale = 1000 / args.number
                print(json.dumps({
                    "round": number, "who": name, "suite": args.suite,
                    "load": os.getloadavg()[0],
                    "cpu_initiator_per_1000": round(init * scale, 3),
                    "cpu_responder_per_1000": round(resp * scale, 3),
                    "bytes_per_ike_sa": round(memory), "note": note}),
                    flush=True)
                sums.setdefault(name, []).append((init, resp, memory))
    finally:
        lab("net-down", check=False)
    mine = sums["sallyport child"]
    for name in ("charon childless", "charon child"):
        for i, what in enumerate(("CPU initiator", "CPU responder",
                                  "memory per IKE SA")):
            ratios = sorted(t[i] / max(m[i], 1e-3)
                            for t, m in zip(sums[name], mine))
            print(f"{name} / sallyport, {what}: median "
                  f"{ratios[len(ratios) // 2]:.1f} "
                  f"({ratios[0]:.1f}-{ratios[-1]:.1f})")


main()
