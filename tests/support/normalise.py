#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""List a tree for comparison (listing.py says how).

    normalise.py original TREE --library LIBRARY.JSON [--exclude PATTERN]…
        as docs/formats/normalisation.md says that a library carries it. Shares nothing with cairn but that page. Which
        unit a path belongs to is taken from library.json; a path that belongs to none is listed all the same.
    normalise.py found DIR
        as it lies there, but for cairn's own directory, .cairn.
    normalise.py dropped TREE [--exclude PATTERN]…
        the paths that the page says are left out, one a line.

Needs Python 3.11, whose import machinery makes the hashes of bytecode.
"""
import argparse
import fnmatch
import hashlib
import importlib.util
import json
import os
import stat
import sys

import _imp

import listing

CONSTANT_MTIME = 946684800
DEFAULT_EXCLUDES = [".cairn", "software/.locks", "sources", "build", "*/easybuild/easybuild-*.log",
                    "*/easybuild/easybuild-*.log.gz", "*/easybuild/easybuild-*.log.bz2", "*/.nfs*"]


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def walk(tree, path=b""):
    """Every path below `tree` with its status, in the order of an archive: directories compare with a slash at the end."""
    children = []
    for child in os.scandir(os.path.join(tree, path)):
        status = child.stat(follow_symlinks=False)
        children.append((child.name + (b"/" if stat.S_ISDIR(status.st_mode) else b""), status))
    for name, status in sorted(children, key=lambda child: child[0]):
        child = os.path.join(path, name.rstrip(b"/"))
        yield child, status
        if name.endswith(b"/"):
            yield from walk(tree, child)


# What is there.

def found(tree):
    status = os.lstat(tree)
    yield listing.Entry("d", b"", stat.S_IMODE(status.st_mode), int(status.st_mtime // 1))
    for path, status in walk(tree):
        if path == b".cairn" or path.startswith(b".cairn/"):
            continue
        full = os.path.join(tree, path)
        entry = listing.Entry("", path, stat.S_IMODE(status.st_mode), status.st_mtime_ns // 10**9)
        if status.st_uid != os.geteuid():
            sys.exit(f"{full}: belongs to {status.st_uid}")
        if stat.S_ISDIR(status.st_mode):
            entry.kind = "d"
        elif stat.S_ISLNK(status.st_mode):
            entry.kind, entry.link = "l", os.readlink(full)
        elif stat.S_ISREG(status.st_mode):
            entry.kind, entry.size, entry.sha256 = "f", status.st_size, sha256(full)
            entry.inode = (status.st_dev, status.st_ino) if status.st_nlink > 1 else None
        else:
            sys.exit(f"{full}: is a special file")
        yield entry


# What should be there.

def normal_mode(mode, is_directory):
    """chmod u+r,g=u,o+r; and execute (search) for all where anybody has it."""
    user, other = mode >> 6 & 7 | 4, mode & 7 | 4
    if is_directory or mode & 0o111:
        user, other = user | 1, other | 1
    return user << 6 | user << 3 | other


def siphash(compressions, finalizations, key, data):
    """SipHash with a 64-bit result; the key's upper half is 0."""
    mask = 2**64 - 1
    v = [key ^ 0x736f6d6570736575, 0x646f72616e646f6d, key ^ 0x6c7967656e657261, 0x7465646279746573]

    def rotate(x, bits):
        return (x << bits | x >> 64 - bits) & mask

    def rounds(count):
        a, b, c, d = v
        for _ in range(count):
            a = a + b & mask
            b = rotate(b, 13) ^ a
            a = rotate(a, 32)
            c = c + d & mask
            d = rotate(d, 16) ^ c
            a = a + d & mask
            d = rotate(d, 21) ^ a
            c = c + b & mask
            b = rotate(b, 17) ^ c
            c = rotate(c, 32)
        v[:] = a, b, c, d

    whole = len(data) & ~7
    tail = int.from_bytes(data[whole:], "little") | (len(data) & 0xff) << 56
    for at in range(0, whole, 8):
        word = int.from_bytes(data[at:at + 8], "little")
        v[3] ^= word
        rounds(compressions)
        v[0] ^= word
    v[3] ^= tail
    rounds(compressions)
    v[0] ^= tail
    v[2] ^= 0xff
    rounds(finalizations)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def source_hash(magic, source):
    if magic == int.from_bytes(importlib.util.MAGIC_NUMBER, "little"):
        return _imp.source_hash(magic, source)
    return siphash(1, 3, magic, source).to_bytes(8, "little") if magic & 0xffff >= 3450 else siphash(2, 4, magic, source).to_bytes(8, "little")


