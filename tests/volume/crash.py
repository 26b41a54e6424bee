#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kill populate at many points, and let calls fail: users see the old or the new modules, whole, and a rerun finishes.

    crash.py CAIRN [--points N] [--errors N] [--refetch N] [--seed N]

Points are spread over all calls that change the volume, counted over all threads, of a first populate and of an update. With
--refetch a library of 400 units is killed that often, and what the rerun fetches a second time is at most 5 % of it: units that had
been begun and not finished.
"""
import argparse
import errno
import json
import os
import random
import shutil
import struct
import sys
import tempfile
from pathlib import Path

from volume import Libraries, build_faults, leftovers, run, snapshot

KINDS = ["open", "mkdir", "rename", "symlink", "link", "write", "close", "sync", "unlink"]
ERRORS = [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.EACCES, errno.EINTR]


class Matrix:
    def __init__(self, cairn, work):
        self.work = work
        self.volume = work / "volume"
        self.libraries = Libraries(cairn, work, self.volume)
        self.faults = build_faults(work, Path(__file__).parent.parent / "support/volume_faults.c")
        self.outside = work / "outside"
        self.outside.mkdir()
        self.states = {"none": {}}
        self.prepare("none")
        self.libraries.populate("v1", self.volume)
        self.states["v1"] = snapshot(self.volume)
        self.libraries.populate("v2", self.volume)
        self.states["v2"] = snapshot(self.volume)
        self.prepare("none")
        self.libraries.populate("v2", self.volume)
        self.states["v2 alone"] = snapshot(self.volume)

    def prepare(self, state):
        """The volume as it was before: nothing, or v1."""
        shutil.rmtree(self.volume, ignore_errors=True)
        self.volume.mkdir()
        if state == "v1":
            saved = self.work / "v1"
            if not saved.exists():
                self.libraries.populate("v1", self.volume)
                shutil.copytree(self.volume, saved, symlinks=True)
            else:
                shutil.rmtree(self.volume)
                shutil.copytree(saved, self.volume, symlinks=True)

    def broken_run(self, release, **variables):
        environment = dict(os.environ, LD_PRELOAD=str(self.faults), VOLUME_FAULTS_ROOT=str(self.volume),
                           ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=0", **{name: str(value) for name, value in variables.items()})
        return run(self.libraries.command(release, self.volume), env=environment, timeout=300)

    def count(self, before, release):
        self.prepare(before)
        counter = self.work / "count"
        counter.unlink(missing_ok=True)
        done = self.broken_run(release, VOLUME_FAULTS_COUNT=counter)
        assert done.returncode == 0, done.stderr
        return struct.unpack("q", counter.read_bytes()[:8])[0]

    def expect(self, found, allowed, where):
        for name in allowed:
            if found == self.states[name]:
                return name
        closest = self.states[allowed[0]]
        wrong = [path for path in sorted(set(found) | set(closest)) if found.get(path) != closest.get(path)][:10]
        sys.exit(f"{where}: users see neither {' nor '.join(allowed)}; differs from {allowed[0]} at {wrong}")

    def rerun(self, after, where):
        done = run(self.libraries.command("v1" if after == "v1" else "v2", self.volume, "--json"))
        if done.returncode != 0:
            sys.exit(f"{where}: the rerun failed: {done.stderr}")
        self.expect(snapshot(self.volume), [after], f"{where}: after the rerun")
        if leftovers(self.volume):  # of a name that could not be removed, in a run that was done with it all the same
            run([self.libraries.cairn, "volume", "gc", self.volume, "--quiet"])
        left = leftovers(self.volume)
        if left:
            sys.exit(f"{where}: the rerun left {left}")

    def kill(self, points, seed):
        choose = random.Random(seed)
        seen = {}
        phases = [("none", "v1", "v1"), ("v1", "v2", "v2")]
        for before, release, after in phases:
            total = self.count(before, release)
            count = points // len(phases)
            for i in range(count):
                # Spread evenly, with every call of the end: there things are switched.
                at = total - i if i < count // 5 else choose.randrange(1, total + 1)
                for_after = i % 2
                where = f"{before} to {release}, killed {'after' if for_after else 'before'} call {at} of {total}"
                self.prepare(before)
                done = self.broken_run(release, VOLUME_FAULTS_KILL=at, VOLUME_FAULTS_AFTER=for_after)
                if done.returncode not in (-9, 0):
                    sys.exit(f"{where}: ended with {done.returncode}: {done.stderr}")
                state = self.expect(snapshot(self.volume), [before, after], where)
                seen[before, state] = seen.get((before, state), 0) + 1
                self.rerun(after, where)
        return seen

    def without_hard_links(self):
        """A file system that has none: users see the same, as copies, and turns work all the same."""
        for number in (errno.EPERM, errno.EOPNOTSUPP):
            self.prepare("none")
            for release, state in (("v1", "v1"), ("v2", "v2")):
                done = self.broken_run(release, VOLUME_FAULTS_ERROR=f"link:{number}:1:1000000")
                assert done.returncode == 0, done.stderr
                self.expect(snapshot(self.volume), [state], f"{release} without hard links")
            done = run([self.libraries.cairn, "volume", "verify", self.volume])
            assert done.returncode == 0, done.stdout

    def refetch(self, points, seed):
        """The most bytes, as a part of all, that a rerun fetches although a killed run had begun on them."""
        place = self.work / "many"
        place.mkdir()
        libraries = Libraries(self.libraries.cairn, place, self.volume, units=400, size=125_000)
        self.libraries, kept = libraries, self.libraries
        try:
            self.prepare("none")
            total = json.loads(libraries.populate("v1", self.volume, "--json").stdout)["fetched_bytes"]
            calls = self.count("none", "v1")
            choose, most = random.Random(seed), 0
            for _ in range(points):
                at = choose.randrange(1, calls + 1)
                self.prepare("none")
                self.broken_run("v1", VOLUME_FAULTS_KILL=at)
                units = self.volume / ".cairn/units"
                names = [path.name for path in units.iterdir()] if units.exists() else []
                whole = sum(not name.endswith(".part") for name in names)
                begun = len(names) - whole
                fetched = json.loads(libraries.populate("v1", self.volume, "--json").stdout)["fetched_bytes"]
                most = max(most, begun / 400)  # all units are of one size
                if fetched > total * (1 - whole / 400) * 1.02 + 20_000:
                    sys.exit(f"killed at call {at} of {calls} with {whole} units done: the rerun fetched {fetched} of {total} bytes")
        finally:
            self.libraries = kept
        if most > 0.05:
            sys.exit(f"a rerun fetched {most:.1%} again")
        return most

    def errors(self, samples, seed):
        choose = random.Random(seed)
        failed = passed = 0
        for before, release, after in [("none", "v1", "v1"), ("v1", "v2", "v2")]:
            for kind in KINDS:
                for number in ERRORS:
                    for _ in range(samples):
                        at = 1 if kind == "sync" else choose.choice([1, 2, 5, choose.randrange(1, 60)])
                        where = f"{before} to {release}, {kind} number {at} fails with {errno.errorcode[number]}"
                        self.prepare(before)
                        done = self.broken_run(release, VOLUME_FAULTS_ERROR=f"{kind}:{number}:{at}:1")
                        if done.returncode not in (0, 1):
                            sys.exit(f"{where}: ended with {done.returncode}: {done.stderr}")
                        if done.returncode == 1:
                            failed += 1
                            if len(done.stderr.splitlines()) != 1 or not done.stderr.startswith("cairn: "):
                                sys.exit(f"{where}: says {done.stderr!r}")
                            # After the switch a failure may come too: of what follows it.
                            self.expect(snapshot(self.volume), [before, after], where)
                        else:
                            passed += 1
                            self.expect(snapshot(self.volume), [after], where)
                        self.rerun(after, where)
        return failed, passed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cairn", type=Path)
    parser.add_argument("--points", type=int, default=50)
    parser.add_argument("--errors", type=int, default=0, metavar="SAMPLES")
    parser.add_argument("--refetch", type=int, default=0, metavar="POINTS")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    shared_memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared_memory if os.access(shared_memory, os.W_OK) else None) as place:
        matrix = Matrix(options.cairn.resolve(), Path(place).resolve())
        if options.points:
            seen = matrix.kill(options.points, options.seed)
            print("killed:", ", ".join(f"{count} times from {before}: users see {state}" for (before, state), count in sorted(seen.items())))
        if options.refetch:
            print(f"fetched again after a kill, at most: {matrix.refetch(options.refetch, options.seed):.1%}")
        if options.errors:
            matrix.without_hard_links()
            failed, passed = matrix.errors(options.errors, options.seed)
            print(f"errors: {failed} runs failed with one line, {passed} went on")


if __name__ == "__main__":
    main()
