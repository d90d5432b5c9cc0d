#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs tests/lab/xfrm_kernel, the test of the kernel plane, in a kernel that
# has ESP: this machine's own when it does, else that of the kernel lab in
# $SP_SHARED.  SP_BUILD is the folder the program was built in.
set -u
prog=${SP_XFRM_TEST:-${SP_BUILD:-.}/tests/lab/xfrm_kernel}
lab=${SP_SHARED:-}/lab/kernel/kernel-lab

if [ ! -x "$prog" ]; then
	echo "skipped: $prog is not built"
	exit 77
fi
"$prog" --works
case $? in
0)	exec "$prog" ;;
77)	;;
*)	exit 1 ;;
esac
if [ -z "${SP_SHARED:-}" ] || [ ! -x "$lab" ]; then
	echo "skipped: this kernel has no ESP, and there is no kernel lab"
	exit 77
fi
"$lab" fetch || exit 77
exec "$lab" run -t 250 -- "$prog"
