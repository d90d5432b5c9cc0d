#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terminals of every kind: what a screen of each looks like (golden/), what
is asked of a serial line that knows no size, colour and its absence, pages
back and forth, vi keys, and how many bytes each act costs on a slow line."""
import os
import subprocess

from fake_engine import FakeEngine
from lib import TOP, Terminal, equal, holds, lacks, main

GOLDEN = TOP + "/tests/shell/golden"
TEXT = ("vpn-network branch {\n  address 10.1.0.1;\n"
        "  network-address 10.1.0.0/24;\n  placement host;\n"
        "  phase1 hq {\n    remote-gateway 203.0.113.7;\n"
        "    phase2 lan {\n      local-network 10.1.0.0/24;\n"
        "      remote-network 10.2.0.0/24;\n    }\n  }\n"
        "  phase1 paris {\n    remote-gateway 2001:db8::7;\n  }\n}\n")


def start(folder, args=("-q",), **how):
    e = FakeEngine(folder, TEXT)
    t = Terminal([*args, "-d", folder], **how)
    return e, t


def ready(folder, **how):
    e, t = start(folder, **how)
    t.prompt()
    return e, t


# the prompt has the host's name, and lines wrap by its length
NAMED = ["unshare", *([] if os.geteuid() == 0 else ["-U", "-r"]), "-u", "sh",
         "-c", 'hostname gw; exec "$@"', "-"]


def golden(name, text):
    path = f"{GOLDEN}/{name}"
    if os.environ.get("SP_GOLDEN") == "write":
        with open(path, "w") as f:
            f.write(text + "\n")
    with open(path) as f:
        equal(text + "\n", f.read(), name)


SCREENS = {             # name: lines to enter, keys to send at the end
    "tunnels": (["show tunnels"], ""),
    "help": ([], "set vpn-network branch phase1 hq proposal 10 ?"),
    "error": (["set vpn-network branch phase1 hq lifetime 1d9",
               "shwo tunnels"], ""),
    "compare": (["set vpn-network branch phase1 hq lifetime 2h",
                 "delete vpn-network branch phase1 paris", "compare"], ""),
}
KINDS = [("xterm", 24, 80), ("vt100", 24, 80), ("dumb", 24, 80),
         ("xterm", 24, 40), ("xterm", 50, 132)]


def screen(folder, kind, name):
    term, rows, cols = kind
    e, t = start(folder, term=term, rows=rows, cols=cols, prefix=NAMED,
                 env={"NO_COLOR": "1"})
    e.tunnels = [dict(row, since=None) for row in e.tunnels]
    t.prompt()
    lines, keys = SCREENS[name]
    for line in lines:
        t.run(line)
    if keys:
        t.send(keys)
        t.see("key-length")
        while t.pump(0.2):
            pass
    text = t.text()
    t.close()
    e.stop()
    return text


def test_golden_screens(folder):
    for kind in KINDS:
        for name in SCREENS:
            where = f"{folder}/{kind[0]}-{kind[2]}-{name}"
            os.mkdir(where)
            text = screen(where, kind, name)
            for line in text.splitlines():
                assert len(line) <= kind[2], line
            golden(f"{name}-{kind[0]}-{kind[2]}x{kind[1]}", text)


def answering(t):
    """A terminal that answers where its cursor is."""
    t.screen.write_process_input = t.child.send


def test_size_is_asked(folder):
    e = FakeEngine(folder, TEXT)
    t = Terminal(["-q", "-d", folder], term="vt100", rows=0, cols=0,
                 screen=(50, 132))
    answering(t)
    t.prompt()
    holds(t.run("show terminal"), "columns: 132")
    holds(t.run("show terminal"), "rows: 50")
    holds(t.run("terminal resize"), "132x50")
    t.run("terminal size 100x30")
    holds(t.run("show terminal"), "columns: 100")
    holds(t.run("terminal size 100"), 'error: "100" is not a size.')
    t.close()
    e.stop()


def test_size_without_an_answer(folder):
    e = FakeEngine(folder, TEXT)
    for term in ("vt100", "dumb"):
        t = Terminal(["-q", "-d", folder], term=term, rows=0, cols=0,
                     screen=(24, 80))
        t.prompt()
        holds(t.run("show terminal"), "columns: 80")
        holds(t.run("terminal resize"), "does not say how large it is")
        t.close()
    e.stop()


def test_colour(folder):
    rows = [("xterm-256color", {}, True), ("xterm", {}, True),
            ("xterm", {"NO_COLOR": "1"}, False), ("vt100", {}, False),
            ("dumb", {}, False)]
    e = FakeEngine(folder, TEXT)
    for term, env, colour in rows:
        t = Terminal(["-q", "-d", folder], term=term, env=env)
        t.prompt()
        out = t.run("show tunnels", color=True)
        equal("\x1b[32mconnected" in out, colour, f"{term} {env}")
        equal("\x1b[31mfailed" in out, colour, f"{term} {env}")
        t.run("set vpn-network branch phase1 hq lifetime 2h")
        equal("\x1b[32m+" in t.run("compare", color=True), colour, term)
        out = t.run("frob", color=True)
        equal("\x1b[31merror:" in out, colour, term)
        holds(out, 'Unknown command "frob".')
        lacks(t.run("show tunnels | json | no-more", color=True), "\x1b[3")
        t.run("terminal color " + ("never" if colour else "auto"))
        lacks(t.run("show tunnels", color=True), "\x1b[3")
        t.run("discard")
        t.close()
    e.stop()


def test_no_colour_into_a_file(folder):
    e, t = ready(folder)
    out = folder + "/saved"
    t.run(f"show tunnels | save {out}")
    lacks(open(out).read(), "\x1b")
    t.close()
    e.stop()


def test_pages(folder):
    e, t = ready(folder)
    t.send("show log\r")
    t.see("-- 23/60")
    t.send("G")
    t.prompt()
    holds(t.text(), "record 59")
    t.send("show log\r")
    t.see("-- 23/60")
    t.send(" ")
    t.see("-- 46/60")
    t.send("b")
    t.see("-- 23/60")
    holds(t.text(), "record 0")
    t.send("h")
    t.see("b back, Enter line")
    t.send("/record 3\r")
    t.see("record 52")
    t.send("n")
    t.see("not found")
    t.send("q")
    t.prompt()
    t.run("terminal length 0")
    holds(t.run("show log"), "record 59")
    t.run("terminal length 10")
    t.send("show log\r")
    t.see("-- 9/60")
    t.send("\x03")
    t.prompt()
    t.close()
    e.stop()


def test_vi_keys(folder):
    e, t = ready(folder)
    t.run("terminal edit-mode vi")
    t.type("show sessionsX")
    t.send("\x1b")
    t.pump(0.6)
    t.send("x")
    t.until(lambda: t.cursor_line().endswith("> show sessions"), "x deletes")
    t.send("0A\t")
    t.send("\x03")
    t.prompt()
    t.run("terminal edit-mode emacs")
    t.type("show terminal")
    t.send("\x01")
    t.until(lambda: t.cursor_line()[t.screen.cursor.x:].startswith("show"),
            "Ctrl-A")
    t.close()
    e.stop()


def test_history_search(folder):
    e, t = ready(folder)
    t.run("show networks")
    t.run("set vpn-network branch phase1 hq pre-shared-key clear-word-123")
    t.run("show version")
    t.send("\x12show n")
    t.until(lambda: "show networks" in t.cursor_line(), "found by ^R")
    t.send("\x07")
    t.send("\x15")
    t.send("\x12key")
    t.until(lambda: "pre-shared-key ***" in t.text(), "the masked line")
    t.send("\x03")
    t.prompt()
    t.close()
    lacks(open(t.home + "/.sallyport_history").read(), "clear-word-123")
    e.stop()


def test_many_matches_are_asked_for(folder):
    e = FakeEngine(folder, "vpn-network n {\n" + "".join(
        f"phase1 p{i} {{ remote-gateway 192.0.2.1; }}\n"
        for i in range(300)) + "}\n")
    t = Terminal(["-q", "-d", folder])
    t.prompt()
    t.send("connect n ?")
    t.see("302 matches, show? [y/N]")
    t.send("n")
    t.until(lambda: t.cursor_line().endswith("> connect n"), "the line")
    lacks(t.text(), "p17")
    t.send("?y")
    t.see("p17")
    t.send("q")
    t.until(lambda: t.cursor_line().endswith("> connect n"), "the line")
    t.close()
    e.stop()


def test_live_values(folder):
    e, t = ready(folder)
    os.mkdir(folder + "/some-folder")
    open(folder + "/some-folder/backup.conf", "w").close()
    t.send(f"load {folder}/some\tback\t")
    t.until(lambda: "/some-folder/backup.conf " in
            t.text().replace("\n", "") + " ", "the file's name")
    t.send("\x15")
    t.send("set vpn-network branch phase1 hq local-address ?")
    t.see("auto")
    while t.pump(0.2):
        pass
    out = subprocess.run(["ip", "-4", "-o", "addr", "show", "up"],
                         stdout=subprocess.PIPE, text=True, check=True)
    for line in out.stdout.splitlines():
        if " lo " not in line:
            holds(t.text(), line.split()[3].split("/")[0])
    t.send("\x03")
    t.prompt()
    t.send("set vpn-network branch interface-network ?")
    t.see("none")
    lacks(t.text(), " lo ")
    t.close()
    e.stop()


def test_warnings_alike(folder):
    e, t = ready(folder)
    e.answers["config.validate"] = {"errors": [], "warnings": [
        {"path": f"vpn-network n phase1 p{i}", "message": "Weak.",
         "hint": None} for i in range(50)] + [
             {"path": "system", "message": "Other.", "hint": None}]}
    t.run("set vpn-network branch phase1 hq lifetime 2h")
    out = t.run("validate")
    equal(out.count("Weak."), 3)
    equal(out.count("Other."), 1)
    holds(out, "51 warnings")
    t.close()
    e.stop()


def cost(t, act, done):
    """Bytes that an act puts on the line."""
    while t.pump(0.1):
        pass
    mark = len(t.raw)
    act()
    t.until(done, "the act's end")
    while t.pump(0.1):
        pass
    return len(t.raw) - mark


def test_help_breaks_no_word(folder):
    """At 40 columns no line is left to the terminal to break."""
    e, t = start(folder, term="dumb", cols=40)
    t.prompt()
    for line, whole in (("help wizard | no-more", "likely. It works on every"),
                        ("help | no-more", "generate pre-shared-key")):
        rows = t.run(line).split("\n")[1:-1]
        holds(" ".join(" ".join(rows).split()), whole)
        long = [r for r in rows if len(r) > 40]
        equal(long, [], line)
    t.close()
    e.stop()


def test_bytes_on_a_slow_line(folder):
    e, t = start(folder, term="vt100")
    t.prompt()
    got = {"start to prompt": len(t.raw)}
    got["one key"] = cost(t, lambda: t.send("s"),
                          lambda: t.cursor_line().endswith("> s"))
    t.send("h")
    got["Tab"] = cost(t, lambda: t.send("o\t"),
                      lambda: t.cursor_line().endswith("> show"))
    got["? after show"] = cost(t, lambda: t.send("?"),
                               lambda: t.text().count("show") >= 2)
    t.send("\x15")
    got["empty line"] = cost(t, lambda: t.send("\r"),
                             lambda: len(t.lines()) > 1)
    got["note above"] = cost(t, lambda: e.event("config", {
        "revision": 9, "who": "ana"}), lambda: "ana" in t.text())
    budget = {"start to prompt": 120, "one key": 4, "Tab": 48,
              "? after show": 1400, "empty line": 48, "note above": 160}
    for what, most in budget.items():
        print(f"# {what}: {got[what]} bytes, at most {most}")
    for what, most in budget.items():
        assert got[what] <= most, f"{what}: {got[what]} bytes, not {most}"
    t.close()
    e.stop()


main([f for name, f in list(globals().items()) if name.startswith("test_")])
