# SPDX-License-Identifier: GPL-3.0-or-later
"""A real engine in a folder of its own for the shell tests: started, killed,
asked through the program itself."""
import re
import signal
import socket
import subprocess
import time

from lib import BIN, equal, script

NET = ("set vpn-network a address 10.1.0.1\n"
       "set vpn-network a network-address 10.1.0.0/24\n"
       "set vpn-network a placement host\n"
       "set vpn-network a phase1 hq remote-gateway 203.0.113.7\n"
       "set vpn-network a phase1 hq pre-shared-key first-key-of-the-test\n"
       "set vpn-network a phase1 hq phase2 lan local-network 10.1.0.0/24\n"
       "set vpn-network a phase1 hq phase2 lan remote-network 10.2.0.0/24\n")
KEY = "set vpn-network a phase1 hq pre-shared-key second-key-of-the-test\n"
DESC = "set vpn-network a phase1 hq description "


class Engine:
    def __init__(self, folder):
        self.folder = folder
        self.start()

    def start(self):
        self.child = subprocess.Popen(
            [BIN, "serve", "-d", self.folder], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while not self.listens():
            if time.monotonic() > end or self.child.poll() is not None:
                raise AssertionError("the engine does not answer")
            time.sleep(0.02)

    def listens(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.folder + "/run/control") == 0

    def kill(self):
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait(10)

    def run(self, text, want=0, *more):
        status, out, err = script(["-d", self.folder, *more, "-f", "-"],
                                  text + "\n")
        equal(status, want, text + "\n" + out + err)
        return out + err

    def description(self):
        out = self.run("show configuration vpn-network a phase1 hq")
        found = re.search(r"description (\S+);", out)
        return found.group(1) if found else None

    def secrets(self):
        return open(self.folder + "/secrets").read()

    def waiting(self):
        return self.folder + "/state/unconfirmed"

    def deadline(self, seconds):
        """Move the deadline of the record to so many seconds from now."""
        text = open(self.waiting()).read()
        head, rest = text.split("\n", 1)
        words = head.split(" ")
        words[5] = str(int((time.time() + seconds) * 1000))
        words[4] = str(int(words[5]) - 60000)
        with open(self.waiting(), "w") as f:
            f.write(" ".join(words) + "\n" + rest)


def begin(folder):
    e = Engine(folder)
    e.run(NET + DESC + "one\ncommit")
    return e
