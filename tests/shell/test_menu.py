#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The menus on terminals of several kinds and sizes: pages, forms made from
the schema, the wizard and a whole way by keys only to a connected tunnel,
byte budgets, resizing, wrong keys, Ctrl-C, hang-up, and an engine that goes."""
import json
import os
import random
import re
import signal
import struct
import fcntl
import termios
import time

from fake_engine import TUNNELS, FakeEngine
from lib import Terminal, equal, holds, lacks, main
from pair import FAR, NEAR, PSK, Pair, need_root

MAIN_80 = """\
> 1  VPN networks               addresses, power, IPsec, tunnels
  2  Tunnels                    live view: connect, disconnect, why down
  3  Everything                 all objects: rules, routes, certificates
  4  Log                        what the engine has recorded
  5  Wizard                     a few questions lead to a tunnel
  6  Configuration              changes, commit, history, roll back
  7  System                     settings of the engine
  8  Command line               leave the menus; "menu" comes back"""
MAIN_40 = """\
> 1  VPN networks
  2  Tunnels
  3  Everything
  4  Log
  5  Wizard
  6  Configuration
  7  System
  8  Command line
addresses, power, IPsec, tunnels"""
F10, ESC, DOWN = "\x1b0", "\x1b\x1b", "\x1b[B"


def menu(folder, **how):
    t = Terminal(["-d", folder + "/conf", "menu"], **how)
    t.see("Command line")
    return t


def keys(t, what, text):
    """Keys, and then the text that they must bring up."""
    t.send(what)
    t.see(text)


def gone(t, text):
    t.until(lambda: text not in t.text(), f"{text!r} to go")


def quiet(t):
    """Read until nothing comes any more."""
    while t.pump(0.2):
        pass


def to_field(t, label, down=DOWN):
    """Move down until the field with this label is selected."""
    for _ in range(40):
        quiet(t)
        if t.cursor_line().startswith("> " + label):
            return
        t.send(down)
    raise AssertionError(f"no field {label!r}\n{t.text()}")


def test_main_page(folder):
    for term, cols, rows, want in (("xterm", 80, 24, MAIN_80),
                                   ("vt100", 80, 24, MAIN_80),
                                   ("vt220", 132, 43, MAIN_80),
                                   ("linux", 80, 24, MAIN_80),
                                   ("vt100", 40, 12, MAIN_40)):
        t = menu(f"{folder}/{term}{cols}", term=term, cols=cols, rows=rows)
        quiet(t)
        lines = t.lines()
        equal(lines[0].split()[0], "sallyport", term)
        holds("\n".join(lines[2:]), want)
        holds(lines[-1], "Enter open")
        equal(t.cursor_line()[0], ">", "the cursor's row")
        t.send("q")
        t.prompt()
        t.close()


def test_ascii_without_utf8(folder):
    t = menu(folder, term="vt100", env={"LANG": "C", "LC_ALL": "C"})
    quiet(t)
    equal(t.lines()[1], "-" * 80, "the rule")
    equal([b for b in t.raw if b > 126], [], "bytes beyond ASCII")
    t.close()


def test_every_page_opens(folder):
    """Each page of the main menu by its number, at three sizes, and back."""
    for term, cols, rows in (("xterm", 80, 24), ("vt100", 132, 43),
                             ("vt100", 40, 12)):
        t = menu(f"{folder}/{term}{cols}", term=term, cols=cols, rows=rows)
        for key, title in (("1", "VPN network"), ("2", "Tunnels: 0 of 0"),
                           ("3", "Configuration"), ("4", "Log"),
                           ("6", "Configuration"), ("7", "system"),
                           ("5", "First tunnel: step 1")):
            t.send(key)
            t.until(lambda want=title: t.lines()[0].startswith(want), title)
            t.send(ESC)
            t.until(lambda: t.lines()[0].startswith("sallyport"), "back")
        t.close()


def test_help_and_commands(folder):
    t = menu(folder)
    keys(t, "?", "Menus, forms and live pages")
    t.send("q")
    gone(t, "Menus, forms and live pages")
    keys(t, "\x1bOP", "Menus, forms and live pages")     # F1
    t.send("q")
    gone(t, "Menus, forms and live pages")
    keys(t, "\x1b2", "Nothing was changed.")             # Esc 2 is F2
    t.send("!")
    t.prompt()
    t.send("menu\r")
    t.see("Command line")
    t.close()


def new_network(t):
    keys(t, "1", "None yet")
    keys(t, "a", "name:")
    t.send("branch\r")
    t.see("vpn-network branch")
    to_field(t, "IP Address")
    to_field(t, "IP Address  ")
    t.send("10.1.0.300" + DOWN)
    t.see("error:")
    t.send("\x1b[A\x15" + NEAR["inner"] + DOWN)
    gone(t, "error:")
    t.send(NEAR["net"])
    to_field(t, "Placement")
    keys(t, "\r", "namespace  ")
    t.send(DOWN + "\r")
    t.see("<host>")
    keys(t, "\x1b2", "set vpn-network branch placement host")
    holds(t.text(), "set vpn-network branch address " + NEAR["inner"])
    t.send("q")
    t.see("F10 keep")
    keys(t, F10, "Phase 1 (0)")


def open_row(t, word):
    """Choose the row that begins so in the list in sight."""
    t.send("\x1b[H")
    quiet(t)
    for _ in range(20):
        if t.cursor_line().startswith("> " + word):
            t.send("\r")
            return
        t.send(DOWN)
        quiet(t)
    raise AssertionError(f"no row {word!r}\n{t.text()}")


def new_phase1(t):
    open_row(t, "Phase 1")
    t.see("None yet")
    keys(t, "a", "name:")
    t.send("hq\r")
    t.see("phase1 hq")
    lacks(t.text(), "Negotiation Mode\n")
    to_field(t, "Remote Gateway")
    t.send(FAR["outer"])
    to_field(t, "Pre-Shared Key")
    keys(t, "\r", "generate")
    keys(t, "\r", "Show it, this once?")
    keys(t, "y", "New key; the peer needs it too")
    t.send("q")
    t.see("********")
    keys(t, "\r", "generate")
    t.send(DOWN + "\r")
    t.see("New key:")
    keys(t, PSK + "\r", "The same again:")
    lacks(t.text(), PSK)
    t.send(PSK + "\r")
    t.see("F10 keep")
    keys(t, F10, "Phase 2 (0)")


def new_phase2(t):
    open_row(t, "Phase 2")
    t.see("None yet")
    keys(t, "a", "name:")
    t.send("lan\r")
    t.see("phase2 lan")
    to_field(t, "Local Network")
    t.send(NEAR["net"])
    to_field(t, "Remote Network")
    t.send(FAR["net"])
    keys(t, F10, "Rename")


def test_journey(folder):
    """From nothing to a connected tunnel, by keys in menus only."""
    with Pair(folder) as pair:
        t = Terminal(["-d", folder + "/near", "menu"], term="vt100",
                     prefix=("ip", "netns", "exec", pair.near_ns))
        t.see("Command line")
        new_network(t)
        new_phase1(t)
        new_phase2(t)
        t.send(ESC)
        t.see("phase2 lan")
        for _ in range(6):
            if t.lines()[0].startswith("sallyport"):
                break
            t.send(ESC)
            quiet(t)
        holds(t.lines()[0], "change")
        keys(t, "6", "candidate against running")
        keys(t, "3", "Comment")
        keys(t, "by keys\r", "Return by itself")
        t.send("\r")
        t.see("committed revision 1", 20)
        t.send(ESC)
        t.see("Command line")
        keys(t, "1", "branch")
        keys(t, "\r", "Power on")
        open_row(t, "Power on")
        quiet(t)
        open_row(t, "Connections")
        t.see("Tunnels:")
        t.send("c")
        t.see("1 of 1 up", 25)
        equal(pair.ping(), 0, "packets lost")
        keys(t, "\r", "state          connected")
        t.see("rekey          in")
        t.see("Last messages")
        t.send("d")
        t.until(lambda: "state          connected" not in t.text(), "down",
                15)
        t.close()


def test_wizard(folder):
    """The wizard on the screen, to a tunnel that is up."""
    with Pair(folder) as pair:
        t = Terminal(["-d", folder + "/near", "menu"],
                     prefix=("ip", "netns", "exec", pair.near_ns))
        t.see("Command line")
        t.send("5")
        for question, text in (
                ("Name of the VPN network", ""), ("Where it lives", ""),
                ("Local network", "\x15" + NEAR["net"]),
                ("This gateway's address", "\x15" + NEAR["inner"]),
                ("Name of the other side", ""),
                ("Peer's public address", FAR["outer"]),
                ("IKE version", ""), ("Our identity", ""),
                ("Peer's identity", ""), ("Pre-shared key", PSK),
                ("When to connect", ""), ("Name of the traffic", ""),
                ("Networks on this side", ""),
                ("Networks on the other side", FAR["net"])):
            t.until(lambda q=question: q in t.lines()[-2], question)
            t.send(text + "\r")
        t.see("Summary")
        holds(t.text(), "remote-gateway " + FAR["outer"])
        lacks(t.text(), PSK)
        t.send("q")
        t.see("Commit and connect")
        t.send("c")
        t.see("state          connected", 30)
        equal(pair.ping(), 0, "packets lost")
        t.close()


def test_failing_tunnel(folder):
    """A wrong key is told with its reason; mended by a form, it connects."""
    with Pair(folder) as pair:
        commands = f"""
