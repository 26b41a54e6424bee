#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make a small module tree with everything that EasyBuild's do not have: odd_tree.py DIR [TARGET [RELEASE]]

Users will see it at TARGET (DIR, if not given), which is what its modulefiles and absolute links say.
RELEASE 2 is what may have become of it later: units changed, removed and added. RELEASE 3 goes on from there: what was a
directory is a file, and the reverse.

Hard links inside a unit and across two, set-id and sticky bits, every kind of mode, empty directories, names of every
length and script, all kinds of symbolic links, a file of several frames, bytecode of every kind, a unit that binds to
modification times. Everything is the same on each run but for inodes and change times. Needs Python 3.11.
"""
import hashlib
import importlib.util
import os
import py_compile
import shutil
import sys

OLD = 1_300_000_000


class Tree:
    def __init__(self, top, target):
        self.top = top
        self.target = target

    def at(self, path):
        full = os.path.join(self.top, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        return full

    def file(self, path, content="", mode=0o644, mtime=OLD):
        full = self.at(path)
        with open(full, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.utime(full, ns=(mtime * 10**9 + 987_654_321,) * 2)
        os.chmod(full, mode)
        return full

    def directory(self, path, mode=0o755):
        full = self.at(path)
        os.makedirs(full, exist_ok=True)
        os.chmod(full, mode)

    def link(self, path, target):
        os.symlink(target, self.at(path))
        os.utime(self.at(path), (OLD + 3, OLD + 3), follow_symlinks=False)

    def hard_link(self, path, other):
        os.link(self.at(other), self.at(path))


def noise(size):
    """Bytes that do not compress, the same each time."""
    blocks = (hashlib.sha256(b"%d" % i).digest() for i in range(size // 32 + 1))
    return b"".join(blocks)[:size]


def names(tree, top):
    tree.file(f"{top}/Grüße aus Köln/日本語/🪨.txt", "unicode\n")
    tree.file(f"{top}/e\u0301 and \u00e9", "two ways to write it\n")
    for name in [" leading", "trailing ", "new\nline", "tab\tbell\a", "back\\slash", "quote'\"", "-rf", "$(id)", "*?[x]", "100%",
                 "~", "#", "\x7f", "...", "..a", ".hidden", "a=b", "path=x"]:
        tree.file(f"{top}/{name}", name)
    tree.file(f"{top}/{'n' * 255}", "255 bytes\n")
    tree.file(f"{top}/{'ü' * 127}", "254 bytes\n")
    tree.link(f"{top}/{'l' * 255}", "t" * 101)
    tree.link(f"{top}/long target", "../" * 300 + "x")
    # Either side of what fits ustar's name (100), prefix (155) and both (256), whatever the tree's own path.
    for length in [*range(60, 300, 7), 400, 999]:
        path = f"{top}/lengths/{length}"
        while len(path) + 50 < length + len(f"{top}/lengths/"):
            path += "/" + "d" * 48
        tree.file(path + "/" + "f" * max(1, length + len(f"{top}/lengths/") - len(path) - 1), f"{length}\n")
    # `b/` sorts after `b-`, and before `b0`.
    for name in ["b-", "b/in", "b0", "b.txt"]:
        tree.file(f"{top}/order/{name}", name)


def bytecode(tree, top):
    def compiled(name, mode, source=None, source_mtime=OLD, **options):
        path = tree.file(f"{top}/{name}.py", source or f"name = '{name}'\n", mtime=source_mtime)
        return py_compile.compile(path, invalidation_mode=mode, dfile=f"{name}.py", doraise=True, **options)

    def patched(path, at, content):
        with open(path, "r+b") as file:
            file.seek(at)
            file.write(content)

    modes = py_compile.PycInvalidationMode
    compiled("valid", modes.TIMESTAMP)
    compiled("valid", modes.TIMESTAMP, optimize=2)
    compiled("dotted.name", modes.TIMESTAMP)
    for size in range(1, 18):  # the hash takes eight bytes at a time
        compiled(f"sized{size}", modes.TIMESTAMP, "#" * size)
    compiled("large", modes.TIMESTAMP, "text = '''" + "x" * 5_000_000 + "'''\n")
    compiled("after2106", modes.TIMESTAMP, source_mtime=2**32 + 5)
    compiled("checked", modes.CHECKED_HASH)
    compiled("unchecked", modes.UNCHECKED_HASH)
    compiled("touched", modes.TIMESTAMP)
    os.utime(f"{tree.top}/{top}/touched.py", (OLD + 1, OLD + 1))
    compiled("grown", modes.TIMESTAMP)
    tree.file(f"{top}/grown.py", "longer = 'than it was'\n")
    # The same for Python 3.10, which hashes otherwise, and 3.6, which has a shorter header.
    for tag, number in [("310", 3439), ("36", 3379)]:
        older = compiled(f"of{tag}", modes.TIMESTAMP)
        patched(older, 0, number.to_bytes(2, "little"))
        os.rename(older, older.replace("cpython-311", f"cpython-{tag}"))
    linked = compiled("linked", modes.TIMESTAMP)
    os.link(linked, linked.replace(".pyc", ".opt-1.pyc"))
    stale = compiled("stale_links", modes.TIMESTAMP)
    os.link(stale, stale.replace(".pyc", ".opt-1.pyc"))
    os.utime(f"{tree.top}/{top}/stale_links.py", (OLD + 1, OLD + 1))
    orphan = compiled("orphan", modes.TIMESTAMP)
    os.unlink(f"{tree.top}/{top}/orphan.py")
    tree.file(f"{top}/__pycache__/short.cpython-311.pyc", "short")
    tree.file(f"{top}/short.py", "")
    sourceless = compiled("sourceless", modes.TIMESTAMP)
    os.rename(sourceless, f"{tree.top}/{top}/sourceless.pyc")
    os.unlink(f"{tree.top}/{top}/sourceless.py")
    assert os.path.exists(orphan) and importlib.util.MAGIC_NUMBER[:2] == (3495).to_bytes(2, "little")


def alpha(tree, top):
    tree.file(f"{top}/easybuild/Alpha-1.0.eb", "name = 'Alpha'\n")
    tree.file(f"{top}/easybuild/easybuild-Alpha-1.0-20240101.120000.log.bz2", "left out")
    tree.file(f"{top}/bin/.nfs0000001", "left out")
    tree.file(f"{top}/bin/setuid", "#!/bin/sh\n", 0o4755)
    tree.file(f"{top}/bin/setgid", "#!/bin/sh\n", 0o2755)
    tree.file(f"{top}/bin/sticky", "#!/bin/sh\n", 0o1755)
    for mode in [0o000, 0o400, 0o600, 0o640, 0o444, 0o111, 0o700, 0o711, 0o750, 0o755, 0o777, 0o666, 0o602, 0o601]:
        tree.file(f"{top}/modes/{mode:04o}", f"{mode:04o}\n", mode)
        tree.directory(f"{top}/modes/directory-{mode | 0o700:04o}", mode | 0o700)
    tree.directory(f"{top}/modes/shared", 0o3777)
    tree.directory(f"{top}/empty")
    tree.directory(f"{top}/empties/a/b/c", 0o700)
    tree.file(f"{top}/lib/libalpha.so.1.0", noise(5000), 0o755)
    tree.hard_link(f"{top}/lib/libalpha.so.1", f"{top}/lib/libalpha.so.1.0")
    tree.hard_link(f"{top}/a/name/that/comes/first", f"{top}/lib/libalpha.so.1.0")
    tree.link(f"{top}/lib/libalpha.so", "libalpha.so.1")
    tree.link(f"{top}/dangling", "nowhere/at/all")
    tree.link(f"{top}/to itself", "to itself")
    tree.link(f"{top}/absolute in the tree", os.path.join(tree.target, top, "lib"))
    tree.link(f"{top}/absolute outside", "/etc/passwd")
    tree.link(f"{top}/out and in", "../../../../../../../../../../../../../../usr/bin/env")
    tree.link(f"{top}/to a directory", "lib/")
    tree.link(f"{top}/lib64", "lib")
    # Frames have 4 MiB of tar bytes.
    tree.file(f"{top}/frames/small", noise(100))
    tree.file(f"{top}/frames/three", noise(9 * 2**20 + 1))
    tree.file(f"{top}/frames/zeros", bytes(10 * 2**20))
    tree.hard_link(f"{top}/frames/three again", f"{top}/frames/three")
    for size in [0, 1, 511, 512, 513, 2**22 - 512, 2**22]:
        tree.file(f"{top}/sizes/{size}", noise(size))
    names(tree, f"{top}/names")
    bytecode(tree, f"{top}/lib/python3.11/site-packages")


def remove(tree, *paths):
    for path in paths:
        full = tree.at(path)
        if os.path.isdir(full) and not os.path.islink(full):
            shutil.rmtree(full)
        else:
            os.unlink(full)


def second_release(tree):
    # Beta changes, in all ways that content can.
    top = "software/Beta/2.0"
    tree.file(f"{top}/share/own", "changed\n")
    remove(tree, f"{top}/share/own again", f"{top}/share/of Alpha")
    tree.file(f"{top}/share/of Alpha/now a directory", "x")
    tree.link(f"{top}/lib", "share")
    # Gamma goes, and nothing of its name is left; of Delta another version comes.
    for name in ["Gamma", "Delta"]:
        remove(tree, *(f"{top}/{name}" for top in ["software", "modules/all", "modules/tools", "ebfiles_repo"]))
    tree.file("software/Delta/2.0/easybuild/Delta-2.0.eb", "name = 'Delta'\n")
    tree.file("modules/all/Delta/2.0.lua", f'local root = "{tree.target}/software/Delta/2.0"\n')
    remove(tree, "data/Alpha/object_storage/blob again")
    # The rest.
    remove(tree, "private", "etc/README", "README", "current")
    tree.file("README", "read me again\n")
    tree.file("NEWS", "new\n")
    tree.file("current", "2\n")
    # The index layer.
    remove(tree, "modules/all/Alpha/default", "modules/featured/Beta")
    tree.link("modules/all/Beta/default", "2.0.lua")
    tree.link("modules/featured/Alpha/1.0.lua", "../../all/Alpha/1.0.lua")


def third_release(tree):
    remove(tree, "empty", "README", "modules/tools/Last", "software/Beta/2.0/lib")
    tree.file("empty", "not any more\n")
    tree.file("README/first", "read me\n")
    tree.file("modules/tools/Last", "a note\n")
    tree.file("software/Beta/2.0/lib/in", "x")


def make(top, target=None, release="1"):
    tree = Tree(os.path.realpath(top), target or os.path.realpath(top))
    alpha(tree, "software/Alpha/1.0")
    tree.file("software/Beta/2.0/easybuild/Beta-2.0.eb", "name = 'Beta'\n")
    tree.file("software/Beta/2.0/share/own", "own\n")
    tree.hard_link("software/Beta/2.0/share/own again", "software/Beta/2.0/share/own")
    tree.hard_link("software/Beta/2.0/share/of Alpha", "software/Alpha/1.0/sizes/513")
    tree.hard_link("software/Beta/2.0/share/of Alpha too", "software/Alpha/1.0/sizes/513")
    # Mtimes are kept: Julia's caches name them.
    tree.file("software/Gamma/3.0/easybuild/Gamma-3.0.eb", "name = 'Gamma'\n")
    tree.file("software/Gamma/3.0/compiled/v1.10/Gamma/x.ji", "julia", mtime=OLD + 7)
    tree.file("software/Gamma/3.0/now", "later", mtime=OLD + 100_000_000)
    tree.file("software/Gamma/3.0/epoch", "0", mtime=0)
    tree.file("software/Gamma/3.0/after2242", "later", mtime=2**33 + 5)
    tree.directory("software/Gamma/3.0/lib")
    tree.directory("software/Delta/1.0/easybuild")  # nothing in it
    # Nothing ever happens to these two.
    tree.file("software/Calm/1.0/share/big", noise(3 * 2**20))
    tree.file("software/Last/1.0/share/doc", "the end\n")
    for name, version in [("Alpha", "1.0"), ("Beta", "2.0"), ("Gamma", "3.0"), ("Delta", "1.0"), ("Calm", "1.0"), ("Last", "1.0")]:
        depends = 'depends_on("Alpha/1.0")\n' if name == "Beta" else ""
        tree.file(f"modules/all/{name}/{version}.lua",
                  f'whatis("{name}")\nlocal root = "{tree.target}/software/{name}/{version}"\n{depends}prepend_path("PATH", pathJoin(root, "bin"))\n')
        tree.link(f"modules/tools/{name}/{version}.lua", f"{tree.target}/modules/all/{name}/{version}.lua")
        tree.file(f"ebfiles_repo/{name}/{name}-{version}.eb", f"name = '{name}'\n", 0o600)
    tree.link("modules/all/Alpha/default", "1.0.lua")
    tree.file("modules/all/Beta/.modulerc.lua", 'module_version("Beta/2.0", "two")\n')
    tree.link("modules/featured/Beta/2.0.lua", "../../all/Beta/2.0.lua")
    tree.file("data/Alpha/object_storage/blob", noise(1000))
    tree.hard_link("data/Alpha/object_storage/blob again", "data/Alpha/object_storage/blob")
    tree.file("sources/a/Alpha.tar.gz", "left out")
    tree.directory("software/.locks/x.lock")
    # The rest.
    tree.file("README", "read me\n")
    tree.hard_link("etc/README", "README")
    tree.file("etc/site.conf", "secret=0\n", 0o600)
    tree.link("current", "software")
    tree.directory("empty", 0o700)
    tree.directory("private/er", 0o700)
    if release >= "2":
        second_release(tree)
    if release >= "3":
        third_release(tree)
    # Directories get their times last, when nothing is made in them any more.
    for directory, _, _ in os.walk(tree.top, topdown=False):
        os.utime(directory, (OLD + 50, OLD + 50))


if __name__ == "__main__":
    make(*sys.argv[1:])
