# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab tests share: a network of namespaces with a real peer on the
right, our engine on the left, checks that print TAP.

The network is made by the lab script in $SP_SHARED (see its README): left is
192.0.2.2 with 10.1.0.0/16 behind it, right is 198.51.100.2 with 10.2.0.0/16.
A test is a function; Lab.case() runs it, prints "ok"/"not ok", and on failure
the end of both sides' logs."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback

TOP = os.environ.get("SP_SRCDIR") or os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("SP_SHARED") or os.path.normpath(TOP + "/../shared")
BIN = os.environ.get("SP_BIN") or TOP + "/build/sallyport"
SCRIPT = SHARED + "/lab/lab"
PSK = "lab-psk-0123456789abcdef"


class Failed(Exception):
    """A check did not hold; its text says what was seen."""


def need(*files):
    for path in (BIN, SCRIPT, *files):
        if not os.path.exists(path):
            print(f"1..0 # SKIP {path} is not there")
            sys.exit(77)
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        print("1..0 # SKIP needs root and /dev/net/tun")
        sys.exit(77)


def listens(path):
    """Does somebody accept connections on this Unix socket?"""
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(path) == 0


def check(condition, text):
    if not condition:
        raise Failed(text)


def equal(what, got, want):
    check(got == want, f"{what}: got {got!r}, want {want!r}")


def settings(p1=(), p2=(), more=(), ike="aes 128 sha256 14",
             esp="aes 128 sha256 14", name="lab", child="net",
             local="10.1.1.0/24", remote="10.2.1.0/24", psk=PSK,
             gateway="198.51.100.2", behavior="responder-only"):
    """The configuration that fits the lab's peers, as set lines.

    ike, esp: "algorithm key-length hash|prf dh-group", rows split by ","."""
    base = f"vpn-network lab phase1 {name}"
    kid = f"{base} phase2 {child}"
    lines = ["vpn-network lab placement host",
             "vpn-network lab address 10.1.0.1",
             "vpn-network lab network-address 10.1.0.0/16",
             f"{base} key-exchange ikev2",
             f"{base} remote-gateway {gateway}",
             f"{base} pre-shared-key {psk}",
             f"{base} identifier left.example",
             f"{base} peer-identifier right.example",
             f"{base} connection-behavior {behavior}",
             f"{kid} local-network {local}", f"{kid} remote-network {remote}"]
    lines += proposals(base, ike, True) + proposals(kid, esp, False)
    lines += [f"{base} {x}" for x in p1] + [f"{kid} {x}" for x in p2]
    return [f"set {line}" for line in lines + list(more)]


def proposals(path, rows, is_ike):
    lines = []
    for n, row in enumerate(rows.split(","), 1):
        alg, bits, hash_, group = row.split()
        at = f"{path} proposal {n * 10}"
        lines.append(f"{at} algorithm {alg}")
        if bits != "-":
            lines.append(f"{at} key-length {bits}")
        if hash_ != "-":
            aead = alg in ("aes-gcm", "chacha20-poly1305")
            if is_ike or not aead:
                lines.append(f"{at} {'prf' if aead else 'hash'} {hash_}")
        lines.append(f"{at} dh-group {group}")
    return lines


