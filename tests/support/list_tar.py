#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""List a tar archive as another reader sees it: list_tar.py python|gnu ARCHIVE

One line an entry: type flag, size, `=` and the name's bytes in hex, sha256 of the content or `-`.
Exit 77: that reader is not installed. Exit 1: it refuses the archive.
"""
import hashlib
import re
import shutil
import subprocess
import sys


def show(kind, size, name, digest="-"):
    print(kind, size, "=" + name.hex(), digest)


def python(archive):
    import tarfile
    kinds = {tarfile.REGTYPE: "0", tarfile.AREGTYPE: "0"}
    if not open(archive, "rb").read(1):
        return  # tarfile has no empty archives
    with tarfile.open(archive, "r:", encoding="utf-8", errors="surrogateescape") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            digest = hashlib.sha256(content.read()).hexdigest() if content else "-"
            kind = kinds.get(member.type, member.type.decode("latin-1"))
            show(kind, member.size, member.name.encode("utf-8", "surrogateescape"), digest)


def gnu(archive):
    if not shutil.which("tar"):
        sys.exit(77)
    listed = subprocess.run(["tar", "--list", "--verbose", "--numeric-owner", "--quoting-style=escape", "--absolute-names",
                             "--file", archive], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env={"LC_ALL": "C", "TZ": "UTC0", "PATH": "/usr/bin:/bin"})
    # "A lone zero block" is all that it says of archives with one end block.
    if listed.returncode != 0:
        sys.stderr.buffer.write(listed.stderr)
        sys.exit(1)
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


if __name__ == "__main__":
    try:
        {"python": python, "gnu": gnu}[sys.argv[1]](sys.argv[2])
    except Exception as error:
        print(f"{sys.argv[1]}: {error}", file=sys.stderr)
        sys.exit(1)
