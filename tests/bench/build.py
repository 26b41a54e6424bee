#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time `cairn build` against `buildah build` of an equivalent Containerfile: nothing changed, and one Python package bumped.

  build.py CAIRN CHECKOUT WHEELS [--runs N] [--work DIR] [--write docs/performance.md]

Two subjects: the notebook of examples/notebook, and a repository that has nothing but the lock of examples/lightgbm-notebook and a
program. WHEELS is a directory with all wheels that these locks name, pip's own, and several versions of the package that is bumped, so
that nobody waits for a network. Both tools begin with the image built and all caches warm: cairn its store, buildah its layers. Then
the lock gets another version of the package and both build again, alternately; figures are medians of the ratios. buildah's layers are
not compressed, cairn's are. "Built again" is buildah without its layers: what a runner pays that has the wheels and the base alone.
"""
import argparse
import hashlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import write_figures
from programs import run, timed

PIP = 'pip=$(echo /wheels/pip-*.whl) && /opt/app-root/bin/python "$pip/pip" install --quiet --no-index --find-links /wheels --no-deps --require-hashes'
VENV = 'RUN python3 -m venv --without-pip /opt/app-root\nCOPY requirements.txt /tmp/\n'


class Buildah:
    """With storage of its own, in which the base lies already."""

    def __init__(self, work, wheels):
        self.work, self.wheels = work, wheels

    def words(self, *words):
        return ['buildah', '--storage-driver', 'overlay', '--root', self.work / 'storage', '--runroot', self.work / 'run', *words]

    def take_base(self, archive):
        identity = run(*self.words('pull', '--quiet', f'oci-archive:{archive}')).strip()
        run(*self.words('tag', identity, 'localhost/base:1'))

    def build(self, context, *options):
        return self.words('build', '--quiet', '--isolation', 'chroot', '--layers', '--pull-never', '--volume', f'{self.wheels}:/wheels:ro',
                          *options, '--tag', context.name, context)

    def end(self):
        subprocess.run(['umount', self.work / 'storage/overlay'], stderr=subprocess.DEVNULL, check=False)


class Subject:
    """A lock of which one package is bumped, what cairn builds of it, and the Containerfile that does the same."""

    def __init__(self, name, lock, bumped, ours, context, at_least):
        self.name, self.lock, self.bumped, self.ours, self.context, self.at_least = name, lock, bumped, ours, context, at_least

    def set_version(self, wheels, version):
        """In the lock, and as requirements for pip."""
        lock = json.loads(self.lock.read_text())
        wheel = next(wheels.glob(f'{self.bumped}-{version}-*.whl'))
        lock['default'][self.bumped].update(version=f'=={version}', hashes=['sha256:' + hashlib.sha256(wheel.read_bytes()).hexdigest()])
        self.lock.write_text(json.dumps(lock, indent=4, sort_keys=True) + '\n')
        lines = []
        for name, pin in sorted(lock['default'].items()):
            hashes = ' '.join('--hash=' + one for one in pin['hashes'])
            marker = f" ; {pin['markers']}" if 'markers' in pin else ''
            lines.append(f"{name}{pin['version']}{marker} {hashes}\n")
        (self.context / 'requirements.txt').write_text(''.join(lines))


class Bench:
    def __init__(self, arguments, work):
        self.cairn, self.wheels, self.work, self.runs = Path(arguments.cairn).resolve(), arguments.wheels.resolve(), work, arguments.runs
        for folder in ('examples', 'layers', 'base-images', 's2i'):
            shutil.copytree(arguments.checkout / folder, work / folder, symlinks=True)
        self.store = work / 'store'
        self.buildah = Buildah(work, self.wheels)
        base = work / 'base.tar'
        run(self.cairn, 'base', 'build', work / 'base-images/debian12', '--store', self.store, '--tag', 'base:1',
            '--output', f'oci-archive:{base}:base', '--quiet')
        self.buildah.take_base(base)

    def ours(self, directory, tag, *options):
        return [self.cairn, 'build', directory, '--wheels', self.wheels, '--store', self.store, '--tag', f'{tag}:1', '--quiet', *options]

    def notebook(self):
        context = self.work / 'notebook'
        for layer, to in (('lmod/etc', 'etc'), ('jupyterlab/app-root', 'app-root'), ('notebook-runtime/app-root', 'app-root'),
                          ('launchers/app-root', 'app-root')):
            shutil.copytree(self.work / 'layers' / layer, context / to, symlinks=True, dirs_exist_ok=True)
        # What changes seldom first, as people write it.
        (context / 'Containerfile').write_text(
            f'FROM localhost/base:1\n{VENV}COPY etc/ /etc/\nCOPY app-root/ /opt/app-root/\nRUN {PIP} -r /tmp/requirements.txt\n'
            'USER 1001:0\nWORKDIR /opt/app-root/src\nCMD ["start-notebook.sh"]\n')
        return Subject('notebook', self.work / 'layers/jupyterlab/Pipfile.lock', 'certifi',
                       self.ours(self.work / 'examples/notebook', 'notebook'), context, (None, 10))

    def zero_config(self):
        project, context = self.work / 'lightgbm', self.work / 'lightgbm-context'
        project.mkdir()
        for name in ('Pipfile', 'Pipfile.lock'):
            shutil.copy(self.work / 'examples/lightgbm-notebook' / name, project)
        (project / 'app.py').write_text('import lightgbm\nprint(lightgbm.__version__)\n')
        shutil.copytree(project, context / 'src')
        (context / 'Containerfile').write_text(
            f'FROM localhost/base:1\n{VENV}RUN {PIP} -r /tmp/requirements.txt\nCOPY --chown=1001:0 src/ /opt/app-root/src/\n'
            'USER 1001:0\nWORKDIR /opt/app-root/src\nCMD ["python", "app.py"]\n')
        return Subject('LightGBM, zero configuration', project / 'Pipfile.lock', 'narwhals',
                       self.ours(project, 'lightgbm', '--base', self.work / 'base-images/debian12'), context, (20, 10))

    def compare(self, subject):
        versions = sorted(wheel.name.split('-')[1] for wheel in self.wheels.glob(f'{subject.bumped}-*.whl'))
        theirs = self.buildah.build(subject.context)
        subject.set_version(self.wheels, versions[0])
        run(*subject.ours)
        run(*theirs)
        rows = []

        def row(what, pairs, at_least):
            rows.append((subject, what, pairs, at_least))
            print(f'  {subject.name}, {what}: ' + ', '.join(f'{a:.3f} s against {b:.2f} s' for a, b in pairs), file=sys.stderr, flush=True)

        row('nothing changed', [(timed(*subject.ours), timed(*theirs)) for _ in range(self.runs + 2)], None)
        row('nothing changed; buildah builds again', [(timed(*subject.ours), timed(*self.buildah.build(subject.context, '--no-cache'))) for _ in range(self.runs)],
            subject.at_least[0])
        bumps = []
        for version in versions[1:self.runs + 1]:
            subject.set_version(self.wheels, version)
            bumps.append((timed(*subject.ours), timed(*theirs)))
        row(f'{subject.bumped} bumped', bumps, subject.at_least[1])
        return rows

    def report(self, rows):
        lines = ['| image | what | cairn s | buildah build s | times as fast | at least | runs |', '| --- | --- | --- | --- | --- | --- | --- |']
        for subject, what, pairs, at_least in rows:
            ratio = statistics.median(b / a for a, b in pairs)
            mark = ' **(missed)**' if at_least and ratio < at_least else ''
            ours, theirs = (statistics.median(column) for column in zip(*pairs))
            lines.append(f'| {subject.name} | {what} | {ours:.3f} | {theirs:.2f} | **{ratio:.0f}**{mark} | {at_least or ""} | {len(pairs)} |')
        return '\n'.join(lines)

    def run(self):
        try:
            return self.report([row for subject in (self.notebook(), self.zero_config()) for row in self.compare(subject)])
        finally:
            self.buildah.end()


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
        text = Bench(arguments, Path(work)).run()
    print(text)
    if arguments.write:
        write_figures(arguments.write, 'build', text)


if __name__ == '__main__':
    main()
