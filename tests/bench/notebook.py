#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time `cairn build` of the notebook image after one Python package changed, against `buildah build` of an equivalent Containerfile.

  notebook.py CAIRN CHECKOUT WHEELS [--runs N] [--work DIR] [--write docs/performance.md]

WHEELS is a directory with all wheels of layers/jupyterlab, pip's own, and several versions of certifi, so that nobody waits for a
network. Both begin with the image built and all caches warm: cairn its store, buildah its layers. Then the lock gets another version
of certifi and both build again, alternately; the figure is the median of the ratios. buildah's layers are not compressed.
"""
import argparse
import hashlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import write_figures

LIMIT = 10
BUMPED = 'certifi'


def run(command, **options):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"bench: failed: {' '.join(map(str, command))}\n{done.stderr[-2000:]}")
    return done.stdout


def timed(command, **options):
    begin = time.monotonic()
    run(command, **options)
    return time.monotonic() - begin


class Bench:
    def __init__(self, arguments, work):
        self.cairn, self.wheels, self.work, self.runs = Path(arguments.cairn).resolve(), arguments.wheels.resolve(), work, arguments.runs
        for folder in ('examples', 'layers', 'base-images', 's2i'):
            shutil.copytree(arguments.checkout / folder, work / folder, symlinks=True)
        self.lock = work / 'layers/jupyterlab/Pipfile.lock'
        self.store = work / 'store'
        self.context = work / 'context'
        (self.context / 'files').mkdir(parents=True)
        self.versions = sorted(wheel.name.split('-')[1] for wheel in self.wheels.glob(f'{BUMPED}-*.whl'))

    def set_version(self, version):
        """In the lock, and as requirements for pip."""
        lock = json.loads(self.lock.read_text())
        wheel = next(self.wheels.glob(f'{BUMPED}-{version}-*.whl'))
        lock['default'][BUMPED].update(version=f'=={version}', hashes=['sha256:' + hashlib.sha256(wheel.read_bytes()).hexdigest()])
        self.lock.write_text(json.dumps(lock, indent=4, sort_keys=True) + '\n')
        lines = []
        for name, pin in sorted(lock['default'].items()):
            hashes = ' '.join('--hash=' + one for one in pin['hashes'])
            marker = f" ; {pin['markers']}" if 'markers' in pin else ''
            lines.append(f"{name}{pin['version']}{marker} {hashes}\n")
        (self.context / 'requirements.txt').write_text(''.join(lines))

    def ours(self, *options):
        return [self.cairn, 'build', self.work / 'examples/notebook', '--wheels', self.wheels, '--store', self.store, '--tag', 'bench:1', '--quiet', *options]

    def buildah(self, *words):
        return ['buildah', '--storage-driver', 'overlay', '--root', self.work / 'storage', '--runroot', self.work / 'run', *words]

    def theirs(self):
        return self.buildah('build', '--quiet', '--isolation', 'chroot', '--layers', '--pull-never', '--volume', f'{self.wheels}:/wheels:ro', '--tag', 'bench', self.context)

    def prepare(self):
        self.set_version(self.versions[0])
        run(self.ours())
        base = self.work / 'base.tar'
        run([self.cairn, 'base', 'build', self.work / 'base-images/debian12', '--store', self.store, '--tag', 'base:1', '--output', f'oci-archive:{base}:base', '--quiet'])
        identity = run(self.buildah('pull', '--quiet', f'oci-archive:{base}')).strip()
        run(self.buildah('tag', identity, 'localhost/base:1'))
        for layer in ('lmod/etc', 'jupyterlab/app-root', 'notebook-runtime/app-root', 'launchers/app-root'):
            source = self.work / 'layers' / layer
            if source.is_dir():
                shutil.copytree(source, self.context / 'files' / layer.replace('/', '-'), symlinks=True)
        copies = '\n'.join(f'COPY files/{one.name}/ {"/etc/" if one.name.endswith("etc") else "/opt/app-root/"}' for one in sorted((self.context / 'files').iterdir()))
        # What changes seldom first, as people write it.
        (self.context / 'Containerfile').write_text(
            f'FROM localhost/base:1\n{copies}\nENV SOURCE_DATE_EPOCH=0\nRUN python3 -m venv --without-pip /opt/app-root\nCOPY requirements.txt /tmp/\n'
            'RUN /opt/app-root/bin/python /wheels/pip-*.whl/pip install --quiet --no-index --find-links /wheels --no-deps --require-hashes -r /tmp/requirements.txt\n'
            'USER 1001:0\nWORKDIR /opt/app-root/src\nCMD ["start-notebook.sh"]\n')
        run(self.theirs())

    def compare(self):
        self.prepare()
        unchanged = statistics.median(timed(self.ours()) for _ in range(5))
        pairs = []
        for version in self.versions[1:self.runs + 1]:
            self.set_version(version)
            pairs.append((timed(self.ours()), timed(self.theirs())))
            print(f'  {BUMPED} {version}: {pairs[-1][0]:.2f} s against {pairs[-1][1]:.1f} s', file=sys.stderr, flush=True)
        return unchanged, pairs

    def report(self, unchanged, pairs):
        ratio = statistics.median(b / a for a, b in pairs)
        mark = '' if ratio >= LIMIT else ' **(missed)**'
        size = json.loads(run([self.cairn, 'inspect', 'bench:1', '--store', self.store, '--json']))['size_bytes']
        return '\n'.join([
            f'{len(json.loads(self.lock.read_text())["default"])} packages, {size / 1e6:.0f} MB compressed.', '',
            '| what | cairn s | buildah build s | times as fast | at least | runs |', '| --- | --- | --- | --- | --- | --- |',
            f'| nothing changed | {unchanged:.3f} | | | | 5 |',
            f'| one package changed | {statistics.median(a for a, _ in pairs):.2f} | {statistics.median(b for _, b in pairs):.1f} | **{ratio:.0f}**{mark} | {LIMIT} | {len(pairs)} |'])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn')
    parser.add_argument('checkout', type=Path)
    parser.add_argument('wheels', type=Path)
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--work', type=Path)
    parser.add_argument('--write', type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.work, prefix='cairn-bench-') as work:
        bench = Bench(arguments, Path(work))
        text = bench.report(*bench.compare())
    print(text)
    if arguments.write:
        write_figures(arguments.write, 'notebook', text)


if __name__ == '__main__':
    main()
