#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Completion in an outer bash: options, commands inside -c, and names of the
running configuration; in a real interactive bash."""
import os
import subprocess

import pexpect

from lib import BIN, TOP, equal, holds, lacks, main
from real import begin


def words(*args):
    out = subprocess.run([BIN, *args], text=True, stdout=subprocess.PIPE,
                         stdin=subprocess.DEVNULL, check=True).stdout
    return out.split("\n")[:-1]


def bash(folder):
    env = {"PATH": os.path.dirname(BIN) + ":" + os.environ["PATH"],
           "HOME": folder, "TERM": "dumb", "PS1": "$ ", "LANG": "C.UTF-8"}
    t = pexpect.spawn("bash", ["--norc", "--noprofile"], env=env, timeout=10,
                      echo=True, dimensions=(24, 200), encoding="utf-8")
    t.delaybeforesend = None
    t.expect_exact("$ ")
    t.sendline(f"bind 'set enable-bracketed-paste off'; "
               f"source {TOP}/completion/sallyport; echo ready")
    t.expect("ready\r\n")
    t.expect_exact("$ ")
    return t


def tab(t, typed, expected):
    """Type and Tab: the line must become the expected one."""
    t.send(typed + "\t")
    try:
        t.expect_exact(expected)
    except pexpect.TIMEOUT:
        raise AssertionError(f"{typed!r}: {expected!r} is not in "
                             f"{t.before!r}") from None
    t.sendcontrol("u")
    t.sendline("")
    t.expect_exact("$ ")


def test_words(folder):
    holds("\n".join(words("--complete-options")), "--keep-going")
    lacks("\n".join(words("--complete-options")), "complete")
    equal(words("-d", folder, "--complete", "show tun"), ["tunnels"])
    equal(words("-d", folder, "--complete", "show networks; comm"), ["commit"])
    got = words("-d", folder, "--complete", "")
    holds("\n".join(got), "wizard")
    equal(os.listdir(folder), [], "no engine was started")


def test_in_bash(folder):
    with begin(folder):
        t = bash(folder)
        tab(t, "sallyport --keep", "sallyport --keep-going ")
        tab(t, "sallyport ser", "sallyport serve ")
        tab(t, "sallyport -c 'show netw", "sallyport -c 'show networks")
        tab(t, f"sallyport -d {folder} -c 'connect h",
            f"sallyport -d {folder} -c 'connect hq")
        tab(t, f'sallyport -d {folder} -c "set vpn-network a pha',
            f'sallyport -d {folder} -c "set vpn-network a phase1')
        t.close(force=True)


main([f for name, f in list(globals().items()) if name.startswith("test_")])
