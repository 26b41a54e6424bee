#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Install a wheelhouse with pip and with cairn, and list what differs.

    compare_pip.py [--bytecode|--import] CAIRN VENV WHEELHOUSE [SCRATCH]

WHEELHOUSE holds wheels and requirements.txt with their hashes. VENV is where pip is. Compared are names, kinds, modes and
content of every file below a fresh virtual environment, but for what the environment itself brings. Both are given the same
prefix, so that scripts and RECORD are the same too. With --bytecode both compile; what is compared then is the code without the header
that says when it is valid. With --import `pip check` is asked of both, and every top-level module that the packages bring is imported: what
goes wrong with cairn's files and not with pip's counts as a difference. Exit code 1 and the differences, or the number of files.
"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import tempfile

from bytecode import code_bytes


def content_of(path):
    data = path.read_bytes()
    if path.suffix == ".pyc" and path.parent.name == "__pycache__":
        return code_bytes(data)
    return data


def make_base(cairn, wheelhouse, scratch, environment):
    """base:1, an image with this machine's Python, on a stack that lies elsewhere."""
    library = pathlib.Path(sysconfig.get_path("stdlib"))
    python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    root = scratch / "python"
    libraries = root / "usr/lib/x86_64-linux-gnu"
    for directory in (libraries, root / "lib64", root / "usr/bin"):
        directory.mkdir(parents=True)
    shutil.copy(f"/usr/bin/{python}", root / "usr/bin")
    shutil.copytree(library, root / "usr/lib" / python, ignore=shutil.ignore_patterns("test", "__pycache__", "config-*"))
    for line in subprocess.run(["ldd", f"/usr/bin/{python}"], check=True, capture_output=True, text=True).stdout.splitlines():
        for word in line.split():
            if word.startswith("/"):
                shutil.copy(word, root / "lib64" if "ld-linux" in word else libraries)
    subprocess.run([cairn, "python", "layers", f"{wheelhouse}/requirements.txt", "--wheels", wheelhouse, "--tag", "other:1", "--store", scratch / "store", "--quiet",
                    "--python", python[6:], "--glibc", "2.36", "--prefix", "/elsewhere"], check=True, env=environment, stdout=subprocess.DEVNULL)
    subprocess.run([cairn, "append", "other:1", root, "--tag", "base:1", "--store", scratch / "store", "--quiet"], check=True, env=environment, stdout=subprocess.DEVNULL)


def snapshot(root):
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = ("link", os.readlink(path))
        elif path.is_file():
            found[name] = ("file", oct(path.stat().st_mode & 0o7777), hashlib.sha256(content_of(path)).hexdigest())
        else:
            found[name] = ("directory", oct(path.stat().st_mode & 0o7777))
    return found


IMPORT_ALL = """
import importlib, importlib.metadata, json, sys
failed = {}
for name in sorted(importlib.metadata.packages_distributions()):
    if name.isidentifier() and not name.startswith("_"):
        try:
            importlib.import_module(name)
        except BaseException as error:
            failed[name] = repr(error)
json.dump(failed, open(sys.argv[1], "w"))
"""


def use(venv, prefix, scratch):
    """What goes wrong when the packages below `prefix` are used."""
    report = scratch / "imports.json"
    done = subprocess.run([f"{prefix}/bin/python", "-c", IMPORT_ALL, report], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    failed = json.loads(report.read_text()) if report.is_file() else {"all": done.stdout[-2000:]}
    wrong = [f"import {name}: {error}" for name, error in failed.items()]
    check = subprocess.run([f"{venv}/bin/pip", "--python", f"{prefix}/bin/python", "check", "--disable-pip-version-check"], stdout=subprocess.PIPE, text=True)
    return wrong + (check.stdout.splitlines() if check.returncode else [])


def main():
    mode = sys.argv[1] if sys.argv[1].startswith("--") else ""
    bytecode = mode == "--bytecode"
    cairn, venv, wheelhouse, *parent = sys.argv[2 if mode else 1:]
    scratch = pathlib.Path(tempfile.mkdtemp(dir=parent[0] if parent else None))
    os.umask(0o002)  # what cairn writes is what pip writes with this umask: group as user
    try:
        prefix = scratch / "app"
        subprocess.run([f"{venv}/bin/python", "-m", "venv", "--without-pip", prefix], check=True)
        before = snapshot(prefix)
        subprocess.run([f"{venv}/bin/pip", "--python", f"{prefix}/bin/python", "install", "--quiet", "--no-deps", "--compile" if bytecode else "--no-compile", "--require-hashes", "--no-index",
                        "--disable-pip-version-check", "--find-links", wheelhouse, "-r", f"{wheelhouse}/requirements.txt"], check=True)
        by_pip = {name: what for name, what in snapshot(prefix).items() if name not in before}
        wrong_by_pip = use(venv, prefix, scratch) if mode == "--import" else []
        shutil.rmtree(prefix)
        store = scratch / "store"
        environment = {**os.environ, "CAIRN_WHEEL_CACHE": str(scratch / "cache")}
        version = ".".join(map(str, sys.version_info[:2]))
        if bytecode:
            make_base(cairn, wheelhouse, scratch, environment)
        subprocess.run([cairn, "python", *(["add", "--bytecode", "base:1"] if bytecode else ["layers"]), f"{wheelhouse}/requirements.txt", "--wheels", wheelhouse, "--tag", "stack:1", "--store", store, "--quiet",
                        "--python", version, "--glibc", "2.36", "--prefix", prefix, "--interpreter", f"{prefix}/bin/python"],
                       check=True, env=environment, stdout=subprocess.DEVNULL)
        root = scratch / "root"
        subprocess.run([cairn, "unpack", "stack:1", root, "--store", store, "--quiet"], check=True, env=environment)
        unpacked = root / str(prefix).lstrip("/")
        by_cairn = {name: what for name, what in snapshot(unpacked).items() if name not in before}
        wrong = []
        if mode == "--import":
            subprocess.run([f"{venv}/bin/python", "-m", "venv", "--without-pip", prefix], check=True)
            shutil.copytree(unpacked, prefix, symlinks=True, dirs_exist_ok=True)
            wrong = [line for line in use(venv, prefix, scratch) if line not in wrong_by_pip]
    finally:
        shutil.rmtree(scratch)
    differences = [f"{name}: pip {by_pip.get(name)}, cairn {by_cairn.get(name)}" for name in sorted({*by_pip, *by_cairn}) if by_pip.get(name) != by_cairn.get(name)]
    print("\n".join((differences + wrong)[:40]))
    print(f"{len(by_pip)} files, directories and links of pip, {len(by_cairn)} of cairn, {len(differences)} differ")
    return 1 if differences or wrong or not by_pip else 0


if __name__ == "__main__":
    sys.exit(main())