def bytecode(tree, path):
    """The content of a .pyc as shipped; None: not shipped, since Python would not use it; False: shipped as it is."""
    directory, name = os.path.split(path)
    if os.path.basename(directory) != b"__pycache__" or not name.endswith(b".pyc"):
        return False
    parts = name[:-4].split(b".")
    if len(parts) > 2 and parts[-1].startswith(b"opt-"):
        parts.pop()
    if len(parts) < 2:
        return False
    source = os.path.join(tree, os.path.dirname(directory), b".".join(parts[:-1]) + b".py")
    try:
        status = os.lstat(source)
    except FileNotFoundError:
        return False
    with open(os.path.join(tree, path), "rb") as file:
        content = file.read()
    number = int.from_bytes(content[:2], "little")
    if not stat.S_ISREG(status.st_mode) or len(content) < 16 or content[2:4] != b"\r\n" or not 3390 <= number < 20000 or any(content[4:8]):
        return False
    mtime, size = int.from_bytes(content[8:12], "little"), int.from_bytes(content[12:16], "little")
    if mtime != status.st_mtime_ns // 10**9 & 0xffffffff or size != status.st_size & 0xffffffff:
        return None
    with open(source, "rb") as file:
        hashed = source_hash(int.from_bytes(content[:4], "little"), file.read())
    return content[:4] + b"\1\0\0\0" + hashed + content[16:]


class Excluded:
    """The paths left out, with all they hold."""

    def __init__(self, patterns):
        self.patterns = DEFAULT_EXCLUDES + patterns
        self.last = None

    def __call__(self, path):
        if self.last is not None and path.startswith(self.last + b"/"):
            return True
        if any(fnmatch.fnmatchcase(os.fsdecode(path), pattern) for pattern in self.patterns):
            self.last = path
            return True
        return False


class Units:
    """Whom a path belongs to."""

    def __init__(self, document):
        self.roots = {}
        self.parents = {b""}
        for layer in document["layers"]:
            for fragment in layer["fragments"]:
                if fragment.get("live", True):
                    for root in fragment["roots"]:
                        self.roots[os.fsencode(root.rstrip("/"))] = fragment["unit"]
        for root in self.roots:
            while root := os.path.dirname(root):
                self.parents.add(root)

    def of(self, path):
        """(unit or None, whether the path is a directory of the skeleton)"""
        if path in self.roots:
            return self.roots[path], True
        if path in self.parents:
            return None, True
        while path := os.path.dirname(path):
            if path in self.roots:
                return self.roots[path], False
        return None, False


def original(tree, document, patterns):
    units = Units(document)
    excluded = Excluded(patterns)
    kept = [(path, status) for path, status in walk(tree) if not excluded(path)]
    binding = {units.of(path)[0] for path, status in kept if stat.S_ISREG(status.st_mode)
               and (path.endswith(b".ji") or os.path.basename(path) == b"package.cache")} - {None}
    contents = {}
    yield listing.Entry("d", b"", 0o775, CONSTANT_MTIME)
    for path, status in kept:
        unit, in_skeleton = units.of(path)
        mtime = status.st_mtime_ns // 10**9 if unit in binding else CONSTANT_MTIME
        if stat.S_ISDIR(status.st_mode):
            mode = 0o775 if in_skeleton else normal_mode(status.st_mode, True)
            yield listing.Entry("d", path, mode, CONSTANT_MTIME if in_skeleton else mtime)
        elif stat.S_ISLNK(status.st_mode):
            yield listing.Entry("l", path, 0, mtime, link=os.readlink(os.path.join(tree, path)))
        elif stat.S_ISREG(status.st_mode):
            # Other names of a file are hard links inside a unit, copies elsewhere. All are as the first one.
            inode = (unit, status.st_dev, status.st_ino)
            if inode not in contents:
                rewritten = bytecode(tree, path)
                contents[inode] = rewritten
                if rewritten is False:
                    contents[inode] = sha256(os.path.join(tree, path))
                elif rewritten is not None:
                    contents[inode] = hashlib.sha256(rewritten).hexdigest()
            if contents[inode] is not None:
                yield listing.Entry("f", path, normal_mode(status.st_mode, False), mtime, status.st_size, contents[inode], inode=inode)
        else:
            sys.exit(f"{path}: cannot be in a library")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["original", "found", "dropped"])
    parser.add_argument("tree", type=os.fsencode)
    parser.add_argument("--library")
    parser.add_argument("--exclude", action="append", default=[])
    options = parser.parse_args()
    if options.action == "found":
        lines = listing.lines(found(options.tree))
    elif options.action == "dropped":
        excluded = Excluded(options.exclude)
        lines = sorted({os.fsdecode(excluded.last) for path, _ in walk(options.tree) if excluded(path)})
    else:
        with open(options.library, encoding="utf-8") as file:
            lines = listing.lines(original(options.tree, json.load(file), options.exclude))
    for line in lines:
        print(line)


if __name__ == "__main__":
    main()
