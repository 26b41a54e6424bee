# SPDX-License-Identifier: Apache-2.0
"""What the tests of volumes share: two releases of a small library, and what users see of a volume."""
import hashlib
import os
import shutil
import stat
import subprocess
from pathlib import Path


def run(command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)


def make_unit(tree, target, name, version, seed, files=6, size=3000):
    prefix = tree / "software" / name / version
    for directory in ("bin", "lib/python", "share"):
        (prefix / directory).mkdir(parents=True)
    for number in range(files):
        digest = hashlib.sha256(f"{name} {version} {seed} {number}".encode()).digest()
        (prefix / ("bin", "lib/python", "share")[number % 3] / f"file{number}").write_bytes(digest * (size // 32))
    (prefix / "lib/link").symlink_to("python/file1")
    (prefix / "share/out").symlink_to(f"../../../{name}")
    os.link(prefix / "bin/file0", prefix / "bin/again")
    modules = tree / "modules/all" / name
    modules.mkdir(parents=True, exist_ok=True)
    (modules / f"{version}.lua").write_text(
        f'local root = "{target}/software/{name}/{version}"\nsetenv("EBROOT{name.upper()}", root)\nprepend_path("PATH", pathJoin(root, "bin"))\n'
        f'setenv("SEED", "{seed}")\n')


class Libraries:
    """`v1` and `v2` of a library in a store; v2 has other units, changed ones, and lacks some."""

    def __init__(self, cairn, work, target, units=8, size=3000):
        self.cairn = cairn
        self.store = work / "store"
        self.target = target
        for release in (1, 2):
            tree = work / f"tree{release}"
            for number in range(units):
                if release == 2 and number == 0:
                    continue  # removed
                changed = release == 2 and number in (1, 2)
                make_unit(tree, target, f"Unit{number}", "1.0", "new" if changed else "old", size=size)
            if release == 2:
                make_unit(tree, target, "Fresh", "2.0", "new")
            (tree / "README").write_text(f"release {release}\n")
            (tree / "modules/all/Unit3/default").symlink_to("1.0.lua")
            self.check([cairn, "split", tree, "--target", target, "--tag", f"library:v{release}", "--store", self.store, "--quiet"])
            shutil.rmtree(tree)

    @staticmethod
    def check(command):
        done = run(command)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done

    def command(self, release, directory, *options):
        return [self.cairn, "populate", f"library:{release}", directory, "--store", self.store, "--quiet", *options]

    def populate(self, release, directory, *options):
        return self.check(self.command(release, directory, *options))


def snapshot(directory):
    """What users see: every path by way of the anchors, with its content. Links at the top and to units are followed, others are data."""
    seen = {}
    directory = Path(directory)

    def walk(path, name):
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            text = os.readlink(path)
            if ".cairn/current/" in text or "/units/" in text:
                if not path.exists():
                    return  # an anchor before the first generation
                walk(path.resolve(), name)
            else:
                seen[name] = ("link", text)
        elif stat.S_ISDIR(status.st_mode):
            seen[name] = ("directory",)
            for child in sorted(os.listdir(path)):
                walk(path / child, f"{name}/{child}")
        else:
            seen[name] = ("file", hashlib.sha256(path.read_bytes()).hexdigest(), stat.S_IMODE(status.st_mode))

    if not directory.exists():
        return {}
    for top in sorted(os.listdir(directory)):
        if top != ".cairn":
            walk(directory / top, top)
    return seen


def leftovers(directory):
    cairn = Path(directory) / ".cairn"
    return [str(path) for folder in ("units", "generations", "trash", "history", ".") for path in (cairn / folder).iterdir()
            if path.name.endswith(".part") or path.name.startswith(".tmp-") or folder == "trash"]


def build_faults(work, source):
    library = work / "volume_faults.so"
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-fPIC", "-shared", "-o", str(library), str(source), "-ldl"], check=True)
    return library
