#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A commit that is cut off: at each of the system calls of a save in turn the
engine is killed, or the call fails (ENOSPC, EIO, EROFS).  What the next engine
finds is exactly the old or the new configuration, with its own key; and a
refused commit leaves the old one running."""
import errno
import os
import re
import subprocess
import sys

from lib import TOP, equal, holds, lacks, main, script
from real import DESC, KEY, NET, Engine

OLD = ("one", "first-key-of-the-test")
NEW = ("two", "second-key-of-the-test")


def shim(folder):
    path = folder + "/shim.so"
    done = subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", path,
                           TOP + "/tests/shell/crash_shim.c"], text=True,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode:
        print("skipped: no compiler for the shim: " + done.stderr)
        sys.exit(77)
    return path


class Struck(Engine):
    """An engine whose n-th change of a file after arm() goes wrong."""

    def __init__(self, folder, lib, at, error):
        self.arm_file = folder + "/armed"
        for name in (self.arm_file, self.arm_file + ".struck"):
            if os.path.exists(name):
                os.unlink(name)
        os.environ.update(LD_PRELOAD=lib, SP_SHIM_ARM=self.arm_file,
                          SP_SHIM_AT=str(at), SP_SHIM_ERRNO=str(error))
        try:
            super().__init__(folder)
        finally:
            del os.environ["LD_PRELOAD"]

    def arm(self):
        open(self.arm_file, "w").close()

    def struck(self):
        return os.path.exists(self.arm_file + ".struck")


def state(e):
    """(description, key) as the engine has them."""
    found = re.search(r'a/hq "([^"]*)"', e.secrets())
    return e.description(), found.group(1) if found else None


def one_round(folder, lib, at, error):
    """Commit under the shim; returns whether it struck, and what is there."""
    with Struck(folder, lib, at, error) as e:
        if not error:
            equal(state(e), OLD, f"call {at}: before")
        e.arm()
        status, out, err = script(["-d", folder, "-f", "-"],
                                  DESC + "two\n" + KEY + "commit\n")
        struck = e.struck()
        os.unlink(e.arm_file)
        if error and status:
            holds(out + err, os.strerror(error))
            equal(e.child.poll(), None, "the engine lives")
            equal(e.description(), "one", "the old one runs on")
        if not error:
            e.child.wait(10) if struck else None
    return struck, status


def settle(folder, at, status):
    """What a fresh engine finds; then back to the old one."""
    with Engine(folder) as e:
        found = state(e)
        if found not in (OLD, NEW):
            raise AssertionError(f"call {at}: a mixture: {found}")
        if status == 0:
            equal(found, NEW, f"call {at}: it said committed")
        lacks(e.run("show log"), "broken")
        if found == NEW:
            e.run(DESC + "one\n" + KEY.replace("second", "first") + "commit")
        equal(state(e), OLD)
    return found


def sweep(folder, error):
    lib = shim(folder)
    with Engine(folder) as e:
        e.run(NET + DESC + "one\ncommit")
    seen = set()
    for at in range(1, 200):
        struck, status = one_round(folder, lib, at, error)
        seen.add(settle(folder, at, status))
        if not struck:
            break
    if at < 15 or at == 199:
        raise AssertionError(f"{at} calls were seen")
    equal(seen, {OLD, NEW}, "both ends were seen")


def test_killed_at_each_call(folder):
    sweep(folder, 0)


def test_no_space(folder):
    sweep(folder, errno.ENOSPC)


def test_disk_error(folder):
    sweep(folder, errno.EIO)


def test_read_only(folder):
    sweep(folder, errno.EROFS)


def test_broken_file_gives_way(folder):
    with Engine(folder) as e:
        e.run(NET + DESC + "one\ncommit")
    with open(folder + "/sallyport.conf", "a") as f:
        f.write("nonsense {\n")
    with Engine(folder) as e:
        equal(state(e), OLD)
        holds(e.run("show log"), "Revision 1 runs instead")
        equal(os.path.exists(folder + "/sallyport.conf.broken"), True)
        e.run(DESC + "two\ncommit")
        equal(state(e)[0], "two")


main([f for name, f in list(globals().items()) if name.startswith("test_")])
