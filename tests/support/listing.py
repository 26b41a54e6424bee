# SPDX-License-Identifier: Apache-2.0
"""How tests write down a tree: one line a path, sorted bytewise by path, so that two trees compare with diff.

    d MODE MTIME "PATH"
    f MODE MTIME SIZE SHA256 "PATH"            and, for a second name of a file: = "FIRST PATH"
    l MTIME "PATH" -> "TARGET"
"""
import json
from dataclasses import dataclass
from typing import Optional


@dataclass
class Entry:
    kind: str                       # d, f or l
    path: bytes                     # relative to the tree; the tree itself is empty
    mode: int = 0
    mtime: int = 0
    size: int = 0
    sha256: str = ""
    link: bytes = b""               # what a symbolic link says
    inode: Optional[object] = None  # names of one file have the same


def quoted(name):
    return json.dumps(name.decode("utf-8", "surrogateescape"))


def lines(entries):
    first = {}
    for entry in sorted(entries, key=lambda entry: entry.path):
        if entry.kind == "d":
            yield f"d {entry.mode:04o} {entry.mtime} {quoted(entry.path)}"
        elif entry.kind == "l":
            yield f"l {entry.mtime} {quoted(entry.path)} -> {quoted(entry.link)}"
        else:
            line = f"f {entry.mode:04o} {entry.mtime} {entry.size} {entry.sha256} {quoted(entry.path)}"
            if entry.inode is not None and first.setdefault(entry.inode, entry.path) != entry.path:
                line += f" = {quoted(first[entry.inode])}"
            yield line
