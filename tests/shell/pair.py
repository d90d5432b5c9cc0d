# SPDX-License-Identifier: GPL-3.0-or-later
"""Two network namespaces with one link between them, for tests of the shell
with the whole program: "near", where the shell is typed in, and "far", where
an engine with the other end of the tunnel runs."""
import os
import signal
import subprocess
import sys
import time

from lib import BIN, Terminal

PSK = "correct horse battery staple 42"
NEAR = {"outer": "192.0.2.1", "inner": "10.1.0.1", "net": "10.1.0.0/24"}
FAR = {"outer": "192.0.2.2", "inner": "10.2.0.1", "net": "10.2.0.0/24"}

FAR_COMMANDS = f"""
set vpn-network far placement host
set vpn-network far address {FAR['inner']}
set vpn-network far network-address {FAR['net']}
set vpn-network far phase1 near remote-gateway {NEAR['outer']}
set vpn-network far phase1 near pre-shared-key "{PSK}"
set vpn-network far phase1 near connection-behavior responder-only
set vpn-network far phase1 near phase2 lan local-network {FAR['net']}
set vpn-network far phase1 near phase2 lan remote-network {NEAR['net']}
commit
power on far wait 5
"""


def sh(*cmd, check=True):
    done = subprocess.run(cmd, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False,
                          stdin=subprocess.DEVNULL)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(cmd)}:\n{done.stdout}")
    return done.stdout


def need_root():
    if os.geteuid() != 0:
        print("skipped: network namespaces need root")
        sys.exit(77)
    probe = f"sps{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", probe], check=False,
                      stderr=subprocess.DEVNULL).returncode:
        print("skipped: no network namespaces here (ip netns add)")
        sys.exit(77)
    sh("ip", "netns", "del", probe)


class Pair:
    """with Pair(folder) as p: p.far is an engine that waits for us."""

    def __init__(self, folder):
        tag = f"sps{os.getpid()}"
        self.near_ns, self.far_ns = tag + "n", tag + "f"
        self.folder = folder
        self.far = None

    def __enter__(self):
        try:
            self._links()
            self._far_engine()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _links(self):
        for ns in (self.near_ns, self.far_ns):
            sh("ip", "netns", "add", ns)
        sh("ip", "link", "add", "wan", "netns", self.near_ns, "type", "veth",
           "peer", "name", "wan", "netns", self.far_ns)
        for ns, side in ((self.near_ns, NEAR), (self.far_ns, FAR)):
            for line in ("link set lo up", "link set wan up",
                         f"addr add {side['outer']}/24 dev wan",
                         f"addr add {side['inner']}/24 dev lo"):
                sh("ip", "-n", ns, *line.split())

    def _far_engine(self):
        home = self.folder + "/far"
        os.mkdir(home)
        self.log = open(self.folder + "/far.log", "w")
        self.far = subprocess.Popen(
            ["ip", "netns", "exec", self.far_ns, BIN, "serve", "-d", home],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        for _ in range(200):
            if os.path.exists(home + "/run/control"):
                break
            time.sleep(0.05)
        path = self.folder + "/far.commands"
        with open(path, "w") as f:
            f.write(FAR_COMMANDS)
        sh("ip", "netns", "exec", self.far_ns, BIN, "-d", home, "-f", path)

    def near(self, **how):
        """A terminal with the shell (and its engine) in the near one."""
        return Terminal(["-d", self.folder + "/near"], prefix=(
            "ip", "netns", "exec", self.near_ns), **how)

    def command(self, text, *more):
        return sh("ip", "netns", "exec", self.near_ns, BIN, "-d",
                  self.folder + "/near", *more, "-c", text)

    def ping(self, count=3, interval=0.2):
        """Packets lost on the way through the tunnel."""
        out = sh("ip", "netns", "exec", self.near_ns, "ping", "-q", "-c",
                 str(count), "-i", str(interval), "-W", "1", "-I",
                 NEAR["inner"], FAR["inner"], check=False)
        for line in out.splitlines():
            if "received" in line:
                return count - int(line.split(",")[1].split()[0])
        raise AssertionError(out)

    def near_pids(self):
        """Processes that run in the near namespace."""
        out = sh("ip", "netns", "pids", self.near_ns, check=False)
        return [int(pid) for pid in out.split()]

    def __exit__(self, *_):
        for ns in (self.near_ns, self.far_ns):
            for pid in sh("ip", "netns", "pids", ns, check=False).split():
                try:
                    os.kill(int(pid), signal.SIGTERM)
                except (OSError, ValueError):
                    pass
        if self.far:
            try:
                self.far.wait(10)
            except subprocess.TimeoutExpired:
                self.far.kill()
        end = time.monotonic() + 10
        while self.near_pids() and time.monotonic() < end:
            time.sleep(0.05)
        for ns in (self.near_ns, self.far_ns):
            sh("ip", "netns", "del", ns, check=False)
