#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key that was committed, kept in a draft, replaced and loaded again is in
no core image of the engine, no log, no answer (hardening.md R-40, R-41,
R-44).  What a core with an open filter would hold is read from /proc: every
mapping that can be read but those marked "do not dump"."""
import base64
import json
import os
import re
import resource
import socket
import subprocess
import sys
import time

from lib import BIN, equal, main

OLD, NEW, DRAFT = (f"canary-{word}-3f9a71c5d2e8" for word in
                   ("old", "new", "draft"))
TEXT = ("vpn-network a { address 10.1.0.1; network-address 10.1.0.0/24; "
        "placement host; phase1 p { remote-gateway 203.0.113.7; "
        "pre-shared-key <secret:a/p>; phase2 x { local-network 10.1.0.0/24; "
        "remote-network 10.2.0.0/24; } } }")


class Client:
    def __init__(self, path):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.connect(path)
        self.f = self.s.makefile("r")
        self.said = ""

    def call(self, method, **params):
        self.s.sendall(json.dumps({"id": 1, "method": method,
                                   "params": params}).encode() + b"\n")
        while True:
            line = self.f.readline()
            answer = json.loads(line)
            if answer.get("id") == 1 and not answer.get("more"):
                break
        if method != "draft.load":
            self.said += line
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]


def coded(key):
    return base64.b64encode(key.encode()).decode()


def dumped(pid):
    """Bytes of each mapping that a core image holds."""
    where = flags = None
    found = []
    with open(f"/proc/{pid}/smaps") as f:
        for line in f:
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) .*?(\S*)$", line)
            if head:
                where = (int(head[1], 16), int(head[2], 16), head[3], head[4])
            elif line.startswith("VmFlags:"):
                flags = line.split()[1:]
                if "dd" not in flags and where[2][0] == "r" and \
                        where[3] not in ("[vvar]", "[vsyscall]"):
                    found.append(where)
    with open(f"/proc/{pid}/mem", "rb") as f:
        for first, last, _, name in found:
            try:
                f.seek(first)
                yield name, f.read(last - first)
            except OSError:
                pass            # a mapping of a device, or gone


def assert_absent(pid, keys):
    seen = False                # what is no secret must be found
    for name, data in dumped(pid):
        seen |= b"203.0.113.7" in data
        for key in keys:
            for form in (key, coded(key).rstrip("=")[:-2]):
                if form.encode() in data:
                    raise AssertionError(f"{form} is in {name or 'memory'}")
    equal(seen, True)


def start(folder):
    with open(folder + "/log", "w") as log:
        child = subprocess.Popen([BIN, "serve", "-d", folder + "/e"],
                                 stdin=subprocess.DEVNULL, stdout=log,
                                 stderr=log)
    path = folder + "/e/run/control"
    end = time.monotonic() + 10
    while not os.path.exists(path):
        if child.poll() is not None or time.monotonic() > end:
            raise AssertionError("the engine does not start")
        time.sleep(0.02)
    return child, Client(path)


def use(c):
    c.call("config.validate", text=TEXT, secrets={"a/p": coded(OLD)})
    r = c.call("config.commit", base=0, text="system { log-level debug; } " +
               TEXT, secrets={"a/p": coded(OLD)})
    c.call("draft.save", text="x", secrets={"a/p": coded(DRAFT)})
    equal(c.call("draft.load")["secrets"]["a/p"], coded(DRAFT))
    c.call("draft.drop")
    c.call("config.commit", base=r["revision"], text=TEXT,
           secrets={"a/p": coded(NEW)})
    for method in ("config.get", "config.history", "show.tunnels",
                   "show.log", "show.system", "show.sessions"):
        c.call(method)


def test_nowhere(folder):
    child, c = start(folder)
    try:
        use(c)
        c.call("hello")
        assert_absent(child.pid, (OLD, NEW, DRAFT))
        with open(folder + "/log") as f:
            said = c.said + f.read()
        for key in (OLD, NEW, DRAFT):
            for form in (key, coded(key).rstrip("=")[:-2]):
                if form in said:
                    raise AssertionError(f"{form} was said")
        soft = resource.prlimit(child.pid, resource.RLIMIT_CORE)
        equal(soft, (0, 0))
    finally:
        child.terminate()
        child.wait(10)


def test_loaded(folder):
    child, c = start(folder)
    use(c)
    child.terminate()
    child.wait(10)
    child, c = start(folder)
    try:
        c.call("config.get")
        assert_absent(child.pid, (OLD, NEW, DRAFT))
    finally:
        child.terminate()
        child.wait(10)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root to read another process")
        sys.exit(77)
    main([test_nowhere, test_loaded])
