#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Install a wheelhouse with pip and with cairn, and list what differs.

    compare_pip.py CAIRN VENV WHEELHOUSE [SCRATCH]

WHEELHOUSE holds wheels and requirements.txt with their hashes. VENV is where pip is. Compared are names, kinds, modes and
content of every file below a fresh virtual environment, but for what the environment itself brings. Both are given the same
prefix, so that scripts and RECORD are the same too. Exit code 1 and the differences, or the number of files.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def snapshot(root):
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = ("link", os.readlink(path))
        elif path.is_file():
            found[name] = ("file", oct(path.stat().st_mode & 0o7777), hashlib.sha256(path.read_bytes()).hexdigest())
        else:
            found[name] = ("directory", oct(path.stat().st_mode & 0o7777))
    return found


def main():
    cairn, venv, wheelhouse = sys.argv[1:4]
    scratch = pathlib.Path(tempfile.mkdtemp(dir=sys.argv[4] if len(sys.argv) > 4 else None))
    os.umask(0o002)  # what cairn writes is what pip writes with this umask: group as user
    try:
        prefix = scratch / "app"
        subprocess.run([f"{venv}/bin/python", "-m", "venv", "--without-pip", prefix], check=True)
        before = snapshot(prefix)
        subprocess.run([f"{venv}/bin/pip", "--python", f"{prefix}/bin/python", "install", "--quiet", "--no-deps", "--no-compile", "--require-hashes", "--no-index",
                        "--disable-pip-version-check", "--find-links", wheelhouse, "-r", f"{wheelhouse}/requirements.txt"], check=True)
        by_pip = {name: what for name, what in snapshot(prefix).items() if name not in before}
        shutil.rmtree(prefix)
        store = scratch / "store"
        environment = {**os.environ, "CAIRN_WHEEL_CACHE": str(scratch / "cache")}
        version = ".".join(map(str, sys.version_info[:2]))
        subprocess.run([cairn, "python", "layers", f"{wheelhouse}/requirements.txt", "--wheels", wheelhouse, "--tag", "stack:1", "--store", store, "--quiet",
                        "--python", version, "--glibc", "2.36", "--prefix", prefix, "--interpreter", f"{prefix}/bin/python"],
                       check=True, env=environment, stdout=subprocess.DEVNULL)
        root = scratch / "root"
        subprocess.run([cairn, "unpack", "stack:1", root, "--store", store, "--quiet"], check=True, env=environment)
        unpacked = root / str(prefix).lstrip("/")
        by_cairn = {name: what for name, what in snapshot(unpacked).items() if name not in before}
    finally:
        shutil.rmtree(scratch)
    differences = [f"{name}: pip {by_pip.get(name)}, cairn {by_cairn.get(name)}" for name in sorted({*by_pip, *by_cairn}) if by_pip.get(name) != by_cairn.get(name)]
    print("\n".join(differences[:40]))
    print(f"{len(by_pip)} files, directories and links of pip, {len(by_cairn)} of cairn, {len(differences)} differ")
    return 1 if differences or not by_pip else 0


if __name__ == "__main__":
    sys.exit(main())
