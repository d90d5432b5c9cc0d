#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands without a terminal: -c, -f, standard input, -j, -n, -q and the
exit statuses; nothing asks, nothing is shortened, results and messages go
where they belong."""
import json
import os
import subprocess

from fake_engine import FakeEngine, Refusal
from lib import BIN, equal, holds, lacks, main, script

TEXT = ("vpn-network branch {\n  address 10.1.0.1;\n"
        "  network-address 10.1.0.0/24;\n  placement host;\n"
        "  phase1 hq {\n    remote-gateway 203.0.113.7;\n  }\n}\n")
KEY = "open sesame 1234567890"


def start(folder, text=TEXT):
    return FakeEngine(folder, text)


def run(folder, commands, *more, stdin=None):
    return script(["-d", folder, *more, "-c", commands], stdin)


def test_statuses(folder):
    e = start(folder)
    e.refuse = lambda text: [{"path": "vpn-network branch",
                              "message": "wrong"}] if "bad" in text else []
    edit = "set vpn-network branch phase1 hq description "
    rows = [
        ("show tunnels", 0), ("show networks; show log | count", 0),
        ("shwo tunnels", 2), ("connect", 2), ("show log | frob", 2),
        ('set vpn-network "open', 2), ("sh tun", 2),
        ("set vpn-network branch mtu 3", 1), ("connect paris wait 3", 1),
        ("delete vpn-network none", 1), ("load /nonexistent", 1),
        (edit + "bad; commit", 4), (edit + "good; commit", 0),
    ]
    for commands, want in rows:
        got, out, err = run(folder, commands)
        equal(got, want, commands + "\n" + out + err)
    e.answers["connect"] = Refusal("timeout", "It is not up after 3 s.")
    equal(run(folder, "connect hq wait 3")[0], 5, "timeout")
    e.answers["power"] = Refusal("denied", "Your role is viewer.")
    equal(run(folder, "power on branch")[0], 3, "denied")
    e.answers["config.commit"] = Refusal("conflict", "Somebody was faster.")
    equal(run(folder, edit + "other; commit")[0], 6, "conflict")


def test_output_that_cannot_be_written(folder):
    start(folder)
    with open("/dev/full", "w") as full:
        done = subprocess.run([BIN, "-d", folder, "-c", "show networks"],
                              stdin=subprocess.DEVNULL, stdout=full,
                              stderr=subprocess.PIPE, text=True, check=False)
    equal(done.returncode, 1)
    holds(done.stderr, "The output cannot be written: No space left")
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([BIN, "-d", folder, "-c", "show networks"],
                          stdin=subprocess.DEVNULL, stdout=write,
                          stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    equal((done.returncode, done.stderr), (0, ""), "a closed pipe")


def test_first_failure_stops(folder):
    e = start(folder)
    status, out, err = run(folder, "show log last 1\nshwo\npower on branch")
    equal(status, 2)
    equal(out, "03:04:59 INF ike-state branch/hq record 59\n")
    holds(err, 'error: line 2: Unknown command "shwo".')
    equal(e.calls("power"), [])


def test_only_the_wrong_command_is_shown(folder):
    start(folder)
    _, _, err = run(folder, "show log last 1;  connect  hq wait x ;show log")
    equal(err.splitlines()[:2], ["  connect  hq wait x ",
                                 "                   ^"])
    _, _, err = run(folder, "set vpn-network branch phase1 hq "
                    "pre-shared-key 'a;b c'; shwo")
    equal(err.splitlines()[1:3], ["  shwo", "  ^^^^"])


def test_commands_from_a_file(folder):
    e = start(folder)
    path = folder + "/commands"
    with open(path, "w") as f:
        f.write("# a comment\nset vpn-network branch phase1 hq lifetime 2h\n"
                "commit comment \"from a file\"   # and another\n")
    status, out, err = script(["-d", folder, "-f", path])
    equal((status, out), (0, "committed revision 2, 1 change\n"), err)
    holds(e.text, "lifetime 2h")
    equal(e.history[0]["comment"], "from a file")
    status, out, _ = script(["-d", folder, "-f", "-"], "show history\n")
    equal(status, 0)
    holds(out, "from a file")


def test_json(folder):
    start(folder)
    status, out, err = run(folder, "show tunnels; set vpn-network branch "
                           "mtu 1400; show configuration; show system", "-j")
    equal((status, err), (0, ""))
    objects = [json.loads(line) for line in out.splitlines()]
    equal([list(o) for o in objects], [["tunnels"], ["configuration"],
                                       ["system"]])
    net = objects[1]["configuration"]["vpn-network"]["branch"]
    equal(net["mtu"], 1400)
    status, out, err = run(folder, "connect paris wait 1", "-j")
    equal((status, err), (1, ""))
    error = json.loads(out)["error"]
    equal(error["code"], "peer")
    equal(error["reason"]["theirs"], "aes128-sha256-ecp256")
    status, out, err = run(folder, "shwo", "-j")
    equal((status, err), (2, ""))
    error = json.loads(out)["error"]
    equal((error["line"], error["column"], error["hint"]), (1, 1, "show"))


def test_secrets(folder):
    e = start(folder)
    base = "set vpn-network branch phase1 hq pre-shared-key "
    path = folder + "/key"
    with open(path, "w") as f:
        f.write(KEY + "\n")
    coded = "b3BlbiBzZXNhbWUgMTIzNDU2Nzg5MA=="
    for how, stdin in ((f"file {path}", ""), ("-", KEY + "\n"),
                       (f'"{KEY}"', "")):
        e.secrets = {}
        status, out, err = run(folder, base + how + "\ncompare\nshow "
                               "configuration\ncommit", stdin=stdin)
        equal(status, 0, out + err)
        equal(e.secrets, {"branch/hq": coded}, how)
        lacks(out + err + e.text, "sesame")
    status, _, err = run(folder, base)
    equal(status, 1)
    holds(err, "pre-shared-key needs a value: file PATH, or - for standard")
    status, out, err = run(folder, base + f'"{KEY}" nonsense x')
    equal(status, 1)
    lacks(out + err, "sesame")
    status, out, err = run(folder, "generate pre-shared-key hq\ncommit")
    equal(status, 0)
    equal(len(e.secrets["branch/hq"]), 60, "base64 of 44 characters")
    lacks(out + err, e.secrets["branch/hq"])


def test_check_only(folder):
    e = start(folder)
    status, out, err = run(folder, "set vpn-network branch mtu 1400\ncommit\n"
                           "power off branch\nconnect hq wait 5", "-n")
    equal((status, out), (0, "no errors, 0 warnings\n"), err)
    equal([m for m, _ in e.seen if m in ("config.commit", "power",
                                         "connect")], [])


def test_keep_going(folder):
    e = start(folder)
    status, out, err = run(folder, "shwo\npower on branch", "--keep-going")
    equal(status, 2)
    equal(len(e.calls("power")), 1)


def test_results_and_messages_apart(folder):
    start(folder)
    _, out, err = run(folder, "set vpn-network branch mtu 1400")
    equal(out, "")
    holds(err, "note: changes that were not committed are lost: 1.")
    equal(run(folder, "set vpn-network branch mtu 1400", "-q")[2], "")


def test_wide_without_a_terminal(folder):
    start(folder)
    _, out, _ = run(folder, "show tunnels")
    for line in out.splitlines():
        equal(line, line.rstrip(), "trailing blanks")
    holds(out, "PROPOSAL")
    lacks(out, "hidden")
    lacks(out, "\x1b")


def test_load_and_save(folder):
    start(folder)
    path = folder + "/saved"
    status, out, err = run(
        folder, f"set vpn-network branch phase1 hq lifetime 2h; save {path}")
    equal(status, 0, err)
    equal(os.stat(path).st_mode & 0o007, 0, "others may not read it")
    _, out, _ = run(folder, f"load {path} replace; compare")
    holds(out, "+         lifetime 2h;")
    _, out, _ = run(folder, "load terminal; show configuration | commands",
                    stdin="set vpn-network lab address 10.9.0.1\n")
    holds(out, "set vpn-network lab address 10.9.0.1")
    holds(out, "set vpn-network branch phase1 hq")
    with open(path, "w") as f:
        f.write("vpn-network branch {\n  phase1 hq {\n    lifetme 3h;\n")
    status, _, err = run(folder, f"load {path}")
    equal(status, 1)
    holds(err, f"error: {path}, line 3, column 5: ")


def test_load_hostile_files(folder):
    start(folder)
    path = folder + "/hostile"
    where = f"error: {path}, line "
    rows = [
        (b"system {\n  log-level debug;\n}\n\0 hidden",
         where + "4, column 1: The character 0x00"),
        (b"system { # f\xfcr alle\n}", where + "1, column 13: "
         "The character 0xFC"),
        (b"\r\nsystem {\r\n  log-levl debug;\r\n}\r\n",
         where + "3, column 3: "),
        (b"\xef\xbb\xbfsystem {\n log-levl debug; }",
         where + "2, column 2: "),
        (b"# \nsystem { log-level " + 100000 * b"x" + b"; }",
         where + "2, column "),
        (100000 * b"vpn-network a {", where + "1, column 16: "),
    ]
    for content, want in rows:
        with open(path, "wb") as f:
            f.write(content)
        status, _, err = run(folder, f"load {path}; compare")
        equal(status, 1, content[:60])
        holds(err, want)
    with open(path, "wb") as f:
        f.truncate(1 << 30)
    _, _, err = run(folder, f"load {path}")
    holds(err, "is longer than 8 MiB.")
    with open(path, "wb") as f:
        f.write(b"\xef\xbb\xbfsystem {\r\n log-level debug;\r\n}\r\n")
    status, out, err = run(folder, f"load {path}; compare")
    equal(status, 0, err)
    holds(out, "log-level debug;")


def test_edit_commands(folder):
    start(folder)
    _, out, err = run(folder, """
