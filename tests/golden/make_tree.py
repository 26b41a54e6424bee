#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make the module tree whose bytes are kept in this folder: make_tree.py DIR

Users see it at /opt/apps/easybuild. What is here decides digests: change nothing; add a unit if a case is missing, and
update the digests then. No compiler, no clock and no other program has a part in its bytes.
"""
import hashlib
import os
import struct
import sys

TARGET = "/opt/apps/easybuild"
TOP = sys.argv[1]


def at(path):
    full = os.path.join(TOP, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    return full


def file(path, content, mode=0o644):
    with open(at(path), "wb") as out:
        out.write(content if isinstance(content, bytes) else content.encode())
    os.chmod(at(path), mode)


def noise(size):
    """Bytes that do not compress, the same each time."""
    return b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(size // 32 + 1))[:size]


def module(name, *lines):
    file(f"software/{name}/easybuild/{name.replace('/', '-')}.eb", f"name = '{name}'\n")
    text = f'help([==[{name}]==])\nwhatis([==[Description: {name}]==])\nlocal root = "{TARGET}/software/{name}"\n'
    file(f"modules/all/{name}.lua", text + "".join(line + "\n" for line in lines))


def main():
    os.umask(0o022)
    os.mkdir(TOP)
    module("Small/1.0")
    file("software/Small/1.0/bin/small", "#!/bin/sh\necho small\n", 0o755)
    os.symlink("small", at("software/Small/1.0/bin/link"))
    os.symlink("../../all/Small/1.0.lua", at("modules/tools/Small/1.0.lua"))
    os.symlink("1.0.lua", at("modules/all/Small/default"))

    # Several frames, in text and in noise, and a cut inside a file.
    module("Large/2.0-foss", 'depends_on("Small/1.0")')
    file("software/Large/2.0-foss/lib/noise", noise(5_000_001))
    file("software/Large/2.0-foss/lib/text", b"".join(b"%d lines of text\n" % i for i in range(400_000)))
    file("software/Large/2.0-foss/lib/zeros", bytes(3_000_000))

    # Names that need a PAX header, hard links, modes, an empty directory.
    module("Odd/3")
    long = "n" * 120
    file(f"software/Odd/3/{long}/{long}/file", "deep\n", 0o600)
    file("software/Odd/3/ä 日本", "unicode\n", 0o4755)
    os.link(at("software/Odd/3/ä 日本"), at("software/Odd/3/z-hard-link"))
    os.symlink("t" * 150, at("software/Odd/3/long-link"))
    os.makedirs(at("software/Odd/3/empty"), 0o700)

    # Bytecode with the header of Python 3.11 that names its source, and one that does not.
    module("Python/3.11.2")
    source = "print('hello')\n"
    for name, mtime in [("good", 1_600_000_000), ("stale", 1_600_000_001)]:
        file(f"software/Python/3.11.2/lib/{name}.py", source)
        os.utime(at(f"software/Python/3.11.2/lib/{name}.py"), (1_600_000_000,) * 2)
        header = struct.pack("<IIII", 0x0A0D0DA7, 0, mtime, len(source))
        file(f"software/Python/3.11.2/lib/__pycache__/{name}.cpython-311.pyc", header + b"code")

    # Caches that bind to modification times: these are in the bytes.
    module("Julia/1.9")
    for name, mtime in [("compiled/a.ji", 1_234_567_890), ("before-1970", -12_345)]:
        file(f"software/Julia/1.9/{name}", name)
        os.utime(at(f"software/Julia/1.9/{name}"), (mtime,) * 2)
    for path, directories, _ in os.walk(at("software/Julia/1.9")):
        for name in ["easybuild/Julia-1.9.eb"] if path == at("software/Julia/1.9") else []:
            os.utime(os.path.join(path, name), (1_000_000_000,) * 2)
        for name in directories:
            os.utime(os.path.join(path, name), (1_000_000_000,) * 2)
    os.utime(at("modules/all/Julia/1.9.lua"), (1_000_000_000,) * 2)

    file("data/Large/shared.dat", noise(1000))
    file("README", "belongs to no unit\n")


main()
