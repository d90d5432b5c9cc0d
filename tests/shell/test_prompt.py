#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The prompt against a small engine: typing with completion, "?", errors
with a caret, secrets, Ctrl-C, Ctrl-D, dumb and other terminals, paste,
paging, lines above the prompt, drafts."""
import os
import random
import stat
import time

from fake_engine import FakeEngine, Refusal
from lib import Terminal, equal, holds, lacks, main

TEXT = ("vpn-network branch {\n  address 10.1.0.1;\n"
        "  network-address 10.1.0.0/24;\n  placement host;\n"
        "  phase1 hq {\n    remote-gateway 203.0.113.7;\n"
        "    phase2 lan {\n      local-network 10.1.0.0/24;\n"
        "      remote-network 10.2.0.0/24;\n    }\n  }\n"
        "  phase1 paris {\n    remote-gateway 2001:db8::7;\n  }\n}\n")
KEY = "open sesame 1234567890"


def start(folder, text=TEXT, **how):
    engine = FakeEngine(folder, text)
    term = Terminal(["-d", folder], **how)
    term.prompt()
    return engine, term


def test_banner(folder):
    _, t = start(folder, text="")
    equal(t.lines()[:2], [
        "sallyport 0.1 - attached to the engine, data plane: userspace "
        "(this kernel has", "  no ESP)"], "no word is broken")
    holds(t.text(), "No configuration yet.")
    t.close()


def test_complete_unique(folder):
    _, t = start(folder)
    t.send("sho\ttun\t")
    t.until(lambda: t.cursor_line().endswith("> show tunnels"), "words")
    equal(t.screen.cursor.x, len(t.cursor_line()) + 1, "a blank follows")
    t.send("h\t")
    t.until(lambda: t.cursor_line().endswith("show tunnels hq"), "live name")
    t.close()


def test_complete_lists_on_second_tab(folder):
    _, t = start(folder)
    t.send("s\t")
    t.send("\t")
    t.see("show  Show state and configuration")
    t.until(lambda: t.cursor_line().endswith("> s"), "the line again")
    t.close()


def test_complete_values(folder):
    _, t = start(folder)
    t.send("set vpn-network branch phase1 hq authen\tp\t")
    t.until(lambda: t.text().replace("\n", "").endswith(
        "authentication pre-shared-key"), "choice")
    t.send("\x03")
    t.prompt()
    t.send("set vpn-network branch phase1 hq proposal 10 algorithm ?")
    t.see("aes-gcm")
    t.see("WEAK")
    t.send("\x03")
    t.prompt()
    t.send("set vpn-network branch phase1 hq lifetime ?")
    t.see("<1m..forever>")
    t.close()


def test_help_key_keeps_the_line(folder):
    _, t = start(folder)
    t.send("connect hq ?")
    t.see("wait")
    t.see("<cr>")
    t.until(lambda: t.cursor_line().endswith("> connect hq"), "line kept")
    t.send("\x03")
    t.prompt()
    t.send('annotate vpn-network branch "why?')
    t.until(lambda: t.cursor_line().endswith('"why?'), "quoted ? is a ?")
    t.close()


def test_new_path_leaves_no_trace(folder):
    _, t = start(folder)
    t.send("set vpn-network other phase1 x ?")
    t.see("-- 23/")
    t.send(" ")
    t.see("pre-shared-key")
    t.until(lambda: t.cursor_line().endswith("phase1 x"), "line kept")
    holds(t.text(), "remote-gateway")
    t.send("\x03")
    t.prompt()
    holds(t.run("compare"), "no differences")
    t.close()


def test_abbreviations(folder):
    e, t = start(folder)
    t.run("sh tun")
    equal(len(e.calls("show.tunnels")), 1, "shortened")
    holds(t.run("s tunnels"), '"s" is ambiguous: save set show')
    holds(t.run("conn hq wa 5"), "hq: connected to 203.0.113.7")
    equal(e.calls("connect"), [{"target": ["hq"], "wait_ms": 5000}])
    t.close()


def caret_of(t, word):
    """The screen has a caret line under the last line with this word."""
    lines = t.lines()
    row = max(i for i, line in enumerate(lines) if word in line and
              ">" in line)
    at = lines[row].index(word)
    equal(lines[row + 1], " " * at + "^" * len(word), "caret line")
    return lines[row + 2:]


def test_errors_have_carets(folder):
    _, t = start(folder)
    t.run("shwo tunnels")
    rest = caret_of(t, "shwo")
    equal(rest[0], 'error: Unknown command "shwo".')
    equal(rest[1], "  try: show")
    t.run("set vpn-network branch phase1 hq lifetime 3x")
    rest = caret_of(t, "3x")
    equal(rest[0], 'error: "3x" is not a time. Write a number with s, m, h, '
          'd or y, such as 3h.')
    t.run("set vpn-network branch phase1 hq lifetme 3h")
    rest = caret_of(t, "lifetme")
    holds("".join(rest[:2]), 'Did you mean "lifetime"?')
    t.run("connect")
    holds(t.text(), "try: connect <tunnel> [wait <seconds>]")
    t.close()


def test_refusal_shows_both_sides(folder):
    _, t = start(folder)
    out = t.run("connect paris wait 3")
    holds(out, "error: The peer accepts none of our proposals.")
    holds(out, "ours:    aes256-sha256-modp2048")
    holds(out, "theirs:  aes128-sha256-ecp256")
    holds(out, "try: set vpn-network branch phase1 hq proposal 10 dh-group")
    t.close()


def test_secret_is_asked_twice(folder):
    e, t = start(folder)
    t.send("set vpn-network branch phase1 hq pre-shared-key\r")
    t.see("New pre-shared-key:")
    t.send(KEY + "\r")
    t.see("The same again:")
    t.send(KEY + "x\r")
    t.see("error: The two differ; nothing was changed.")
    t.prompt()
    t.send("set vpn-network branch phase1 hq pre-shared-key\r")
    t.see("New pre-shared-key:")
    t.send(KEY + "\r")
    t.until(lambda: t.text().count("The same again:") == 2, "second")
    t.send(KEY + "\r")
    t.prompt()
    lacks(t.raw.decode(), "sesame")
    t.run("commit")
    equal(list(e.secrets), ["branch/hq"])
    lacks(e.text, "sesame")
    t.close()


def test_secret_in_clear_stays_out_of_history(folder):
    e, t = start(folder)
    t.run(f'set vpn-network branch phase1 hq pre-shared-key "{KEY}"')
    t.run("set vpn-network branch phase1 hq lifetime 2h")
    path = t.home + "/.sallyport_history"
    text = open(path).read()
    lacks(text, "sesame")
    holds(text, "pre-shared-key ***")
    holds(text, "lifetime 2h")
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode")
    lacks(t.run("show configuration"), "sesame")
    lacks(t.run("compare"), "sesame")
    t.send("\x1b[A\x1b[A\x1b[A\x1b[A")
    t.until(lambda: "pre-shared-key ***" in t.text().split("\n")[-1] or
            "***" in t.cursor_line(), "masked in history")
    t.close()


def test_generated_key_is_shown_once(folder):
    e, t = start(folder)
    out = t.run("generate pre-shared-key hq")
    key = out.strip().split("\n")[2].strip()
    equal(len(key), 44, "length of " + key)
    t.run("commit")
    lacks(t.run("show configuration"), key)
    lacks(open(t.home + "/.sallyport_history").read(), key)
    t.close()


def test_prompt_tells_edits_and_path(folder):
    _, t = start(folder)
    clean = t.cursor_line()
    t.run("set vpn-network branch phase1 hq lifetime 2h")
    equal(t.cursor_line(), clean[:-1] + "*>")
    t.run("edit vpn-network branch phase1 hq")
    holds(t.cursor_line(), " /branch/hq*>")
    holds(t.run("show configuration"), "lifetime 2h;")
    t.run("set phase2 dmz local-network 10.3.0.0/24")
    t.run("edit phase2 a-name-of-thirty-characters-xx")
    if len(t.cursor_line()) > 31 or "~" not in t.cursor_line():
        raise AssertionError(t.cursor_line())
    t.run("up")
    t.run("top")
    t.run("undo")
    t.run("undo")
    t.run("undo")
    equal(t.cursor_line(), clean)
    t.run("redo")
    equal(t.cursor_line(), clean[:-1] + "*>")
    t.run("discard")
    equal(t.cursor_line(), clean)
    t.close()


def test_ctrl_c_drops_the_line(folder):
    e, t = start(folder)
    t.type("power off branch")
    t.send("\x03")
    t.prompt()
    holds(t.text(), "> power off branch^C\n")
    equal(e.calls("power"), [])
    t.close()


def test_ctrl_c_stops_a_wait(folder):
    e, t = start(folder)
    e.connect_s = 20
    t.send("connect hq wait 30\r")
    t.see("IKE_SA_INIT sent (try 2)")
    begin = time.monotonic()
    t.send("\x03")
    t.see("error: Interrupted.")
    t.prompt()
    equal(t.lines()[t.screen.cursor.y - 2:t.screen.cursor.y],
          ["error: Interrupted.", "  try: disconnect hq"], "own lines")
    if time.monotonic() - begin > 2:
        raise AssertionError("Ctrl-C was slow")
    t.run("show tunnels")
    t.close()


def test_ctrl_d(folder):
    e, t = start(folder)
    t.run("set vpn-network branch phase1 hq lifetime 2h")
    t.send("\x04")
    t.see("1 change not committed: commit, keep as draft, discard, stay?")
    t.send("s\r")
    t.prompt()
    t.send("\x04")
    t.until(lambda: t.text().count("stay?") == 2, "asked again")
    t.send("\r")
    t.until(lambda: not t.child.isalive(), "end")
    holds(e.draft["text"], "lifetime 2h")
    t = Terminal(["-d", folder], home=t.home)
    t.see("A draft of uncommitted changes was kept: restore, drop")
    t.send("r\r")
    t.see("Restored: 1 change.")
    t.prompt()
    holds(t.run("compare"), "lifetime 2h")
    t.run("commit")
    equal(e.draft, None, "dropped")
    t.send("\x04")
    t.until(lambda: not t.child.isalive(), "clean: leaves at once")


def test_hangup_keeps_a_draft(folder):
    e, t = start(folder)
    t.run(f'set vpn-network branch phase1 hq pre-shared-key "{KEY}"')
    t.child.close(force=False)
    end = time.monotonic() + 5
    while e.draft is None and time.monotonic() < end:
        time.sleep(0.01)
    holds(e.draft["text"], "pre-shared-key <secret:branch/hq>")
    equal(list(e.draft["secrets"]), ["branch/hq"])


def test_paste_runs_line_by_line(folder):
    e, t = start(folder)
    t.send("\x1b[200~set vpn-network branch phase1 hq lifetime 2h\n"
           "set vpn-network branch phase1 hq lifetime 3x\n"
           "power off branch\nshow tunnels\n\x1b[201~\r")
    t.see("note: 2 further commands were not run")
    t.prompt()
    equal(e.calls("power"), [])
    holds(t.run("compare"), "lifetime 2h")
    t.close()


def test_paste_without_brackets(folder):
    e, t = start(folder, term="dumb")
    t.send("set vpn-network branch phase1 hq lifetime 3x\r"
           "power off branch\rpower off branch\r")
    t.see("not run")
    t.prompt()
    equal(e.calls("power"), [])
    t.close()


def test_pager(folder):
    _, t = start(folder)
    t.send("show log\r")
    t.see("-- 23/60 q quit, space more, / find --")
    equal(t.lines()[0], "03:04:00 INF ike-state branch/hq record 0")
    t.send(" ")
    t.see("-- 46/60")
    t.send("\r")
    t.see("-- 47/60")
    t.send("/record 59\r")
    t.see("record 59")
    t.prompt()
    t.send("show log\r")
    t.see("-- 23/60")
    t.send("q")
    t.prompt()
    lacks(t.text(), "-- 23/60")
    lacks(t.run("show log | no-more"), "q quit")
    t.close()


def test_pipes(folder):
    _, t = start(folder)
    holds(t.run("show log | match 'record 5' | count"), "\n11\n")
    holds(t.run("show log | last 1"), "record 59")
    lacks(t.run("show log | head 2 | except 0$"), "record 0")
    holds(t.run("show log | match ("), "is not a regular expression")
    out = folder + "/saved"
    t.run(f"show log | save {out}")
    equal(len(open(out).read().splitlines()), 60)
    holds(t.run("show tunnels | frob"), "cannot stand behind")
    holds(t.run("show configuration | commands"),
          "set vpn-network branch phase1 hq remote-gateway 203.0.113.7")
    t.close()


def test_lines_above_the_prompt(folder):
    e, t = start(folder)
    t.run("monitor log on")
    t.type("show tun")
    e.event("log", e.records[7])
    t.see("record 7")
    t.until(lambda: t.cursor_line().endswith("> show tun"), "typed text")
    above = t.lines()[t.screen.cursor.y - 1]
    equal(above, "03:04:07 INF ike-state branch/hq record 7")
    t.send("\r")
    t.prompt()
    equal(len(e.calls("show.tunnels")), 1)
    e.event("config", {"revision": 9, "who": "ana"})
    t.see("note: ana committed revision 9")
    t.run("monitor log off")
    t.type("show net")
    down = {"network": "branch", "phase1": "hq", "phase2": "lan",
            "what": "down", "state": "waiting", "reason": {
                "code": "no-answer", "text": "The peer does not answer."}}
    e.event("state", dict(down, what="rekeyed", phase2="dmz"))
    e.event("state", down)
    t.see("note: branch/hq/lan is down: The peer does not answer.")
    t.until(lambda: t.cursor_line().endswith("> show net"), "typed text")
    lacks(t.text(), "dmz")
    t.close()


def test_conflict_tells_the_way_out(folder):
    e, t = start(folder)
    t.run("set vpn-network branch phase1 hq lifetime 2h")
    e.revision = 7
    holds(t.run("commit"), "  try: update mine | theirs [PATH]\n")
    e.text = TEXT.replace("10.1.0.1;", "10.1.0.9;")
    holds(t.run("update"), "up to date with revision 7; 1 change of yours")
    holds(t.run("compare"), "lifetime 2h")
    holds(t.run("commit"), "committed revision 8")
    t.close()


def test_explain_breaks_no_word(folder):
    """What stands behind a number or an indent is wrapped with it."""
    e, t = start(folder)
    text = "There is no route to the peer 192.0.2.77. " * 3
    e.answers["explain"] = {"explanation": {
        "network": "branch", "phase1": "hq", "state": "failed",
        "title": "No route", "text": text, "sure": True, "fields": [
            {"field": "lan", "ours": text, "theirs": "", "verdict": "note"}],
        "evidence": [text], "remedy": [text], "tell": text}}
    out = t.run("explain hq")
    for line in out.splitlines():
        equal(len(line) <= 80, True, line)
    equal(out.count("192.0.2.77."), 15, out)
    t.close()


def test_random_keys(folder):
    """Edited history lines, undo, search and Ctrl-C in any order: readline's
    undo lists are not freed twice."""
    _, t = start(folder)
    rng = random.Random(11)
    for line in ("show networks", "show history", "compare"):
        t.run(line)
    pool = ["\x1b[A", "\x1b[A", "\x1b[B", "\x1b[D", "a", "bc", " ", "\x7f",
            "\x15", "\x17", "\x0b", "\x19", "\x1f", "\x03", "\x12", "\x07",
            "\x1bd", "\x1bb", "\x1br", "\x01", "\x05", "\x14", "\r", "?",
            "\t", "\x1b.", "\x1b_", "\x1b<", "\x1b>"]
    for i in range(int(os.environ.get("SP_PROMPT_KEYS", "3000"))):
        t.send(rng.choice(pool))
        t.pump(0 if i % 8 else 0.005)
        if not t.child.isalive():
            raise AssertionError(f"it ended at key {i}\n{t.text()}")
    t.send("\x07\x03")
    t.prompt()
    holds(t.run("compare"), "no differences")
    t.close()


def test_monitor_log(folder):
    e, t = start(folder)
    t.send("monitor log\r")
    t.see("q or Ctrl-C ends it")
    e.event("log", e.records[4])
    t.see("record 4")
    t.send("q")
    t.prompt()
    t.send("monitor log\r")
    t.until(lambda: t.text().count("ends it") == 2, "again")
    t.send("\x03")
    t.prompt()
    t.close()


def test_dumb_has_no_escapes(folder):
    e, t = start(folder, term="dumb")
    t.send("s?")
    t.see("show  Show state")
    t.send("\x03")
    t.prompt()
    t.run("shwo tunnels")
    t.send("show log\r")
    t.see("-- more? [Enter/q] --")
    t.send("\r")
    t.until(lambda: t.text().count("-- more?") >= 1, "second page")
    t.send("q")
    t.prompt()
    t.run("monitor log on")
    t.send("show tun")
    e.event("log", e.records[7])
    t.pump(0.3)
    lacks(t.text(), "record 7\n")
    t.send("\r")
    t.see("record 7")
    t.prompt()
    e.event("log", e.records[8])
    t.pump(0.3)
    t.run("frob")
    lines = t.lines()[:t.screen.cursor.y]
    equal(lines[-3:], ["  frob", "  ^^^^", 'error: Unknown command "frob".'],
          "a caret below its line")
    if b"\x1b" in t.raw:
        at = t.raw.index(b"\x1b")
        raise AssertionError(f"escape on dumb: {t.raw[at-40:at+20]!r}")
    t.close()


def terminals(folder, term, cols):
    os.makedirs(folder)
    _, t = start(folder, term=term, cols=cols)
    t.send("sho\ttun\t")
    t.until(lambda: "show tunnels" in t.text().replace("\n", ""), "words")
    t.send("\r")
    t.prompt()
    holds(t.text(), "203.0.113.7")
    t.close()


def test_other_terminals(folder):
    terminals(folder + "/a", "vt100", 80)
    terminals(folder + "/b", None, 80)
    terminals(folder + "/c", "unknown", 80)
    terminals(folder + "/d", "vt220", 50)
    terminals(folder + "/e", "xterm-256color", 132)


def test_failed_tunnel_tells_why(folder):
    e, t = start(folder)
    text = ("The peer refused our authentication: the pre-shared key or an "
            "identity differs (AUTHENTICATION_FAILED).")
    reason = {"code": "auth-failed-psk", "text": text, "ours": "192.0.2.1",
              "theirs": None, "time": "2026-01-02T03:04:05Z",
              "remedy": ["set pre-shared-key", "show log tunnel paris"]}
    old = {"code": "no-answer", "text": "The peer does not answer.",
           "time": "2026-01-02T03:00:00Z", "remedy": []}
    e.tunnels = [dict(e.tunnels[1], reason=reason, records=[reason, old])]
    t.run("show tunnels")
    row = next(line for line in t.lines() if line.startswith("paris "))
    holds(row, " failed ")
    holds(row, "The peer refused our")
    equal(row[-1], "~", "cut")
    equal(len(row) <= 80, True, row)
    holds(t.run("show tunnels | wide"), text + "\n")
    out = t.run("show tunnels paris detail")
    holds(out, "  ours: 192.0.2.1\n")
    holds(out, "  remedy:\n    set pre-shared-key\n    show log tunnel")
    holds(out, "records:\n  2026-01-02T03:00:00Z no-answer: The peer does "
          "not answer.\n")
    lacks(out, "local:")
    lacks(out, "  theirs:")
    equal(out.count("AUTHENTICATION_FAILED"), 1, "told once")
    e.tunnels = [dict(e.tunnels[0], state="disabled",
                      notes=["The network is powered off."])]
    holds(t.run("show tunnels"), "The network is powered off.\n")
    t.close()


def test_only_in_the_candidate(folder):
    e, t = start(folder)
    t.run("set vpn-network branch phase1 oslo remote-gateway 192.0.2.3")
    e.answers["connect"] = Refusal("not-found",
                                   'There is no phase 1 "oslo".')
    holds(t.run("connect oslo"), "  try: commit\n")
    lacks(t.run("connect other"), "try:")
    t.close()


def test_narrow_is_records(folder):
    _, t = start(folder, cols=50)
    out = t.run("show tunnels")
    holds(out, "TUNNEL: hq/lan\n")
    holds(out, "NOTE: The peer does not answer.\n")
    t.close()


def test_commit_refused(folder):
    e, t = start(folder)
    e.refuse = lambda text: [
        {"path": "vpn-network branch phase1 hq", "message": "first wrong",
         "hint": "generate pre-shared-key hq"},
        {"path": "vpn-network branch", "message": "second wrong"}]
    t.run("set vpn-network branch phase1 hq lifetime 2h")
    out = t.run("commit")
    holds(out, "error: vpn-network branch phase1 hq: first wrong (1 more; "
          "nothing was applied)")
    holds(out, "try: generate pre-shared-key hq")
    out = t.run("validate")
    holds(out, "second wrong")
    e.refuse = None
    e.revision += 1
    holds(t.run("commit"), "error: Revision 2 was committed after")
    t.close()


def test_others_commit(folder):
    e, t = start(folder)
    e.text = e.text.replace("remote-gateway 203.0.113.7;",
                            "remote-gateway 203.0.113.8;")
    e.revision = 2
    e.event("config", {"revision": 2, "who": "ana"})
    t.see("note: ana committed revision 2")
    holds(t.run("show configuration"), "203.0.113.8")
    t.run("set vpn-network branch phase1 hq lifetime 2h")
    e.text, e.revision = e.text.replace("113.8", "113.9"), 3
    e.event("config", {"revision": 3, "who": "ana"})
    t.see("note: ana committed revision 3; your edits come from 2")
    holds(t.run("commit"), "error: Revision 3 was committed after")
    saved = folder + "/mine"
    t.run(f"save {saved}")
    holds(t.run("discard"), "1 change discarded")
    holds(t.run("show configuration"), "203.0.113.9")
    t.run("set vpn-network branch phase1 hq lifetime 2h")
    holds(t.run("commit"), "committed revision 4")
    t.close()


def test_terminated(folder):
    e, t = start(folder)
    t.run("set vpn-network branch phase1 hq lifetime 2h")
    t.child.kill(15)
    t.until(lambda: not t.child.isalive(), "end")
    holds(e.draft["text"], "lifetime 2h")


def test_load_terminal(folder):
    _, t = start(folder)
    t.send("load terminal\r")
    t.see('a single "." ends it')
    t.send("set vpn-network branch phase1 hq lifetime 4h\r.\r")
    t.see("loaded; 1 change against")
    t.prompt()
    holds(t.run("compare"), "lifetime 4h")
    t.close()


def test_engine_ends(folder):
    e, t = start(folder)
    e.stop()
    t.see("The engine has ended")
    t.until(lambda: not t.child.isalive(), "end")


def test_long_line_prints_it_again(folder):
    _, t = start(folder)
    t.run("set vpn-network branch phase1 a-rather-long-name-of-it "
          "description xxxxxxxxxxxx lifetime 3x")
    holds(t.text(), "error: \"3x\" is not a time.")
    t.close()


main([f for name, f in list(globals().items()) if name.startswith("test_")])
