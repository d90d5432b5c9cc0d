# SPDX-License-Identifier: GPL-3.0-or-later
"""What the shell tests share: a terminal of a given kind with the program in
it, its screen as a list of lines, and a runner that prints TAP."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

try:
    import pexpect
    import pyte
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-pexpect python3-pyte)")
    sys.exit(77)

TOP = os.environ.get("SP_SRCDIR") or os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("SP_BIN") or TOP + "/build/sallyport"
WAIT = 10               # seconds for anything that should come at once

if not os.access(BIN, os.X_OK):
    print(f"skipped: {BIN} is not there; SP_BIN names the program")
    sys.exit(77)


class Screen(pyte.Screen):
    """pyte's, with the one thing that ncurses uses on an xterm and pyte does
    not know: REP, the last character again."""
    last = " "

    def draw(self, data):
        self.last = data[-1:] or self.last
        super().draw(data)

    def repeat_last(self, count=1):
        self.draw(self.last * (count or 1))


class Stream(pyte.ByteStream):
    csi = {**pyte.ByteStream.csi, "b": "repeat_last"}
    events = pyte.ByteStream.events | {"repeat_last"}


class Terminal:
    """The program on a terminal of its own, and what a person would see."""

    def __init__(self, args, term="xterm", rows=24, cols=80, home=None,
                 env=None, prefix=(), screen=None):
        """screen: (rows, columns) that are there where the line says 0."""
        self.home = home or tempfile.mkdtemp(prefix="sp-home-")
        environ = {"PATH": os.environ["PATH"], "HOME": self.home,
                   "LANG": "C.UTF-8", "SALLYPORT_HELP": TOP + "/help"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                environ[name] = os.environ[name]
        if term is not None:
            environ["TERM"] = term
        environ.update(env or {})
        shown = screen or (rows, cols)
        self.screen = Screen(shown[1], shown[0])
        self.stream = Stream(self.screen)
        self.raw = b""
        cmd = [*prefix, BIN, *args]
        self.child = pexpect.spawn(cmd[0], cmd[1:], env=environ,
                                   timeout=WAIT, dimensions=(rows, cols),
                                   echo=True)
        self.child.delaybeforesend = None
        self.child.delayafterread = None

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return "\n".join(self.lines()).rstrip("\n")

    def cursor_line(self):
        return self.lines()[self.screen.cursor.y]

    def pump(self, seconds=0.05):
        """Read what comes within the time; true if something came."""
        try:
            data = self.child.read_nonblocking(65536, seconds)
        except pexpect.TIMEOUT:
            return False
        except pexpect.EOF:
            return False
        self.raw += data
        self.stream.feed(data)
        return True

    def until(self, true, what, seconds=WAIT):
        """Read until the condition holds, else fail with the screen."""
        end = time.monotonic() + seconds
        while not true():
            if not self.pump() and not self.child.isalive():
                self.pump()
                if true():
                    return
                raise AssertionError(
                    f"{what}: the program has ended\n{self.text()}")
            if time.monotonic() > end:
                raise AssertionError(f"{what}: not seen\n{self.text()}")

    def see(self, text, seconds=WAIT):
        self.until(lambda: text in self.text(), f"{text!r}", seconds)

    def prompt(self, seconds=WAIT):
        """Wait for a prompt with nothing typed behind it."""
        self.until(lambda: self.cursor_line().endswith(">") and
                   self.screen.cursor.x == len(self.cursor_line()) + 1,
                   "a prompt", seconds)

    def send(self, text):
        self.child.send(text)

    def type(self, text):
        """Type and wait until the screen shows it behind the prompt."""
        self.send(text)
        self.until(lambda: text.split("\n")[-1].strip() in
                   self.text().replace("\n", ""), f"echo of {text!r}")

    def run(self, line, seconds=WAIT, color=False):
        """Enter a line; returns what it printed, colour only if wanted."""
        self.pump(0)
        mark = len(self.raw)
        self.send(line + "\r")
        self.until(lambda: b"\n" in self.raw[mark:], "the line's end")
        self.prompt(seconds)
        out = self.raw[mark:].decode("utf-8", "replace")
        if not color:
            out = re.sub("\x1b\\[3[0-9]m|(\x1b\\(B)?\x1b\\[m", "", out)
        return re.sub("\x1b\\[\\?2004[hl]|\r", "", out)

    def close(self):
        self.child.close(force=True)


def script(args, stdin=None, env=None):
    """Run the program without a terminal: (status, stdout, stderr)."""
    done = subprocess.run([BIN] + args, input=stdin or "", text=True,
                          capture_output=True, timeout=60, check=False,
                          env={**os.environ, "HOME": "/nonexistent",
                               "SALLYPORT_HELP": TOP + "/help",
                               **(env or {})})
    return done.returncode, done.stdout, done.stderr


def equal(got, want, what=""):
    if got != want:
        raise AssertionError(f"{what}: got\n{got!r}\nwanted\n{want!r}")


def holds(text, part):
    if part not in text:
        raise AssertionError(f"{part!r} is not in\n{text}")


def lacks(text, part):
    if part in text:
        raise AssertionError(f"{part!r} is in\n{text}")


def started_with(folder):
    """Processes whose command line names the test's own folder: an engine
    outlives the shell that lost its terminal."""
    found = []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as f:
                words = f.read()
        except OSError:
            continue
        if name.isdigit() and int(name) != os.getpid() and \
                folder.encode() in words:
            found.append(int(name))
    return found


def end_leftovers(folder):
    """No process of a test stays when it is over."""
    end = time.monotonic() + 10
    left = started_with(folder)
    while left and time.monotonic() < end:
        for pid in left:
            try:
                os.kill(pid, signal.SIGTERM)
            except OSError:
                pass
        time.sleep(0.05)
        left = started_with(folder)


def main(tests):
    """Run functions test(folder) one by one, TAP on standard output; an
    argument names the only one to run."""
    only = sys.argv[1:] or None
    bad = 0
    chosen = [t for t in tests if not only or t.__name__ in only]
    print(f"1..{len(chosen)}")
    for number, test in enumerate(chosen, 1):
        folder = tempfile.mkdtemp(prefix="sp-shell-")
        try:
            test(folder)
            print(f"ok {number} - {test.__name__}", flush=True)
        except Exception:       # pylint: disable=broad-except
            bad += 1
            print(f"not ok {number} - {test.__name__}", flush=True)
            for line in traceback.format_exc().splitlines():
                print("# " + line, flush=True)
        finally:
            end_leftovers(folder)
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if bad else 0)
