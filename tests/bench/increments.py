#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a release costs that changed little, against a cold split, find, and Lmod's own spider cache, in one run.

  increments.py CAIRN [--runs N] [--work DIR] [--write docs/performance.md]

Trees are made up (library_tree.py): 500 units with 2.2 GB, and 2,000 modulefiles with little beside them. Ours and theirs
run alternately with a warm cache; the figure is the median of the ratios, pair by pair. Exit code 1: one is missed.
"""
import argparse
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import write_figures
from library_tree import LibraryTree, facts


def timed(*command):
    begin = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f'bench: failed: {" ".join(map(str, command))}\n{done.stderr[-2000:]}')
    return time.monotonic() - begin, done.stdout


class Bench:
    def __init__(self, cairn, work, runs):
        self.cairn, self.work, self.runs, self.rows = cairn, work, runs, []

    def split(self, tree, store):
        wall, text = timed(self.cairn, 'split', tree, '--store', self.work / store, '--tag', 'bench:1', '--json', '--quiet')
        return wall, json.loads(text)

    def settle(self, tree, store):
        """Files of a moment ago are read again, since another change could leave their times as they are."""
        time.sleep(2.1)
        self.split(tree, store)

    def row(self, what, against, pairs, limit):
        self.rows.append((what, against, statistics.median(a / b for a, b in pairs), limit, statistics.median(a for a, _ in pairs),
                          statistics.median(b for _, b in pairs)))
        print(f'  {what}: ' + ', '.join(f'{a:.3f} s against {b:.3f} s' for a, b in pairs), file=sys.stderr, flush=True)

    def large(self, tree):
        subprocess.run(f'tar c -C {tree.path} . | cat >/dev/null', shell=True, check=True)
        cold = []
        for _ in range(self.runs):
            shutil.rmtree(self.work / 'store', ignore_errors=True)
            cold.append(self.split(tree.path, 'store'))
        self.settle(tree.path, 'store')
        pairs = []
        for _ in range(3 * self.runs):
            ours, result = self.split(tree.path, 'store')
            if result['manifest'] != cold[-1][1]['manifest'] or result['layers']['new'] != 0:
                sys.exit('bench: nothing changed, and the library did')
            # What it prints goes nowhere, as on a command line with >/dev/null.
            begin = time.monotonic()
            subprocess.run(['find', tree.path, '-printf', r'%s %T@ %i %m %p\n'], stdout=subprocess.DEVNULL, check=True)
            pairs.append((ours, time.monotonic() - begin))
        self.row('nothing changed', "find TREE -printf '%s %T@ %i %m %p\\n'", pairs, 2.0)
        pairs = []
        for number, (wall, _) in enumerate(cold):
            unit = tree.names[100 + number]
            tree.change_unit(unit)
            ours, result = self.split(tree.path, 'store')
            if result['units']['changed'] != [unit]:
                sys.exit(f'bench: {unit} changed, and the split says {result["units"]["changed"]}')
            pairs.append((ours, wall))
        self.row('1 of 500 units changed', 'the cold split', pairs, 0.05)

    def modules(self, tree):
        lmod = sorted(glob.glob('/usr/share/lmod/*/libexec/update_lmod_system_cache_files'))
        if not lmod:
            sys.exit('bench: Lmod is not installed: tools/setup test')
        self.split(tree.path, 'modules')
        self.settle(tree.path, 'modules')
        pairs, whole = [], []
        for run in range(2 * self.runs):
            for name in tree.names[run::100]:
                tree.modulefile(name, [], f'changed in run {run}')
            wall, result = self.split(tree.path, 'modules')
            theirs, _ = timed(lmod[-1], '-d', self.work / 'lmod', '-t', self.work / 'lmod.timestamp', tree.path / 'modules' / 'all')
            pairs.append((result['seconds']['modulefiles'], theirs))
            whole.append((wall, theirs))
        changed = len(tree.names[0::100])
        what = f'spider cache, {changed} of {len(tree.names):,} modulefiles changed'
        self.row(what, 'update_lmod_system_cache_files', pairs, 0.1)
        self.row(f'{what}, and all the rest of the split', 'update_lmod_system_cache_files', whole, None)


def report(bench, large, modules):
    lines = [f'Trees: {large}; {modules}. {os.cpu_count()} cores.', '',
             '| what | against | ratio of wall time | at most | ours s | theirs s |', '| --- | --- | --- | --- | --- | --- |']
    for what, against, ratio, limit, ours, theirs in bench.rows:
        mark = '' if limit is None or ratio <= limit else ' **(missed)**'
        limit = '-' if limit is None else f'{limit:.2f}'
        lines.append(f'| {what} | `{against}` | **{ratio:.3f}**{mark} | {limit} | {ours:.3f} | {theirs:.3f} |')
    return '\n'.join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn')
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--work', type=Path)
    parser.add_argument('--write', type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.work, prefix='cairn-bench-') as directory:
        work = Path(directory)
        bench = Bench(Path(arguments.cairn).resolve(), work, arguments.runs)
        large = LibraryTree(work / 'large', 500, 120, 2_200_000_000)
        about_large = facts(large.path)
        bench.large(large)
        modules = LibraryTree(work / 'modules-tree', 2000, 4, 20_000_000)
        bench.modules(modules)
        text = report(bench, f'{about_large} of 500 units', f'{facts(modules.path)} of 2,000 units')
    print(text)
    if arguments.write:
        write_figures(arguments.write, 'increments', text)
    if any(limit is not None and ratio > limit for _, _, ratio, limit, *_ in bench.rows):
        sys.exit(1)


if __name__ == '__main__':
    main()
