#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Readers during many switches and gc: they never miss a file, and never see a part of one.

    readers.py CAIRN [--switches N]

Each reader goes on loading modules that both releases have: it reads the modulefile, lists the prefix that it names, reads every file,
imports a Python module and opens a shared library from it.
"""
import argparse
import ctypes
import multiprocessing
import os
import runpy
import subprocess
import tempfile
from pathlib import Path

from volume import Libraries


def read_for_ever(volume, names, stop, rounds, problems):
    while not stop.is_set():
        for name in names:
            try:
                text = (volume / f"modules/all/{name}/1.0.lua").read_text()
                prefix = Path(text.split('"')[1])
                for place in ("bin", "lib/python", "share"):
                    files = os.listdir(prefix / place)
                    assert len(files) >= 2, f"{prefix / place} has {files}"
                    for file in files:
                        path = prefix / place / file
                        if not path.is_symlink():
                            assert path.stat().st_size == len(path.read_bytes()) > 0, f"{path} is short"
                assert runpy.run_path(str(prefix / "lib/python/module.py"))["value"] == 42
                library = ctypes.CDLL(str(prefix / "lib/libanswer.so"))
                assert library.answer() == 42
                _ctypes_close(library)
            except Exception as error:  # whatever a reader trips over is what the test is about
                problems.put(f"{name}: {type(error).__name__}: {error}")
                return
        rounds.value += 1


def _ctypes_close(library):
    import _ctypes
    _ctypes.dlclose(library._handle)


class WithCode(Libraries):
    """Units of which each has a Python module and a shared library, so that they are really loaded."""

    def __init__(self, cairn, work, target):
        source = work / "answer.c"
        source.write_text("int answer(void) { return 42; }\n")
        self.library = work / "libanswer.so"
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", str(self.library), str(source)], check=True)
        super().__init__(cairn, work, target)


def add_code(original, library):
    def make(tree, target, name, version, seed, **rest):
        original(tree, target, name, version, seed, **rest)
        prefix = tree / "software" / name / version
        (prefix / "lib/python/module.py").write_text(f"seed = '{seed}'\nvalue = 42\n")
        (prefix / "lib/libanswer.so").write_bytes(library.read_bytes())
    return make


def main():
    import volume as shared
    parser = argparse.ArgumentParser()
    parser.add_argument("cairn", type=Path)
    parser.add_argument("--switches", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        work = Path(place).resolve()
        directory = work / "volume"
        shared.make_unit = add_code(shared.make_unit, work / "libanswer.so")
        libraries = WithCode(options.cairn.resolve(), work, directory)
        libraries.populate("v1", directory)
        stop, problems = multiprocessing.Event(), multiprocessing.Queue()
        counters = [multiprocessing.Value("i", 0) for _ in range(3)]
        readers = [multiprocessing.Process(target=read_for_ever, args=(directory, [f"Unit{n}" for n in range(1, 8)], stop, counter, problems))
                   for counter in counters]
        for reader in readers:
            reader.start()
        try:
            for switch in range(options.switches):
                libraries.populate("v2" if switch % 2 == 0 else "v1", directory)
                if switch % 5 == 4:
                    libraries.check([libraries.cairn, "volume", "gc", directory, "--keep", "1", "--grace", "0", "--quiet"])
                if not problems.empty():
                    break
        finally:
            stop.set()
            for reader in readers:
                reader.join()
        if not problems.empty():
            raise SystemExit(problems.get())
        rounds = sum(counter.value for counter in counters)
        assert rounds > 3, "the readers did nothing"
        print(f"{options.switches} switches, {rounds} rounds of readers, no failure")


if __name__ == "__main__":
    main()
