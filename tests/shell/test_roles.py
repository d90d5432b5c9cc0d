#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles by the peer's credentials: users of no group, of each of the three
groups, and of one as a supplementary group, as the kernel tells them.

The engine runs in a mount namespace in which /etc/group and /etc/passwd are
ours, so that the machine needs no such groups."""
import json
import os
import socket
import subprocess
import sys
import time

from lib import BIN, equal, holds, main

GIDS = {"sallyport": 64170, "sallyport-view": 64171, "sallyport-op": 64172,
        "sallyport-admin": 64173}
UID = 64180
# user, group, further groups, role (None: not let in)
ROWS = [
    ("root", 0, [], "administrator"),
    ("nobody's", 64179, [], None),
    ("viewer", 64171, [], "viewer"),
    ("operator", 64172, [], "operator"),
    ("administrator", 64173, [], "administrator"),
    ("supplementary", 64179, [64179, 64172], "operator"),
    ("the highest counts", 64171, [64172, 64173], "administrator"),
    ("the socket's group alone", 64170, [], None),
]


def as_user(gid, groups, work):
    """What work() returns in a process with these groups (uid 0: as we)."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if gid:
                os.setgroups([64170, *groups])
                os.setgid(gid)
                os.setuid(UID)
            try:
                text = json.dumps(work())
            except OSError as e:
                text = json.dumps(str(e))
            os.write(into, text.encode())
        finally:
            os._exit(0)
    os.close(into)
    with os.fdopen(out) as f:
        text = f.read()
    os.waitpid(pid, 0)
    return json.loads(text)


def ask(path, *requests):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(path)
        f = s.makefile("r")
        answers = []
        for method, params in requests:
            try:
                s.sendall(json.dumps({"id": 1, "method": method,
                                      "params": params}).encode() + b"\n")
            except BrokenPipeError:
                pass            # it may have said why all the same
            try:
                line = f.readline()
            except ConnectionResetError:
                line = ""
            answers.append(json.loads(line) if line else None)
        return answers


def start(folder):
    group, passwd = folder + "/group", folder + "/passwd"
    with open("/etc/group") as f, open(group, "w") as new:
        new.write(f.read() + "".join(f"{n}:x:{g}:\n"
                                     for n, g in GIDS.items()))
    with open("/etc/passwd") as f, open(passwd, "w") as new:
        new.write(f.read() + f"alice:x:{UID}:{UID}::/:/bin/sh\n")
    child = subprocess.Popen(
        ["unshare", "-m", "sh", "-ec", f"mount --bind {group} /etc/group; "
         f"mount --bind {passwd} /etc/passwd; exec {BIN} serve -d {folder}/e"],
        stdin=subprocess.DEVNULL)
    path = folder + "/e/run/control"
    end = time.monotonic() + 10
    while not os.path.exists(path):
        if child.poll() is not None or time.monotonic() > end:
            raise AssertionError("the engine does not start")
        time.sleep(0.02)
    for place in (folder, folder + "/e"):   # a way to RUNDIR for others
        os.chmod(place, 0o711)
    return child, path


def test_groups(folder):
    child, path = start(folder)
    try:
        equal(os.stat(path).st_mode & 0o777, 0o660)
        equal(os.stat(path).st_gid, GIDS["sallyport"])
        equal(os.stat(os.path.dirname(path)).st_gid, GIDS["sallyport"])
        for name, gid, groups, role in ROWS:
            hello, commit = as_user(gid, groups, lambda: ask(
                path, ("hello", {}), ("config.commit", {})))
            if role is None:
                equal((name, hello["event"]), (name, "closing"))
                holds(hello["data"]["message"], "sallyport-view")
                continue
            equal((name, hello["result"]["role"]), (name, role))
            equal((name, commit["error"]["code"]), (
                name, "format" if role == "administrator" else "denied"))
        who = as_user(64171, [], lambda: ask(path, ("show.sessions", {})))
        equal(who[0]["result"]["sessions"][0]["user"], "alice")
    finally:
        child.terminate()
        child.wait(10)


def test_less_is_asked_for(folder):
    child, path = start(folder)
    try:
        for want, get in (("viewer", "viewer"), ("operator", "operator"),
                          ("administrator", "operator")):
            hello = as_user(64172, [], lambda: ask(
                path, ("hello", {"role": want})))[0]
            equal(hello["result"]["role"], get)
    finally:
        child.terminate()
        child.wait(10)


if __name__ == "__main__":
    if os.geteuid() != 0 or subprocess.run(
            ["unshare", "-m", "true"], check=False).returncode:
        print("1..0 # SKIP needs root and mount namespaces")
        sys.exit(77)
    main([test_groups, test_less_is_asked_for])