set vpn-network b placement host address {NEAR['inner']} network-address {NEAR['net']}
set vpn-network b phase1 hq remote-gateway {FAR['outer']}
set vpn-network b phase1 hq pre-shared-key "not the right key at all 1"
set vpn-network b phase1 hq connection-behavior responder-only
set vpn-network b phase1 hq phase2 lan local-network {NEAR['net']} remote-network {FAR['net']}
commit
power on b wait 5"""
        t = pair.near()
        t.prompt()
        for line in commands.strip().splitlines():
            t.run(line)
        t.send("monitor\r")
        t.see("b/hq/lan")
        t.send("c")
        t.see("key", 25)
        keys(t, "\r", "reason")
        t.send("q")
        t.see("b/hq/lan")
        t.send("q")
        t.prompt()
        t.send("menu\r")
        t.see("Command line")
        keys(t, "1", "b  ")
        keys(t, "\r", "Phase 1 (1)")
        open_row(t, "Phase 1")
        keys(t, "\r", "Phase 2 (1)") if "hq" in t.text() else t.see("hq")
        t.send("\r") if "Phase 2 (1)" not in t.text() else None
        t.see("Phase 2 (1)")
        open_row(t, "Settings")
        t.see("Pre-Shared Key")
        to_field(t, "Pre-Shared Key")
        keys(t, "\r", "generate")
        t.send(DOWN + "\r")
        keys(t, PSK + "\r", "The same again:")
        t.send(PSK + "\r")
        keys(t, F10, "Phase 2 (1)")
        t.send("!")
        t.until(lambda: t.cursor_line().endswith("*>"), "the prompt")
        t.run("commit")
        t.send("monitor\r")
        t.see("b/hq/lan")
        t.send("c")
        t.see("1 of 1 up", 25)
        t.close()


def test_conditions_and_warnings(folder):
    """Fields go and come with the settings that they depend on."""
    t = Terminal(["-d", folder + "/conf"])
    t.prompt()
    t.run("set vpn-network n phase1 p key-exchange ikev2")
    t.send("menu\r")
    t.see("Command line")
    keys(t, "1", "n  ")
    keys(t, "\r", "Phase 1 (1)")
    open_row(t, "Phase 1")
    t.see("p  ")
    keys(t, "\r", "Phase 2 (0)")
    open_row(t, "Settings")
    t.see("Pre-Shared Key")
    to_field(t, "Authentication Method")
    t.send(" ")
    t.see("<certificate>")
    gone(t, "Pre-Shared Key")
    for _ in range(8):
        t.send(" ")
        quiet(t)
        if "<pre-shared-key>" in t.text():
            break
    t.see("Pre-Shared Key")
    t.send(" ")
    gone(t, "Pre-Shared Key")
    t.send(ESC)
    t.see("Keep the changes, drop them, or stay?")
    t.send("d")
    t.see("Phase 2 (0)")
    t.send(ESC)
    t.see("Phase 1")
    t.close()


def test_moving(folder):
    """Proposals change places with u and n; undo brings them back."""
    t = Terminal(["-d", folder + "/conf"])
    t.prompt()
    t.run("set vpn-network n phase1 p proposal 10 algorithm aes-gcm")
    t.run("set vpn-network n phase1 p proposal 20 algorithm chacha20-poly1305")
    t.send("menu\r")
    t.see("Command line")
    keys(t, "1", "n  ")
    keys(t, "\r", "Phase 1 (1)")
    open_row(t, "Phase 1")
    t.see("p  ")
    keys(t, "\r", "Proposal")
    open_row(t, "Proposal")
    t.see("chacha20")
    t.send("n")
    t.until(lambda: t.cursor_line().startswith("> 20") and
            "aes-gcm" in t.cursor_line(), "the proposal one lower")
    t.send("!")
    t.until(lambda: t.cursor_line().endswith("*>"), "the prompt")
    t.send("show configuration | commands\r")
    t.see("proposal 10 algorithm chacha20-poly1305")
    t.send("undo\r")
    t.send("show configuration | commands\r")
    t.see("proposal 10 algorithm aes-gcm")
    t.close()


def test_untrusted_text(folder):
    """Control bytes in what a peer sent do not reach the terminal."""
    evil = json.loads(json.dumps(TUNNELS))
    evil[1]["reason"]["text"] = "a\x1b[2J\x1b]0;t\x07\u009bb\u202ec"
    evil[0]["remote"]["id"] = "\x1b[31mred"
    engine = FakeEngine(folder + "/conf", tunnels=evil)
    try:
        t = menu(folder)
        keys(t, "2", "branch/paris")
        keys(t, DOWN, "> branch/paris")
        quiet(t)
        holds(t.text(), "a\\x1B[2J")
        lacks(t.raw.decode("utf-8", "replace"), "\x1b[31mred")
        equal([x for x in (b"\x1b]0;t", "\u202e".encode(), b"\x07")
               if x in t.raw], [], "bytes of the peer's")
        t.close()
    finally:
        engine.stop()


def test_byte_budgets(folder):
    """What a serial line has to carry (ux.md, section 9)."""
    t = menu(folder, term="vt220")
    quiet(t)
    figures = {}

    def measure(what, key, most):
        t.raw = b""
        t.send(key)
        quiet(t)
        figures[what] = len(t.raw)
        if len(t.raw) > most:
            raise AssertionError(f"{what}: {len(t.raw)} bytes > {most}\n"
                                 f"{t.raw!r}")

    measure("move", DOWN, 64)
    measure("open", "6", 1200)
    t.send(ESC)
    quiet(t)
    measure("redraw", "\x0c", 1600)
    t.send("1")
    t.see("None yet")
    t.send("a")
    t.see("name:")
    quiet(t)
    measure("echo", "x", 4)
    measure("echo", "y", 4)
    print("# bytes: " + ", ".join(f"{k} {v}" for k, v in figures.items()))
    t.close()


def test_no_color(folder):
    t = menu(folder, term="xterm-256color", env={"NO_COLOR": "1"})
    quiet(t)
    equal(re.findall(rb"\x1b\[[34][0-9]m", t.raw), [], "colours")
    t.close()


def test_dumb(folder):
    """No cursor to move: said, and the wizard asks line by line."""
    t = Terminal(["-d", folder + "/conf", "menu"], term="dumb")
    t.see("cannot move")
    t.see("Name of the VPN network")
    t.send("\x03")
    t.prompt()
    t.close()


def sane(t):
    """The terminal's modes as a shell needs them."""
    flags = termios.tcgetattr(t.child.child_fd)
    return bool(flags[3] & termios.ICANON) and bool(flags[3] & termios.ECHO)