rename vpn-network branch phase1 hq to main
copy vpn-network branch phase1 main to spare
deactivate vpn-network branch phase1 spare
annotate vpn-network branch phase1 spare "not in use"
show configuration vpn-network branch phase1 spare
activate vpn-network branch phase1 spare
delete vpn-network branch phase1 main
undo
edit vpn-network branch phase1 spare
set lifetime 2h dpd-delay 10s
show configuration
top
discard
compare""")
    equal(out, "enabled no;\nremote-gateway 203.0.113.7;\n"
          "remote-gateway 203.0.113.7;\nlifetime 2h;\ndpd-delay 10s;\n"
          "3 changes discarded; undo brings them back\nno differences\n", err)


def test_help(folder):
    start(folder)
    _, out, _ = run(folder, "help connect")
    holds(out, "connect <tunnel> [wait <seconds>]\n")
    holds(out, "connect hq wait 30")
    _, out, _ = run(folder, "help phase1 lifetime")
    holds(out, "default 3h")
    _, out, _ = run(folder, "help protocol")
    holds(out, "One JSON object a line")
    status, _, err = run(folder, "help lifetme")
    equal(status, 1)
    holds(err, "try: help lifetime")


def test_hostile_text(folder):
    e = start(folder)
    e.records = [{"time": "2026-01-02T03:04:05Z", "level": "info",
                  "tunnel": "", "text": "\x1b[2Jgone\x07"}]
    _, out, _ = run(folder, "show log")
    equal(out, "03:04:05 INF \\x1B[2Jgone\\x07\n")


def test_engine_goes_away(folder):
    e = start(folder)
    e.do_power = lambda c, rid, p: e.stop() or {}
    status, _, err = run(folder, "power on branch\nshow tunnels")
    equal(status, 3)
    holds(err, "The engine has closed the connection.")


main([f for name, f in list(globals().items()) if name.startswith("test_")])
