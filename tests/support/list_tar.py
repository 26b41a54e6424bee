#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""List tar archives as another reader sees them: list_tar.py python|gnu ARCHIVE...

For each archive a line `#`, then one line an entry: type flag, size, `=` and the name's bytes in hex, sha256 of the
content or `-`; last, if that reader refuses the archive, `!` and its reason. Exit 77: the reader is not installed.
"""
import hashlib
import os
import re
import shutil
import subprocess
import sys


def show(kind, size, name, digest="-"):
    print(kind, size, "=" + name.hex(), digest)


def python(archive):
    import tarfile
    kinds = {tarfile.REGTYPE: "0", tarfile.AREGTYPE: "0"}
    with tarfile.open(archive, "r:", encoding="utf-8", errors="surrogateescape") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            digest = hashlib.sha256(content.read()).hexdigest() if content else "-"
            kind = kinds.get(member.type, member.type.decode("latin-1"))
            show(kind, member.size, member.name.encode("utf-8", "surrogateescape"), digest)


def gnu(archive):
    listed = subprocess.run(["tar", "--list", "--verbose", "--numeric-owner", "--quoting-style=escape", "--absolute-names",
                             "--file", archive], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env={"LC_ALL": "C", "TZ": "UTC0", "PATH": "/usr/bin:/bin"})
    if listed.returncode != 0:
        raise ValueError(listed.stderr.decode("utf-8", "replace").replace("\n", "; "))
    kinds = {b"-": "0", b"h": "1", b"l": "2", b"c": "3", b"b": "4", b"d": "5", b"p": "6"}
    line_form = re.compile(rb"(.)\S+ \S+ +(\S+) (?:-?\d+-\d\d-\d\d \d\d:\d\d(?::\d\d)?|-?\d+) (.*)")
    for line in listed.stdout.split(b"\n")[:-1]:
        kind, size, name = line_form.fullmatch(line).groups()
        if kind == b"h":
            name = name.split(b" link to ")[0]
        elif kind == b"l":
            name = name.split(b" -> ")[0]
        name = re.sub(rb"\\(\d\d\d|.)", unescape, name)
        show(kinds[kind], 0 if b"," in size else int(size), name)


def unescape(match):
    text = match.group(1)
    if len(text) == 3:
        return bytes([int(text, 8)])
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}.get(text, text)


def main(reader, archives):
    if reader == "gnu" and not shutil.which("tar"):
        sys.exit(77)
    for archive in archives:
        print("#")
        if os.path.getsize(archive) == 0:
            continue  # to Go's reader that is an archive of no entries, and umoci writes such; these two know none
        try:
            {"python": python, "gnu": gnu}[reader](archive)
        except Exception as error:
            print("!" + str(error).replace("\n", " "))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
