#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cut the power at many moments: what is published is whole after the next boot. Needs root, loop devices and xfs_io.

    power.py CAIRN [--cuts N] [--seed N]

A file system in a file; populate is stopped by a signal at a random call, or left to end; then the file system is shut down without
writing its log (`xfs_io -x -c shutdown`), mounted again, and looked at.
"""
import argparse
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from volume import Libraries, build_faults, run, snapshot


class Disk:
    def __init__(self, work):
        self.image, self.place = work / "image", work / "disk"
        self.place.mkdir()
        self.mounted = False

    def make(self):
        self.unmount()
        self.image.unlink(missing_ok=True)
        with open(self.image, "wb") as file:
            file.truncate(256 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(self.image)], check=True)
        self.mount()

    def mount(self):
        subprocess.run(["mount", "-o", "loop,commit=1", str(self.image), str(self.place)], check=True)
        self.mounted = True

    def unmount(self):
        if self.mounted:
            subprocess.run(["umount", str(self.place)], check=True)
            self.mounted = False

    def cut(self):
        subprocess.run(["xfs_io", "-x", "-c", "shutdown", str(self.place)], check=True)
        self.unmount()
        self.mount()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cairn", type=Path)
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if os.getuid() != 0 or shutil.which("xfs_io") is None:
        sys.exit("power.py needs root and xfs_io (Debian: xfsprogs)")
    choose = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as place:
        work = Path(place).resolve()
        disk = Disk(work)
        directory = disk.place / "volume"
        libraries = Libraries(options.cairn.resolve(), work, directory)
        faults = build_faults(work, Path(__file__).parent.parent / "support/volume_faults.c")
        try:
            disk.make()
            libraries.populate("v1", directory)
            first = snapshot(directory)
            libraries.populate("v2", directory)
            states = {"v1": ({}, first), "v2": (first, snapshot(directory))}
            seen, calls = {}, {}
            for cut in range(options.cuts):
                release = ("v1", "v2")[cut % 2]
                disk.make()
                if release == "v2":
                    libraries.populate("v1", directory)
                counter = work / "count"
                environment = dict(os.environ, LD_PRELOAD=str(faults), VOLUME_FAULTS_ROOT=str(directory), VOLUME_FAULTS_COUNT=str(counter),
                                   ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=0")
                at = choose.randrange(1, calls.get(release, 1) + 1)
                if release in calls and cut % 5:
                    environment["VOLUME_FAULTS_KILL"] = str(at)
                counter.unlink(missing_ok=True)
                run(libraries.command(release, directory), env=environment)
                calls.setdefault(release, struct.unpack("q", counter.read_bytes()[:8])[0])
                if cut % 3 == 0:
                    time.sleep(1.5)  # the file system's own log is written each second: names without their data
                disk.cut()
                found = snapshot(directory)
                if found not in states[release]:
                    sys.exit(f"cut {cut} ({release}, call {at} of {calls[release]}): users see neither the old nor the new modules")
                name = "the new" if found == states[release][1] else "the old"
                seen[name] = seen.get(name, 0) + 1
                if found:
                    done = run([libraries.cairn, "volume", "verify", directory])
                    if done.returncode != 0:
                        sys.exit(f"cut {cut} ({release}): {done.stdout}{done.stderr}")
                libraries.populate(release, directory)
                if snapshot(directory) != states[release][1]:
                    sys.exit(f"cut {cut} ({release}): the rerun did not finish")
                done = run([libraries.cairn, "volume", "verify", directory])
                if done.returncode != 0:
                    sys.exit(f"cut {cut} ({release}), after the rerun: {done.stdout}{done.stderr}")
            print(f"{options.cuts} power cuts:", ", ".join(f"{count} times {name} modules" for name, count in sorted(seen.items())))
        finally:
            disk.unmount()


if __name__ == "__main__":
    main()
