#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast the shell feels: one command from start to end with an engine
running, beside `bash -c true` and, where installed, vtysh, birdc and swanctl;
then a prompt with many tunnels: start, Tab, "?", an edit, compare, and what
each of them puts on a line of 9600 bit/s.

  shell.py [--number 10000] [--rounds 40]

Prints one line a figure; asserts nothing.  Times of the prompt include the
pty; "one key" is the floor of that."""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

TOP = os.environ.get("SP_SRCDIR") or os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, TOP + "/tests/shell")

from lib import BIN, Terminal       # noqa: E402 pylint: disable=C0413
from real import Engine             # noqa: E402 pylint: disable=C0413

BESIDE = [["vtysh", "-c", "show version"], ["birdc", "show", "status"],
          ["swanctl", "--version"]]


def times(cmd, rounds):
    out = []
    for _ in range(rounds):
        begin = time.monotonic()
        subprocess.run(cmd, stdin=subprocess.DEVNULL, check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        out.append((time.monotonic() - begin) * 1000)
    return sorted(out)


def one_shot(folder, rounds):
    rows = [["bash", "-c", "true"],
            [BIN, "-d", folder, "-c", "show version"],
            [BIN, "-d", folder, "-j", "-c", "show version"]]
    rows += [cmd for cmd in BESIDE if shutil.which(cmd[0])]
    for cmd in rows:
        got = times(cmd, rounds)
        name = " ".join(os.path.basename(w) for w in cmd if w != folder)
        print(f"{name:44} {statistics.median(got):7.1f} ms median"
              f" {got[0]:7.1f} least")


def tunnels(n):
    out = ["vpn-network n {", "  address 10.1.0.1;",
           "  network-address 10.1.0.0/24;", "  placement host;"]
    for i in range(n):
        out.append(
            f"  phase1 p{i:05d} {{ key-exchange ikev2; remote-gateway"
            f" 203.0.113.{i % 250 + 1};"
            f" peer-identifier peer{i}.example; identifier gw{i}.example;"
            f" pre-shared-key \"key-number-{i}-of-the-bench\";"
            f" connection-behavior responder-only; phase2 lan {{"
            f" local-network 10.1.0.0/24; remote-network"
            f" 10.{2 + i // 256 % 250}.{i % 256}.0/24; }} }}")
    return "\n".join(out + ["}"]) + "\n"


class Prompt:
    def __init__(self, folder):
        begin = time.monotonic()
        self.t = Terminal(["-q", "-d", folder], term="vt100")
        self.t.prompt(60)
        self.say("start to prompt", (time.monotonic() - begin) * 1000,
                 len(self.t.raw))

    @staticmethod
    def say(what, ms, size):
        print(f"{what:44} {ms:7.1f} ms {size:6} bytes {size / 960:6.2f} s"
              " at 9600 bit/s")

    def act(self, what, keys, end):
        """Time from the keys until the end is seen in what came."""
        mark = len(self.t.raw)
        begin = time.monotonic()
        self.t.send(keys)
        while end not in self.t.raw[mark:].replace(b"\x1b[?2004h", b""):
            self.t.pump(0.001)
            if time.monotonic() - begin > 30:
                raise AssertionError(f"{what}:\n{self.t.text()}")
        ms = (time.monotonic() - begin) * 1000
        while self.t.pump(0.1):
            pass
        self.say(what, ms, len(self.t.raw) - mark)

    def clear(self):
        self.t.send("\x15")
        while self.t.pump(0.1):
            pass


def prompt(folder, n):
    p = Prompt(folder)
    p.act("one key", "c", b"c")
    p.act("Tab, a command", "onne\t", b"ct ")
    p.act(f"Tab, one of {n} names", f"p{n // 2:05d}\t", b"0 ")
    p.clear()
    p.act(f"Tab, all of {n} names", "connect p\t\t", b"y/N]")
    p.t.send("n")
    p.clear()
    p.act("? after show", "show ?", b"version")
    p.clear()
    path = f"set vpn-network n phase1 p{n // 2:05d} "
    p.act("an edit", path + "lifetime 2h\r", b"*> ")
    p.act("compare", "compare\r", b"+         lifetime 2h")
    p.act("undo", "undo\r", b"> ")
    p.t.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=40)
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="sp-bench-")
    try:
        with Engine(folder) as e:
            one_shot(folder, args.rounds)
            with open(folder + "/many", "w") as f:
                f.write(tunnels(args.number))
            e.run(f"load {folder}/many\ncommit")
            prompt(folder, args.number)
    finally:
        shutil.rmtree(folder)


main()