def test_interrupt(folder):
    """Ctrl-C goes back page by page and never ends the program by force."""
    t = menu(folder)
    keys(t, "6", "candidate against running")
    t.send("\x03")
    gone(t, "candidate against running")
    t.send("\x03")
    t.prompt()
    t.send("exit\r")
    t.until(lambda: not t.child.isalive(), "the end")
    equal(sane(t), True, "modes")
    t.close()


def test_hangup_keeps_edits(folder):
    t = menu(folder)
    keys(t, "1", "None yet")
    keys(t, "a", "name:")
    t.send("kept\r")
    t.see("vpn-network kept")
    keys(t, F10, "Rename")
    t.close()
    end = time.monotonic() + 10
    t = Terminal(["-d", folder + "/conf"])
    t.see("A draft of uncommitted changes")
    t.send("r\r")
    t.see("Restored: ")
    t.close()
    equal(time.monotonic() < end + 10, True, "in time")


def test_engine_gone(folder):
    """The engine ends under a menu: said, and the terminal is sane."""
    with Pair(folder) as pair:
        t = Terminal(["-d", folder + "/far", "menu"],
                     prefix=("ip", "netns", "exec", pair.far_ns))
        t.see("Command line")
        keys(t, "2", "Tunnels")
        pair.far.send_signal(signal.SIGTERM)
        t.see("The engine has ended", 20)
        t.until(lambda: not t.child.isalive(), "the end")
        equal(sane(t), True, "modes")
        t.close()


