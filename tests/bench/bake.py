#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time `cairn bake` against `buildah build` with COPY of the same content, in one run.

  bake.py CAIRN TREE BASE [--module NAME]… [--runs N] [--work DIR] [--write docs/performance.md]

BASE is an OCI layout with one image, `base:lmod` (tests/support/lmod-base makes one). Both start with what they would have
anyway: cairn with library and base in its store, buildah with the base in its storage and the files on disk, in a warm cache. Each
makes an image in its own storage; buildah does not compress there, so nothing of that counts compression. The last row is the same
between repositories of a registry (docker-registry on loopback): an image of two gigabytes gets modules there, and neither tool has
anything of it to begin with, as on a runner of continuous integration: cairn has an empty store, buildah pulls, builds and pushes. Pairs run alternately; the figure is the median
of the ratios of wall time.
"""
import argparse
import json
import random
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from figures import write_figures
from loopback_registry import Registry
from programs import run, timed

LIMIT = 50


class Bench:
    def __init__(self, arguments, work):
        self.cairn, self.tree, self.work, self.runs = arguments.cairn, arguments.tree, work, arguments.runs
        self.store = work / 'store'
        self.rows = []
        self.ours('split', self.tree, '--tag', 'library:1')
        self.ours('mutate', f'oci:{arguments.base}:base:lmod', '--env', 'BENCH=1', '--tag', 'base:1')
        self.image = 'localhost/base:1'
        run('skopeo', 'copy', '--quiet', f'oci:{arguments.base}:base:lmod', f'containers-storage:[overlay@{work}/storage+{work}/run]{self.image}')
        self.base_bytes = json.loads(self.ours('inspect', 'base:1', '--json'))['size_bytes']

    def ours(self, *words):
        return run(self.cairn, *words, '--store', self.store, '--quiet')

    def buildah_words(self, *words):
        return ['buildah', '--storage-driver', 'overlay', '--root', self.work / 'storage', '--runroot', self.work / 'run', *words]

    def buildah(self, *words):
        return run(*self.buildah_words(*words))

    def content(self, name, units):
        """What buildah copies: the library, or its part, unpacked."""
        context = self.work / name
        context.mkdir()
        options = [word for unit in units for word in ('--module', unit)]
        self.ours('bake', 'base:1', '--library', 'library:1', *options, '--tag', f'{name}:1')
        self.ours('unpack', f'{name}:1', context / 'root')
        target = json.loads(self.ours('inspect', f'{name}:1', '--json'))['target'].lstrip('/')
        (context / 'root' / target).rename(context / 'tree')
        shutil.rmtree(context / 'root')
        (context / 'Containerfile').write_text(f'FROM {self.image}\nCOPY tree /{target}\n')
        return context

    def compare(self, name, units):
        context = self.content(name, units)
        options = [word for unit in units for word in ('--module', unit)]
        size = sum(f.lstat().st_size for f in (context / 'tree').rglob('*') if f.is_file() and not f.is_symlink())
        pairs = []
        for _ in range(self.runs):
            ours = timed(self.cairn, 'bake', 'base:1', '--library', 'library:1', *options, '--tag', 'bench:1', '--store', self.store, '--quiet')
            # Made anew each time, as ours: what a run left is not used again by the next.
            theirs = timed(*self.buildah_words('build', '--quiet', '--isolation', 'chroot', '--layers=false', '--timestamp', '0', '--tag', 'bench', context))
            self.buildah('rmi', 'bench')
            self.ours('untag', 'bench:1')
            pairs.append((ours, theirs))
            print(f'  {name}: {ours:.3f} s against {theirs:.1f} s', file=sys.stderr, flush=True)
        record = json.loads(self.ours('bake', 'base:1', '--library', 'library:1', *options, '--tag', 'bench:1', '--json'))
        middle = statistics.median
        self.rows.append((name, len(pairs), size, record['kept_layers'], record['new_layers'], middle([b / a for a, b in pairs]),
                          middle([a for a, _ in pairs]), middle([b for _, b in pairs])))

    def compare_in_registry(self, units, megabytes=2000):
        """Both add `units` to an image of `megabytes` that a registry has, and the result is in the registry."""
        context = self.work / 'part'
        noise = self.work / 'noise'
        noise.mkdir()
        numbers = random.Random(1)
        for i in range(20):
            with (noise / str(i)).open('wb') as file:
                for _ in range(megabytes // 20):
                    file.write(numbers.randbytes(1_000_000))
        self.ours('append', 'base:1', noise, '--target', '/srv/noise', '--tag', 'big:1')
        shutil.rmtree(noise)
        registry = Registry(self.work / 'registry')
        try:
            at = f'127.0.0.1:{registry.port}/bench'
            for name in ('big', 'library'):
                self.ours('push', f'{name}:1', f'docker://{at}/{name}:1', '--tls-verify', 'false')
            (context / 'Containerfile').write_text((context / 'Containerfile').read_text().replace(self.image, f'{at}/big:1'))
            options = [word for unit in units for word in ('--module', unit)]
            pairs = []
            for i in range(self.runs):
                store = self.work / 'empty'
                shutil.rmtree(store, ignore_errors=True)
                ours = timed(self.cairn, 'bake', f'docker://{at}/big:1', '--library', f'docker://{at}/library:1', *options, '--tag', f'docker://{at}/ours-{i}:1',
                             '--store', store, '--tls-verify', 'false', '--quiet')
                theirs = timed(*self.buildah_words('build', '--quiet', '--isolation', 'chroot', '--layers=false', '--timestamp', '0', '--tls-verify=false',
                                                   '--tag', 'bench', context))
                theirs += timed(*self.buildah_words('push', '--quiet', '--tls-verify=false', 'bench', f'docker://{at}/theirs-{i}:1'))
                self.buildah('rmi', '--all', '--force')
                pairs.append((ours, theirs))
                print(f'  registry: {ours:.3f} s against {theirs:.1f} s', file=sys.stderr, flush=True)
        finally:
            registry.stop()
        last = next(row for row in self.rows if row[0] == 'part')
        middle = statistics.median
        self.rows.append(('part, in a registry, 2 GB image', len(pairs), last[2], last[3], last[4], middle([b / a for a, b in pairs]),
                          middle([a for a, _ in pairs]), middle([b for _, b in pairs])))

    def report(self):
        lines = [f'Base: {self.base_bytes / 1e6:.0f} MB, compressed. Tree: {self.tree.name}.', '',
                 '| baked | content MB | layers kept / new | times as fast as buildah build | at least | ours s | theirs s | runs |',
                 '| --- | --- | --- | --- | --- | --- | --- | --- |']
        for name, runs, size, kept, new, ratio, ours, theirs in self.rows:
            mark = '' if ratio >= LIMIT else ' **(missed)**'
            lines.append(f'| {name} | {size / 1e6:.0f} | {kept} / {new} | **{ratio:.0f}**{mark} | {LIMIT} | {ours:.3f} | {theirs:.1f} | {runs} |')
        return '\n'.join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn')
    parser.add_argument('tree', type=Path)
    parser.add_argument('base', type=Path)
    parser.add_argument('--module', action='append')
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--work', type=Path)
    parser.add_argument('--write', type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.work, prefix='cairn-bench-') as work:
        bench = Bench(arguments, Path(work))
        bench.compare('whole', [])
        if arguments.module:
            bench.compare('part', arguments.module)
            bench.compare_in_registry(arguments.module)
    text = bench.report()
    print(text)
    if arguments.write:
        write_figures(arguments.write, 'bake', text)


if __name__ == '__main__':
    main()
