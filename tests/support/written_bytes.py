#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run a program and tell how many bytes it gave to write calls: written_bytes.py FILE PROGRAM ARGUMENT…

The number goes to FILE. It counts whatever was written to wherever, the terminal included, by all threads of the program
(not by its children). Exits as the program does.
"""
import os
import sys

pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
# The kernel's account of a process ends when it is reaped.
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
with open(f"/proc/{pid}/io", encoding="ascii") as file:
    counts = dict(line.split(": ") for line in file.read().splitlines())
with open(sys.argv[1], "w", encoding="ascii") as file:
    file.write(counts["wchar"] + "\n")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
