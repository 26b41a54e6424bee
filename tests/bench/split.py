#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time `cairn split` against the tools people use today, on one tree, in one run.

  split.py CAIRN TREE [--runs N] [--work DIR] [--only NAME…] [--write docs/performance.md]

Every pair runs alternately (ours, theirs, ours, …) with a warm cache; the figure is the median of the ratios of wall time,
pair by pair, since shared machines drift. UMOCI= and CHUNKAH= name newer peers than Debian's.
"""
import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import write_figures


class Run:
    """What one command cost: wall and processor seconds (children included), bytes it left."""
    def __init__(self, wall, cpu, size):
        self.wall, self.cpu, self.size = wall, cpu, size


def timed(command, output):
    begin_usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    done = subprocess.run(['bash', '-o', 'pipefail', '-c', command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wall = time.monotonic() - begin
    if done.returncode != 0:
        sys.exit(f'bench: failed: {command}\n{done.stderr[-2000:]}')
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = usage.ru_utime + usage.ru_stime - begin_usage.ru_utime - begin_usage.ru_stime
    return Run(wall, cpu, size_of(output)), done.stdout


def size_of(path):
    if path.is_file():
        return path.stat().st_size
    return sum(f.lstat().st_size for f in path.rglob('*') if f.is_file() and not f.is_symlink())


class Bench:
    def __init__(self, cairn, tree, work, runs):
        self.cairn, self.tree, self.work, self.runs = cairn, tree, work, runs
        self.rows, self.shares = [], {}

    def ours(self, codec, jobs=''):
        store = self.work / 'store'
        shutil.rmtree(store, ignore_errors=True)
        run, text = timed(f'{self.cairn} split {self.tree} --store {store} --tag bench:1 --compression {codec} --json --quiet {jobs}', store)
        self.shares[codec] = json.loads(text)['seconds']
        shutil.rmtree(store, ignore_errors=True)
        return run

    def theirs(self, command):
        out = self.work / 'out'
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        run, _ = timed(command.format(tree=self.tree, out=out), out)
        shutil.rmtree(out, ignore_errors=True)
        return run

    def compare(self, name, codec, tool, command, limit, runs=None):
        pairs = []
        for _ in range(runs or self.runs):
            pairs.append((self.ours(codec), self.theirs(command)))
            print(f'  {name}: {pairs[-1][0].wall:.2f} s against {pairs[-1][1].wall:.2f} s', file=sys.stderr, flush=True)
        middle = lambda values: statistics.median(values)
        self.rows.append({
            'name': name, 'codec': codec, 'tool': tool, 'limit': limit, 'runs': len(pairs),
            'ratio': middle([a.wall / b.wall for a, b in pairs]), 'cpu_ratio': middle([a.cpu / b.cpu for a, b in pairs]),
            'ours': middle([a.wall for a, _ in pairs]), 'theirs': middle([b.wall for _, b in pairs]),
            'our_cpu': middle([a.cpu for a, _ in pairs]), 'their_cpu': middle([b.cpu for _, b in pairs]),
            'our_mb': pairs[0][0].size / 1e6, 'their_mb': pairs[0][1].size / 1e6,
        })


def peers(tree):
    """name, our codec, tool as people know it, its command, what the ratio must not exceed, runs (None: as asked)"""
    umoci = os.environ.get('UMOCI', 'umoci')
    tar = 'tar c --sort=name -C {tree} .'
    rows = [
        ('tar-zstd', 'zstd', 'tar c | zstd -3 -T0', tar + ' | zstd -q -3 -T0 >{out}/x', 1.1, None),
        ('tar-zstd-hashed', 'zstd', 'the same, both streams hashed by openssl',
         tar + ' | tee >(openssl dgst -sha256 >{out}/a) | zstd -q -3 -T0 | tee >(openssl dgst -sha256 >{out}/b) >{out}/x; wait', 0.9, None),
        ('tar-tee-hash', 'none', 'tar c | tee FILE | openssl dgst -sha256', tar + ' | tee {out}/x | openssl dgst -sha256 >{out}/a', 1.0, None),
        ('tar-pigz', 'gzip', 'tar c | pigz -6', tar + ' | pigz -6 >{out}/x', 1 / 4, 1),
        ('umoci-insert', 'gzip', f'{umoci} insert',
         f'{umoci} init --layout {{out}}/l && {umoci} new --image {{out}}/l:x && {umoci} insert --image {{out}}/l:x {{tree}} /tree', 1 / 1.5, 1),
        # What people get: each tool's default. buildah commits uncompressed into its own storage.
        ('buildah', 'zstd', 'buildah add + commit',
         'b="buildah --root {out}/r --runroot {out}/rr --storage-driver vfs"; c=$($b from scratch) && $b add -q $c {tree} /tree && '
         '$b commit -q $c x', 1 / 6, 1),
    ]
    if os.environ.get('CHUNKAH'):
        rows.append(('chunkah', 'none', 'chunkah, uncompressed', os.environ['CHUNKAH'] + ' build --rootfs {tree} -o oci:{out}/l', 1.0, None))
    return rows


def tree_facts(tree):
    files = directories = links = size = 0
    for directory, names, leaves in os.walk(tree):
        directories += len(names)
        for leaf in leaves:
            status = os.lstat(os.path.join(directory, leaf))
            if (status.st_mode & 0o170000) == 0o120000:
                links += 1
            else:
                files += 1
                size += status.st_size
    return f'{size / 1e9:.2f} GB in {files:,} files, {directories:,} directories, {links:,} links'


def report(bench, facts):
    lines = [f'Tree: {facts}. {os.cpu_count()} cores.', '',
             '| against | codec | ratio of wall time | at most | ratio of processor time | ours s | theirs s | ours MB | theirs MB |',
             '| --- | --- | --- | --- | --- | --- | --- | --- | --- |']
    for row in bench.rows:
        mark = '' if row['ratio'] <= row['limit'] else ' **(missed)**'
        lines.append(f"| `{row['tool']}` | {row['codec']} | **{row['ratio']:.2f}**{mark} | {row['limit']:.2f} | {row['cpu_ratio']:.2f} | "
                     f"{row['ours']:.1f} | {row['theirs']:.1f} | {row['our_mb']:.0f} | {row['their_mb']:.0f} |")
    lines += ['', 'Where cairn\'s processor time goes (the last run of each codec), in percent of packing:', '',
              '| codec | scan s (wall) | modulefiles s (wall) | read | hash | compress | write |', '| --- | --- | --- | --- | --- | --- | --- |']
    for codec, s in bench.shares.items():
        pack = s['pack']
        total = sum(pack.values()) or 1
        share = {k: f'{100 * v / total:.0f}' for k, v in pack.items()}
        lines.append(f"| {codec} | {s['scan']:.2f} | {s['modulefiles']:.2f} | {share['read']} | {share['hash']} | {share['compress']} | {share['write']} |")
    return '\n'.join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn')
    parser.add_argument('tree', type=Path)
    parser.add_argument('--runs', type=int, default=5)
    parser.add_argument('--work', type=Path)
    parser.add_argument('--only', nargs='*')
    parser.add_argument('--write', type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.work, prefix='cairn-bench-') as work:
        subprocess.run(f'tar c -C {arguments.tree} . | cat >/dev/null', shell=True, check=True)
        bench = Bench(arguments.cairn, arguments.tree, Path(work), arguments.runs)
        for name, codec, tool, command, limit, runs in peers(arguments.tree):
            if not arguments.only or name in arguments.only:
                bench.compare(name, codec, tool, command, limit, runs)
    text = report(bench, tree_facts(arguments.tree))
    print(text)
    if arguments.write:
        write_figures(arguments.write, 'split', text)


if __name__ == '__main__':
    main()
