#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A canary in a pre-shared key: it may be in the file of secrets and nowhere
else: not in arguments, environment, history, log, JSON, any show, compare,
drafts of others' eyes, what the terminal got, or a core image's reach."""
import base64
import json
import os
import re
import subprocess

from lib import Terminal, equal, holds, lacks, main, script
from real import begin

CANARY = "canary-9f3b-yellow-feather"
P1 = "set vpn-network a phase1 hq "
COMMANDS = ("show configuration", "show configuration all",
            "show configuration | commands", "compare",
            "compare rollback 1", "validate", "show history", "show log",
            "show tunnels detail", "show ike", "show sessions",
            "show system", "show networks", "show counters")


def everything(folder):
    """What every command prints, as text and as JSON."""
    out = []
    for line in COMMANDS:
        for more in ([], ["-j"]):
            done = script(["-d", folder, "--keep-going", *more, "-c", line])
            out.append(done[1] + done[2])
    return "\n".join(out)


def files(folder):
    """Texts of all files but the secrets; those must be for root alone."""
    out = []
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            if os.path.isfile(path):
                text = open(path, errors="replace").read()
                if CANARY in text:
                    equal(os.stat(path).st_mode & 0o077, 0, path)
                    out.append(os.path.relpath(path, folder))
    return out


def proc(pid, name):
    return open(f"/proc/{pid}/{name}", "rb").read().decode("utf-8", "replace")


def in_a_core_image(pid, what):
    """Places in memory that a core image would have."""
    found = []
    with open(f"/proc/{pid}/smaps") as smaps, \
            open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in smaps:
            word = line.split()
            if "-" in word[0]:
                first, last = (int(x, 16) for x in word[0].split("-"))
                writable = "w" in word[1]
                name = " ".join(word[5:])
            if word[0] != "VmFlags:" or not writable or "dd" in word or \
                    last - first > 1 << 31:
                continue
            mem.seek(first)
            at = mem.read(last - first).find(what)
            if at >= 0:
                found.append(f"{first + at:x} {name}")
    return found


def test_no_core_image_has_it(folder):
    if os.geteuid() != 0:
        return                  # nobody else may read that memory
    with begin(folder) as e:
        t = Terminal(["-q", "-d", folder])
        t.prompt()
        t.send(P1 + "pre-shared-key\r")
        for question in ("New pre-shared-key:", "The same again:"):
            t.see(question)
            t.send(CANARY + "\r")
        t.prompt()
        for when in ("set", "compared", "committed"):
            for pid in (t.child.pid, e.child.pid):
                for what in (CANARY.encode(),
                             base64.b64encode(CANARY.encode())[4:24]):
                    equal(in_a_core_image(pid, what), [], f"{when} {what}")
            t.run("compare" if when == "set" else "commit")
        t.close()


def test_typed_at_the_prompt(folder):
    with begin(folder) as e:
        t = Terminal(["-q", "-d", folder])
        t.prompt()
        t.send(P1 + "pre-shared-key\r")
        t.see("New pre-shared-key:")
        t.send(CANARY + "\r")
        t.see("The same again:")
        t.send(CANARY + "\r")
        t.prompt()
        t.run(P1 + f"pre-shared-key {CANARY}2")
        t.run(P1 + f"pre-shared-key {CANARY}3 lifetime 1d9")
        for line in COMMANDS:
            t.run(line + " | no-more")
            t.run(line + " | json | no-more")
        # the echo of what was typed in clear is all that the terminal saw
        seen = re.sub(r"set [^\r\n]*" + CANARY + r"[^\r\n]*", "",
                      t.raw.decode("utf-8", "replace"))
        lacks(seen, CANARY)
        lacks(proc(t.child.pid, "cmdline"), CANARY)
        t.run(P1 + f"pre-shared-key {CANARY}")
        holds(t.run("commit"), "committed")
        lacks(open(t.home + "/.sallyport_history").read(), CANARY)
        lacks(everything(folder), CANARY)
        equal(files(folder), ["secrets"])
        for pid in (t.child.pid, e.child.pid):
            limits = proc(pid, "limits")
            holds(re.search("Max core file size.*", limits).group(0), " 0 ")
        t.close()


def test_scripts(folder):
    with begin(folder) as e:
        key = folder + "/key"
        with open(key, "w") as f:
            f.write(CANARY + "\n")
        e.run(P1 + f"pre-shared-key file {key}\ncommit")
        os.unlink(key)
        done = script(["-d", folder, "-c", P1 + "pre-shared-key -; commit"],
                      CANARY + "-4\n")
        equal(done[0], 0, done[2])
        lacks("".join(map(str, done)), CANARY)
        done = script(["-d", folder, "-f", "-"],
                      P1 + f"pre-shared-key {CANARY}-5\ncommit\n")
        equal(done[0], 0, done[2])
        lacks("".join(map(str, done)), CANARY)
        # a command that fails shows its line without the key
        for more in ([], ["-j"]):
            done = script(["-d", folder, *more, "-f", "-"],
                          P1 + f"pre-shared-key {CANARY} frob\n")
            equal(done[0] != 0, True)
            lacks("".join(map(str, done)), CANARY)
        lacks(everything(folder), CANARY)
        equal(files(folder), ["secrets"])
        old = set(re.findall("canary[^\"; \n]*", open(
            folder + "/secrets").read()))
        equal(old, {CANARY + "-5"}, "keys that were replaced are gone")


def test_draft(folder):
    with begin(folder):
        t = Terminal(["-q", "-d", folder])
        t.prompt()
        t.run(P1 + f"pre-shared-key {CANARY}")
        t.send("exit\r")
        t.see("not committed")
        t.send("k\r")
        t.until(lambda: not t.child.isalive(), "the end")
        for path in files(folder):
            holds(path, "draft")
        lacks(everything(folder), CANARY)
        t.close()


def test_generated(folder):
    with begin(folder) as e:
        out = e.run("generate pre-shared-key hq\ncommit\nshow log")
        holds(out, "shown on terminals only")
        key = re.search(r'"?([A-Za-z0-9+/]{40,}=*)"?', e.secrets()).group(1)
        lacks(out, key)
        lacks(everything(folder), key)


def test_every_show_is_json(folder):
    with begin(folder):
        listed = subprocess.run(
            ["grep", "-oP", r'\.words = "\Kshow [a-z-]+',
             os.environ.get("SP_SRCDIR", ".") + "/src/shell/cmd_table.c"],
            stdout=subprocess.PIPE, text=True, check=True).stdout
        for line in listed.splitlines():
            if line in ("show terminal",):
                continue        # at a prompt only
            status, out, err = script(["-d", folder, "-j", "-c", line])
            if status == 2:     # it needs an argument; the error is JSON
                equal(json.loads(out)["error"]["code"], "format", line)
                continue
            equal(status, 0, line + out + err)
            equal(len(out.splitlines()), 1, line)
            equal(type(json.loads(out)), dict, line)


main([f for name, f in list(globals().items()) if name.startswith("test_")])
