#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell in German: what a person reads is translated (help, "?", errors,
notes, titles that the engine sends), what is typed and what a program reads
(commands, settings, states, JSON, numbers) is not; no string lacks one.

A locale of its own is made with localedef where the sources of locales are
installed (Debian: locales); without them the locale C.UTF-8 with LANGUAGE has
to do, which newer C libraries no longer translate: skipped then."""
import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile

from fake_engine import REASON, TUNNELS, FakeEngine, Refusal
from lib import TOP, Terminal, equal, holds, lacks, main, script

TEXT = ("vpn-network branch {\n  address 10.1.0.1;\n"
        "  network-address 10.1.0.0/24;\n  placement host;\n"
        "  phase1 hq {\n    remote-gateway 203.0.113.7;\n  }\n}\n")
PO = TOP + "/po/de.po"


def quietly(*cmd):
    try:
        return subprocess.run(cmd, capture_output=True, text=True,
                              check=False, timeout=60).returncode == 0
    except FileNotFoundError:
        return False


def german():
    """The environment of a German session, for all tests."""
    top = tempfile.mkdtemp(prefix="sp-german-")
    atexit.register(shutil.rmtree, top, True)
    folder = top + "/mo/de/LC_MESSAGES"
    os.makedirs(folder)
    if not quietly("msgfmt", "-c", "-o", folder + "/sallyport.mo", PO):
        print("skipped: msgfmt makes no catalogue (Debian: gettext)")
        sys.exit(77)
    env = {"SALLYPORT_LOCALE": top + "/mo", "LC_ALL": "C.UTF-8",
           "LANGUAGE": "de"}
    if quietly("localedef", "-i", "de_DE", "-f", "UTF-8",
               top + "/de_DE.UTF-8"):
        env.update(LC_ALL="de_DE.UTF-8", LOCPATH=top)
    return env


GERMAN = german()
if "Befehle" not in script(["--help"], env=GERMAN)[1]:
    print("skipped: no German locale (Debian: locales)")
    sys.exit(77)


def start(folder, text=TEXT):
    return FakeEngine(folder, text)


def run(folder, commands, *more):
    return script(["-d", folder, *more, "-c", commands], env=GERMAN)


def test_catalogue_is_complete(folder):
    pot = folder + "/now.pot"
    files = [line.strip() for line in open(TOP + "/po/POTFILES.in")]
    subprocess.run(["xgettext", "--keyword=_", "--keyword=N_",
                    "--from-code=UTF-8", "-o", pot, *filter(None, files)],
                   cwd=TOP, check=True, timeout=60)
    done = subprocess.run(["msgcmp", PO, pot], capture_output=True,
                          text=True, check=False, timeout=60)
    equal(done.returncode, 0, "po/de.po: " + done.stderr)


def test_help(folder):
    start(folder)
    status, out, _ = run(folder, "help connect")
    equal(status, 0)
    equal(out.splitlines()[:2], ["connect <tunnel> [wait <seconds>]",
                                 "  Einen Tunnel jetzt aushandeln"])
    out = run(folder, "help lifetime")[1]
    holds(out, "phase1 lifetime (Lebensdauer)\n"
               "  Alter, in dem die IKE-SA endet.\n")
    holds(run(folder, "help vpn-network")[1], "\nEinstellungen:\n")


def test_errors(folder):
    e = start(folder)
    rows = [
        ("shwo tunnels", 'Fehler: Unbekannter Befehl "shwo".\n'
         "  Vorschlag: show\n"),
        ("connect", "Fehler: Unvollständiger Befehl.\n"
         "  Vorschlag: connect <tunnel> [wait <seconds>]\n"),
        ("delete vpn-network none",
         'Fehler: Es gibt hier kein Objekt vpn-network "none".\n'),
    ]
    for commands, want in rows:
        status, out, err = run(folder, commands)
        equal((status != 0, out), (True, ""), commands)
        holds(err, want)
    e.answers["connect"] = Refusal("peer", "No proposal fits.", reason=REASON)
    err = run(folder, "connect hq wait 3")[2]
    holds(err, "Fehler: No proposal fits.\n")
    holds(err, f"  hier:    {REASON['ours']}\n")
    holds(err, f"  dort:    {REASON['theirs']}\n")


def test_words_of_the_engine(folder):
    e = start(folder)
    down = dict(TUNNELS[1], reason=dict(TUNNELS[1]["reason"],
                                        title="The peer does not answer"))
    e.tunnels = [down]
    out = run(folder, "show tunnels paris detail")[1]
    holds(out, "title: Die Gegenstelle antwortet nicht\n")
    holds(out, "state: failed\n")
    row = {"type": "encryption", "name": "ENCR_CAMELLIA_CBC", "setting":
           "camellia", "id": 23, "use": ["ike"], "class": "old",
           "usable": True, "basis": "rarely offered by peers", "why": None}
    e.answers["show.algorithms"] = {"algorithms": [row]}
    holds(run(folder, "show algorithms")[1],
          "old    yes     von Gegenstellen selten angeboten")


def test_question_mark(folder):
    start(folder)
    t = Terminal(["-d", folder], env=GERMAN)
    t.prompt()
    t.send("con?")
    t.see("connect  Einen Tunnel jetzt aushandeln")
    t.send("nect ?")
    t.see("<Tunnel>")
    holds(t.text(), "hq")
    t.send("hq ?")
    t.see("<cr>  Den Befehl ausführen")
    holds(t.text(), "Warten, bis er verbunden oder gescheitert ist")
    t.close()


def test_prompt(folder):
    start(folder, text="")
    t = Terminal(["-d", folder], env=GERMAN)
    t.prompt()
    first = t.text()
    holds(first, "mit der Engine verbunden, Datenebene: ")
    holds(first, "Noch keine Konfiguration.")
    equal(first, first.encode("ascii", "replace").decode(), "banner is ASCII")
    t.close()


def test_commands_stay_english(folder):
    e = start(folder)
    status, _, err = run(folder, "zeige tunnel")
    equal(status, 2, err)
    status, out, err = run(folder, "set vpn-network branch phase1 hq lifetime "
                           "2h; compare; commit; show tunnels")
    equal((status, err), (0, ""))
    holds(out, "Revision 2 übernommen, 1 Änderung\n")
    holds(out, "lifetime 2h")
    holds(out, "connected")
    holds(out, "1.24M")
    holds(out, "2 Tunnel: 1 connected, 1 failed\n")
    holds(e.text, "lifetime 2h;")


def test_json_stays_english(folder):
    e = start(folder)
    for commands, more in (("show tunnels | json", []),
                           ("show tunnels", ["-j"])):
        status, out, err = run(folder, commands, *more)
        equal((status, err), (0, ""))
        equal(json.loads(out), {"tunnels": e.tunnels})
    status, out, err = run(folder, "shwo tunnels", "-j")
    equal((status, err), (2, ""))
    equal(json.loads(out)["error"]["message"], 'Unknown command "shwo".')
    lacks(run(folder, "connect hq", "-j")[1], "Tunnel")


main([test_catalogue_is_complete, test_help, test_errors,
      test_words_of_the_engine, test_question_mark, test_prompt,
      test_commands_stay_english, test_json_stays_english])