class Lab:
    def __init__(self, prefix, nat=False):
        self.env = dict(os.environ, LAB=f"{prefix}{os.getpid() % 9999}")
        self.dir = tempfile.mkdtemp(prefix="sallyport-lab-")
        self.engine = None
        self.count = self.bad = 0
        self.peer = None
        self.lab("net-up", *(["--nat"] if nat else []))

    def lab(self, *args, check_=True, env=None, timeout=90):
        done = subprocess.run(["sh", SCRIPT, *args], text=True,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, timeout=timeout,
                              stderr=subprocess.STDOUT, check=False,
                              env={**self.env, **(env or {})})
        if check_ and done.returncode:
            raise Failed(f"lab {' '.join(args)}: {done.stdout}")
        return done.stdout if check_ else done

    # ---- our side
    def start(self, lines=None):
        """A fresh engine with this configuration, powered on."""
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        self.spawn()
        if lines:
            self.run("\n".join([*lines, "commit", "power on lab wait 5"]))

    def spawn(self):
        """Run the engine on what self.dir holds."""
        with open(self.dir + ".log", "a") as log:
            self.engine = subprocess.Popen(
                ["ip", "netns", "exec", self.env["LAB"] + "-l", BIN, "serve",
                 "-d", self.dir], env=self.env, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT)
        self.wait("the engine", lambda: self.engine.poll() is None and
                  listens(self.dir + "/run/control"))

    def stop(self, kill=False):
        if self.engine and self.engine.poll() is None:
            if kill:
                self.engine.kill()
            else:
                self.engine.terminate()
            self.engine.wait(20)
        self.engine = None

    def cmd(self, text, *opts):
        return subprocess.run([BIN, "-d", self.dir, *opts, "-f", "-"],
                              input=text + "\n", text=True, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)

    def run(self, text, want=0):
        done = self.cmd(text)
        check(done.returncode == want, f"`{text}` exited {done.returncode}, "
              f"want {want}:\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def json(self, text):
        done = self.cmd(text, "-j")
        check(done.returncode == 0, f"`{text}`: {done.stdout}{done.stderr}")
        return json.loads(done.stdout.splitlines()[-1])

    def tunnel(self, name="lab"):
        for tunnel in self.json("show tunnels")["tunnels"]:
            if tunnel["phase1"] == name:
                return tunnel
        raise Failed(f"show tunnels has no {name}")

    def connect(self, target="lab lab", wait=20):
        return self.run(f"connect {target} wait {wait}")

    def connect_fails(self, code, *words, wait=20, status=1):
        """connect must fail with this reason; words: in its text."""
        out = self.run(f"connect lab lab wait {wait}", status)
        tunnel = self.tunnel()
        reason = tunnel.get("reason") or next(
            (c["reason"] for c in tunnel["children"] if c.get("reason")), {})
        equal("reason", reason.get("code"), code)
        for word in words:
            check(word in out, f"the message lacks {word!r}:\n{out}")
        return out

    # ---- the peer
    def charon(self, case=None, text=None, netlink=False, ack=False):
        """charon on the right with a case of the lab, or with a text.

        netlink: with the kernel's ESP; ack: with a kernel that only nods."""
        self.no_peer()
        folder = f"{SHARED}/lab/configs/{case}/right" if case else None
        if text:
            new = tempfile.mkdtemp(prefix="peer-", dir=self.dir)
            if folder:
                shutil.copytree(folder, new, dirs_exist_ok=True)
                subprocess.run(["chmod", "-R", "u+w", new], check=True)
            with open(new + "/swanctl.conf", "w") as f:
                f.write(text)
            folder = new
        env = {"LAB_KERNEL": "netlink"} if netlink or ack else {}
        if ack:
            env["LAB_XFRM_ACK"] = "1"
        self.lab("peer-up", "right", folder, env=env)
        self.peer = "charon"

    def edit(self, case, *changes):
        """The peer's swanctl.conf of a case with (regex, text) changes."""
        text = open(f"{SHARED}/lab/configs/{case}/right/swanctl.conf").read()
        for old, new in changes:
            text, n = re.subn(old, new, text)
            check(n > 0, f"{case}: no {old!r} to change")
        return text

    def pluto(self, case):
        self.no_peer()
        self.lab("pluto-up", "right", f"{SHARED}/lab/configs/{case}/right",
                 env={"LAB_XFRM_ACK": "1"})
        self.peer = "pluto"

    def no_peer(self, kill=False):
        if self.peer == "charon":
            self.lab("peer-down", "right", *(["kill"] if kill else []))
        elif self.peer == "pluto":
            self.lab("pluto-down", "right")
        self.peer = None

    def ctl(self, *args, check_=True):
        return self.lab("peer-ctl", "right", *args, check_=check_)

    def sas(self):
        return self.ctl("--list-sas")

    def log(self):
        which = "pluto-log" if self.peer == "pluto" else "peer-log"
        return self.lab(which, "right", check_=False).stdout

    # ---- checks
    @staticmethod
    def wait(what, test, seconds=10):
        end = time.monotonic() + seconds
        while not test():
            if time.monotonic() > end:
                raise Failed(f"no {what} after {seconds} s")
            time.sleep(0.1)

    def installed(self, number=1):
        equal("INSTALLED at the peer", self.sas().count("INSTALLED"), number)

    def state(self, want, name="lab", seconds=10):
        self.wait(f"state {want}", lambda: self.tunnel(name)["state"] == want,
                  seconds)

    def ping(self, src="10.1.1.10", dst="10.2.1.10", ok=True):
        done = self.lab("ping6" if ":" in src else "ping4", src, dst,
                        check_=False)
        check((done.returncode == 0) == ok,
              f"ping {src} -> {dst} {'failed' if ok else 'went through'}:\n"
              f"{done.stdout}")

    def start_ping(self, seconds, interval=0.05):
        """A background ping through the tunnel; lost() tells its loss."""
        return subprocess.Popen(
            ["ip", "netns", "exec", self.env["LAB"] + "-hl", "ping", "-n",
             "-q", "-i", str(interval), "-w", str(seconds), "-I", "10.1.1.10",
             "10.2.1.10"], env=self.env, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)

    @staticmethod
    def lost(ping):
        out = ping.communicate()[0]
        sent, got = re.search(r"(\d+) packets transmitted, (\d+) received",
                              out).groups()
        return int(sent), int(sent) - int(got)

    def lhost(self, *cmd, place="lhost", timeout=60):
        return self.lab("exec", place, *cmd, timeout=timeout)

    # ---- running
    def case(self, name, function):
        self.count += 1
        try:
            function(self)
            print(f"ok {self.count} - {name}", flush=True)
        except Exception as e:  # a broken case must not hide the others
            self.bad += 1
            print(f"not ok {self.count} - {name}", flush=True)
            if not isinstance(e, Failed):
                traceback.print_exc(file=sys.stdout)
            self.diagnose(e)

    def diagnose(self, e):
        text = [str(e), "-- peer"] + self.log().splitlines()[-25:]
        try:
            done = self.cmd("show log last 30 level debug\nshow tunnels detail")
            text += ["-- ours", done.stdout, done.stderr]
        except (OSError, subprocess.TimeoutExpired):
            pass
        print("\n".join("# " + x for t in text for x in t.splitlines()),
              flush=True)

    def close(self):
        try:
            self.stop()
            self.no_peer()
        finally:
            self.lab("relay", "off", check_=False)
            self.lab("net-down", check_=False)
            shutil.rmtree(self.dir, ignore_errors=True)
            if os.path.exists(self.dir + ".log"):
                os.unlink(self.dir + ".log")
            print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.bad else 0)