def resize(t, rows, cols):
    fcntl.ioctl(t.child.child_fd, termios.TIOCSWINSZ,
                struct.pack("HHHH", rows, cols, 0, 0))
    t.screen.resize(rows, cols)
    t.screen.cursor.y = min(t.screen.cursor.y, rows - 1)


def test_random_keys(folder):
    """Seeded keys and sizes: no crash, and the menus still answer."""
    count = int(os.environ.get("SP_MENU_KEYS", "2000"))
    rng = random.Random(int(os.environ.get("SP_MENU_SEED", "5")))
    t = menu(folder, term="xterm")
    pool = ["\x1b[A", DOWN, "\x1b[C", "\x1b[D", "\r", "\t", "\x1b\x1b", " ",
            "q", "a", "d", "u", "n", "x", "f", "s", "p", "v", "/", "?",
            "\x1b0", "\x1b2", "\x1b4", "\x1b5", "\x7f", "\x15", "\x0c",
            "\x1b[5~", "\x1b[6~", "1", "2", "3", "4", "6", "7", "z9",
            "10.0.0.1", "\xe9", "\x00", "\x1b[99~", "y"]
    for i in range(count):
        if i % 97 == 0:
            resize(t, rng.randint(1, 60), rng.randint(1, 200))
        key = rng.choice(pool)
        t.send(key)
        t.pump(0.05 if key in ("q", "\x1b[D", ESC) else 0.001)
        if not t.child.isalive():
            # "quit" can be typed at the prompt; a crash is another matter
            equal((t.child.exitstatus, t.child.signalstatus), (0, None),
                  f"end after key {i}\n{t.text()}")
            t = menu(folder, term="xterm")
        if b"\x1b[?2004h" in t.raw:     # the prompt: back, it is not tested
            t.send("q\x03")             # a list of choices, a typed line
            t.pump(0.2)
            t.raw = b""
            t.send("\x15menu\r")
            t.pump(0.2)
    resize(t, 24, 80)
    for _ in range(30):
        if t.lines()[0].startswith("sallyport"):
            break
        t.send("\x1b\x1b")
        quiet(t)
        if "Keep the changes" in t.text():
            t.send("d")
        if t.cursor_line().endswith(">"):
            t.send("\x15menu\r")
            quiet(t)
    holds(t.text(), "Command line")
    t.close()


if __name__ == "__main__":
    need_root()
    main([test_main_page, test_ascii_without_utf8, test_every_page_opens,
          test_help_and_commands, test_journey, test_wizard,
          test_failing_tunnel, test_conditions_and_warnings, test_moving,
          test_untrusted_text, test_byte_budgets, test_no_color, test_dumb,
          test_interrupt, test_hangup_keeps_edits, test_engine_gone,
          test_random_keys])
