#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs tests/lab/plane_suite, the conformance suite of plane.h: here, and if
# this machine's kernel has no ESP, in that of the kernel lab in $SP_SHARED
# too, where the userspace plane meets the kernel's.
set -u
prog=${SP_BUILD:-.}/tests/lab/plane_suite
lab=${SP_SHARED:-}/lab/kernel/kernel-lab

if [ ! -x "$prog" ]; then
	echo "skipped: $prog is not built"
	exit 77
fi
"$prog" || exit $?
"$prog" --works && exit 0
if [ -z "${SP_SHARED:-}" ] || [ ! -x "$lab" ]; then
	echo "userspace planes only: there is no kernel lab"
	exit 0
fi
"$lab" fetch || exit 0
exec "$lab" run -t 280 -- "$prog"
