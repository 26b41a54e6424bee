#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing gets the name that others see before its data was flushed: read from the log of system calls.

    order.py CAIRN
"""
import os
import re
import sys
import tempfile
from pathlib import Path

from volume import Libraries, run

CALLS = "openat,close,mkdirat,symlinkat,linkat,renameat,renameat2,syncfs,fsync"
LINE = re.compile(r"^(\d+) +(?:<\.\.\. (\w+) resumed>(.*)|(\w+)\((.*))$")


def events(log):
    """(begin, end, call, text) of each call, in lines of the log; calls that were interrupted by others' are put together."""
    open_calls, found = {}, []
    for number, line in enumerate(log.read_text().splitlines()):
        match = LINE.match(line)
        if not match:
            continue
        thread, resumed, rest, call, text = match.groups()
        if resumed:
            begin, call, start = open_calls.pop(thread, (None, None, None))
            if call:
                found.append((begin, number, call, start + rest))
        elif text.endswith("<unfinished ...>"):
            open_calls[thread] = (number, call, text[: -len("<unfinished ...>")])
        else:
            found.append((number, number, call, text))
    return found


def check(log, volume):
    seen = events(log)
    created = set()
    last_write = {}  # what is being filled -> line of its last change
    flushes = []     # (begin, end) of syncfs that succeeded
    directory_flushes = []
    renames = {"unit": 0, "view": 0, "current": 0}
    record_at = None
    problems = []
    for begin, end, call, text in sorted(seen, key=lambda event: event[1]):
        if not text.rstrip().endswith("= 0") and " = -1" in text:
            continue
        part = re.search(re.escape(str(volume)) + r"/\.cairn/((?:units|generations)/[0-9a-f.]+\.part)(?:/|>)", text)
        if call in ("openat", "close", "mkdirat", "symlinkat", "linkat"):
            if call == "openat" and "O_CREAT" in text:
                created.add(text.rsplit("<", 1)[-1].rstrip(">"))
            # Of directories that are closed nothing is written; of files, a close may be what writes.
            changes = "O_CREAT" in text if call == "openat" else call != "close" or text.split("<", 1)[-1].split(">")[0] in created
            if part and changes:
                last_write[part[1]] = max(last_write.get(part[1], 0), end)
        elif call == "syncfs":
            flushes.append((begin, end))
        elif call == "fsync":
            directory_flushes.append((begin, text))
        elif call.startswith("renameat"):
            names = re.findall(r'"([^"]*)"', text)
            folder = re.search(r"/\.cairn(/units|/generations|)>", text)
            if not folder or len(names) != 2:
                continue
            source, name = names
            if source.endswith(".part"):
                kind = "unit" if folder[1] == "/units" else "view"
                renames[kind] += 1
                written = last_write.get(f"{folder[1][1:]}/{source}", None)
                if written is None:
                    problems.append(f"{source} was renamed, but nothing was written into it")
                elif not any(written < b and e < begin for b, e in flushes):
                    problems.append(f"{source} was renamed before its data was flushed")
            elif folder[1] == "/generations" and name.endswith(".json"):
                record_at = begin
            elif name == "current":
                renames["current"] += 1
                if record_at is None or not any(record_at < at and "/generations>" in text for at, text in directory_flushes if at < begin):
                    problems.append("current moved before the generation's record was on disk")
    if not all(renames.values()):
        problems.append(f"the log shows too little: {renames}")
    return renames, problems


def main():
    cairn = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as place:
        work = Path(place).resolve()
        volume = work / "volume"
        libraries = Libraries(cairn, work, volume)
        for release in ("v1", "v2"):
            log = work / f"{release}.log"
            done = run(["strace", "-f", "-y", "-qq", "-e", "signal=none", "-e", f"trace={CALLS}", "-o", log, *libraries.command(release, volume)],
                       env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})  # nor does it work under strace
            if done.returncode != 0:
                sys.exit(f"strace: {done.stderr}")
            renames, problems = check(log, volume)
            if problems:
                sys.exit("\n".join(problems))
            print(f"{release}: {renames['unit']} units, 1 view and current were renamed after they were flushed")


if __name__ == "__main__":
    main()
