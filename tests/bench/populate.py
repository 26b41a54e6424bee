#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time `cairn populate` against what fills volumes today, on one tree, in one run. Needs root (each run gets a fresh file system).

  populate.py CAIRN TREE [--runs N] [--work DIR] [--only NAME…] [--write docs/performance.md]

Names: local (ext4 in a loop device: rsync with the Job's flags, zstd -dc | tar -x, umoci raw unpack), slow (a FUSE file system that takes 1 ms for
each answer: the same rsync), update, idle, resume, memory. Figures are medians of ratios, pair by pair, since shared machines drift.
"""
import argparse
import json
import os
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from figures import write_figures

RSYNC = "rsync -aWO --no-perms --no-owner --no-group --no-compress"
# About ten thousand files between them.
SLOW_MODULES = ["scipy/1.13.1", "pandas/2.2.2", "botocore/1.34.100", "sympy/1.12"]
PAUSE_US = 1000


class Run:
    def __init__(self, command, shell=True):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.monotonic()
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command] if shell else command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.wall = time.monotonic() - begin
        if done.returncode != 0:
            sys.exit(f"bench: failed: {command}\n{done.stderr[-2000:]}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.output = done.stdout


class Disk:
    """A fresh ext4 for each run: creating files on one that has just lost many is slow for a reason of its own."""

    def __init__(self, work):
        self.image, self.place, self.used = work / "image", work / "disk", False
        self.place.mkdir(exist_ok=True)

    def fresh(self):
        self.close()
        self.image.unlink(missing_ok=True)
        with open(self.image, "wb") as file:
            file.truncate(12 << 30)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-N", "600000", "-E", "lazy_itable_init=0,lazy_journal_init=0", self.image], check=True)
        subprocess.run(["mount", "-o", "loop", self.image, self.place], check=True)
        self.used = True
        return self.place

    def close(self):
        if self.used:
            subprocess.run(["umount", self.place], check=True)
            self.used = False


class SlowDisk:
    """slow_volume.c over a directory of the fresh disk."""

    def __init__(self, program, source, place):
        self.place, self.log = place, tempfile.TemporaryFile(mode="w+")
        place.mkdir(exist_ok=True)
        source.mkdir(exist_ok=True)
        self.server = subprocess.Popen([program, source, str(PAUSE_US), place, "-f", "-o",
                                        "allow_other,default_permissions,max_threads=256,max_idle_threads=256"], stderr=self.log)
        while not os.path.ismount(place):
            assert self.server.poll() is None, "slow_volume ended"
            time.sleep(0.01)

    def close(self):
        """The operations that a server would have answered."""
        subprocess.run(["fusermount3", "-u", self.place], check=True)
        self.server.wait()
        self.log.seek(0)
        return int(self.log.read().split()[-1])


class Bench:
    def __init__(self, options):
        self.cairn, self.tree, self.runs = options.cairn, options.tree, options.runs
        self.work = Path(tempfile.mkdtemp(dir=options.work, prefix="populate-"))
        self.disk, self.rows = Disk(self.work), []
        self.store = self.work / "store"
        self.split("all")

    def split(self, tag, *options):
        subprocess.run([self.cairn, "split", self.tree, "--target", "/opt/apps/easybuild", "--tag", f"bench:{tag}", "--store", self.store,
                        "--quiet", *options], check=True, stdout=subprocess.DEVNULL)

    def populate(self, directory, *options, tag="all"):
        words = [self.cairn, "populate", f"bench:{tag}", directory, "--store", self.store, "--json", "--quiet", *options]
        run = Run([str(word) for word in words], shell=False)
        run.record = json.loads(run.output)
        return run

    def row(self, *cells):
        self.rows.append(cells)
        print(" | ".join(cells), flush=True)

    def local(self):
        archive = self.work / "tree.tar.zst"
        Run(f"tar -C {self.tree} -cf - . | zstd -q -3 -T0 -o {archive}")
        subprocess.run([self.cairn, "split", self.tree, "--target", "/opt/apps/easybuild", "--tag", "bench:gzip", "--compression", "gzip",
                        "--store", self.work / "gzip", "--quiet"], check=True, stdout=subprocess.DEVNULL)
        peers = {"rsync of the tree": f"mkdir v && {RSYNC} {self.tree}/ v/", "`zstd -dc \\| tar -x`": f"mkdir v && zstd -dc {archive} | tar -C v -xf -",
                 "`umoci raw unpack`": f"umoci raw unpack --image {self.work / 'gzip'}:bench:gzip v"}
        ratios = {name: [] for name in peers}
        for _ in range(self.runs):
            for name, command in peers.items():
                ours = self.populate(self.disk.fresh() / "v")
                self.disk.fresh()
                theirs = Run(f"cd {self.disk.place} && {command} && sync -f v")  # ours is on disk too when it ends
                ratios[name].append((theirs.wall / ours.wall, theirs.cpu / ours.cpu))
        files = ours.record["written_files"]
        for name, pairs in ratios.items():
            wall, cpu = (statistics.median(column) for column in zip(*pairs))
            self.row(f"first populate, {files} files, ext4, against {name}", f"{wall:.1f}x faster", f"{cpu:.1f}x less processor time")

    def slow(self):
        program = self.work / "slow_volume"
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "fuse3"], capture_output=True, text=True, check=True).stdout.split()
        subprocess.run(["cc", "-O2", "-o", program, Path(__file__).parent / "slow_volume.c", *flags], check=True)
        modules = [word for module in SLOW_MODULES for word in ("--module", module)]
        sources = " ".join(str(self.tree / "software" / module) for module in SLOW_MODULES)
        ratios = []
        for _ in range(self.runs):
            slow = SlowDisk(program, self.disk.fresh() / "back", self.work / "slow")
            ours = self.populate(slow.place / "v", *modules)
            calls = slow.close()
            slow = SlowDisk(program, self.disk.fresh() / "back", self.work / "slow")
            theirs = Run(f"mkdir {slow.place}/v && {RSYNC} {sources} {slow.place}/v/")
            their_calls = slow.close()
            ratios.append(theirs.wall / ours.wall)
        files = ours.record["written_files"]
        self.row(f"first populate, {files} files, {PAUSE_US // 1000} ms an answer, against rsync", f"{statistics.median(ratios):.0f}x faster",
                 f"{calls / files:.2f} answers a file, rsync {their_calls / files:.1f}; {ours.wall:.1f} s, rsync {theirs.wall:.0f} s")

    def update(self):
        self.split("before", "--exclude", "software/scipy/1.13.1", "--exclude", "software/pyarrow/16.1.0", "--exclude", "software/sympy/1.12")
        place = self.disk.fresh() / "v"
        self.populate(place, tag="before")
        done = self.populate(place).record
        fresh = json.loads(Run(f"{self.cairn} inspect bench:all --store {self.store} --json").output)
        new = set(done["units"]["added"] + done["units"]["changed"])
        packed = sum(unit["packed_bytes"] for unit in fresh["units"] if unit["name"] in new)
        content = sum(unit["content_bytes"] for unit in fresh["units"] if unit["name"] in new)
        self.row(f"update by {len(new)} units, {packed >> 20} MiB packed", f"{done['fetched_bytes'] / packed:.3f}x fetched",
                 f"{done['written_bytes'] / content:.3f}x written")

    def idle(self):
        place = self.disk.fresh() / "v"
        self.populate(place)
        run = self.populate(place)
        assert not run.record["changed"]
        self.row("the same library again", f"{run.wall:.2f} s", f"{run.record['requests']} requests for layers")

    def resume(self):
        """Killed anywhere, how much is fetched twice."""
        total = self.populate(self.disk.fresh() / "v").record["fetched_bytes"]
        shares = []
        for number in range(self.runs + 2):
            place = self.disk.fresh() / "v"
            words = [self.cairn, "populate", "bench:all", place, "--store", self.store, "--progress", "json"]
            running = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            stop_at = total * random.Random(number).uniform(0.2, 0.95)
            fetched, step = 0, None
            for line in running.stderr:
                event = json.loads(line)
                if event["event"] == "begin" and event["title"].startswith("pour"):
                    step = event["step"]
                elif event["event"] == "advance" and event["step"] == step:
                    fetched = event["bytes"]
                    if fetched >= stop_at:
                        running.send_signal(signal.SIGKILL)
                        break
            running.wait()
            again = self.populate(place).record["fetched_bytes"]
            shares.append(max(0, fetched + again - total) / total)
        self.row("killed on the way, then run again", f"{max(shares) * 100:.1f} % fetched twice at most", f"{statistics.median(shares) * 100:.1f} % in the median")

    def memory(self):
        for workers in (8, 64):
            place = self.disk.fresh() / "v"
            words = [self.cairn, "populate", "bench:all", place, "--store", self.store, "--quiet", "--workers", str(workers)]
            running = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL)
            most, stop = [0], threading.Event()

            def watch():
                while not stop.wait(0.02):
                    try:
                        most[0] = max(most[0], len(os.listdir(f"/proc/{running.pid}/fd")))
                    except OSError:
                        return

            watcher = threading.Thread(target=watch)
            watcher.start()
            _, _, usage = os.wait4(running.pid, 0)
            running.returncode = 0
            stop.set()
            watcher.join()
            self.row(f"{workers} workers", f"{usage.ru_maxrss >> 10} MiB of memory", f"{most[0]} open files")

    def write(self, page):
        table = "\n".join(f"| {' | '.join(row)} |" for row in self.rows)
        write_figures(page, "populate", f"Runs a row: {self.runs}.\n\n| what | | |\n| --- | --- | --- |\n{table}")

    def close(self):
        self.disk.close()
        shutil.rmtree(self.work, ignore_errors=True)


def main():
    names = ["local", "slow", "update", "idle", "resume", "memory"]
    parser = argparse.ArgumentParser()
    parser.add_argument("cairn", type=Path)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path.cwd())
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    options.cairn, options.tree = options.cairn.resolve(), options.tree.resolve()
    bench = Bench(options)
    try:
        for name in options.only:
            getattr(bench, name)()
    finally:
        bench.close()
    if options.write:
        bench.write(options.write)


if __name__ == "__main__":
    main()
