#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Layers of a locked Python stack, beside pip and uv with tar and zstd: same wheels, same machine, side by side.

  python.py CAIRN VENV WHEELHOUSE BUMPED [--runs N] [--work DIR] [--write docs/performance.md]

WHEELHOUSE holds wheels and requirements.txt; BUMPED one other version of one of them; VENV is where pip and uv are. What is
timed ends with a zstd layer, or all of them, and its digest. The page cache is warm throughout.
"""
import argparse
import hashlib
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
import typing
from pathlib import Path

from figures import write_figures


def run(command, **more):
    """Wall-clock and processor seconds, the latter of all that the command started."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, **more)
    wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Seconds(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


class Seconds(typing.NamedTuple):
    wall: float
    processor: float

    def then(self, other):
        return Seconds(self.wall + other.wall, self.processor + other.processor)


def peak_kib(command, environment):
    """Peak memory of a command, in KiB."""
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execve(command[0], [str(word) for word in command], environment)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f'{command}: status {status}')
    return usage.ru_maxrss


class Bench:
    def __init__(self, arguments):
        self.cairn, self.venv, self.wheels, self.bumped = arguments.cairn, arguments.venv, arguments.wheelhouse, arguments.bumped
        self.work = arguments.work / 'python'
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.environment = {**os.environ, 'CAIRN_WHEEL_CACHE': str(self.work / 'cache'), 'UV_CACHE_DIR': str(self.work / 'uv')}
        locks = self.work / 'locks'
        locks.mkdir()
        self.lock = self.wheels / 'requirements.txt'
        bumped_line = (self.bumped / 'requirements.txt').read_text()
        name = bumped_line.split('==')[0]
        self.bumped_lock = locks / 'bumped.txt'
        self.bumped_lock.write_text(re.sub(rf'^{re.escape(name)}==.*\n', bumped_line, self.lock.read_text(), flags=re.M))
        self.bumped_name = name
        for wheel in self.wheels.glob('*.whl'):
            hashlib.sha256(wheel.read_bytes())  # into the page cache

    def layers(self, lock, store):
        return [self.cairn, 'python', 'layers', lock, '--wheels', self.wheels, '--wheels', self.bumped, '--tag', 'stack:1', '--store', self.work / store, '--python',
                '.'.join(map(str, sys.version_info[:2])), '--glibc', '2.36', '--quiet', '--progress', 'none']

    def cairn_round(self, times):
        shutil.rmtree(self.work / 'store', ignore_errors=True)
        shutil.rmtree(self.work / 'cache', ignore_errors=True)
        times['cairn'].append(run(self.layers(self.lock, 'store'), env=self.environment))
        times['cairn, nothing changed'].append(run(self.layers(self.lock, 'store'), env=self.environment))
        times['cairn, one package changed'].append(run(self.layers(self.bumped_lock, 'store'), env=self.environment))

    def pack(self, directory):
        """One zstd layer of a directory, as `tar | zstd` with both digests."""
        script = f'tar -C {directory} --sort=name --mtime=@0 --owner=0 --group=0 -cf - . | tee >(sha256sum >/dev/null) | zstd -q -3 -T0 | tee >(sha256sum >/dev/null) >{self.work}/layer.zst'
        return run(['bash', '-c', script])

    def fresh_venv(self):
        directory = self.work / 'venv'
        shutil.rmtree(directory, ignore_errors=True)
        run([self.venv / 'bin/python', '-m', 'venv', '--without-pip', directory])
        return directory

    def pip_round(self, times):
        directory = self.fresh_venv()
        seconds = run([self.venv / 'bin/pip', '--python', directory / 'bin/python', 'install', '--quiet', '--no-deps', '--no-compile', '--require-hashes', '--no-index',
                       '--no-cache-dir', '--disable-pip-version-check', '--find-links', self.wheels, '-r', self.lock])
        times['pip --no-compile, tar, zstd'].append(seconds.then(self.pack(directory)))

    def uv_round(self, times):
        shutil.rmtree(self.work / 'uv', ignore_errors=True)
        for what in ('uv, empty cache, tar, zstd', 'uv, warm cache, hard links, tar, zstd'):
            directory = self.fresh_venv()
            seconds = run([self.venv / 'bin/uv', 'pip', 'install', '--quiet', '--python', directory / 'bin/python', '--no-deps', '--require-hashes', '--no-index',
                           '--link-mode', 'hardlink', '--find-links', self.wheels, '-r', self.lock], env=self.environment)
            times[what].append(seconds.then(self.pack(directory)))

    def memory(self):
        """Peak MiB of a cold run, and of one with a wheel of 600 MiB that does not compress."""
        found = []
        environment = {**self.environment, 'CAIRN_WHEEL_CACHE': str(self.work / 'memory-cache')}
        found.append(peak_kib(self.layers(self.lock, 'memory'), environment) / 1024)
        large = self.work / 'large'
        large.mkdir()
        make = Path(__file__).resolve().parents[1] / 'support/python/make_large_wheel.py'
        lock = large / 'requirements.txt'
        lock.write_bytes(subprocess.run([sys.executable, make, large, '600'], check=True, capture_output=True).stdout)
        command = self.layers(lock, 'memory')
        command[command.index(self.wheels)] = large
        found.append(peak_kib(command, environment) / 1024)
        return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('cairn', type=Path)
    parser.add_argument('venv', type=Path)
    parser.add_argument('wheelhouse', type=Path)
    parser.add_argument('bumped', type=Path)
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--work', type=Path, default=Path('build/bench'))
    parser.add_argument('--write', type=Path)
    arguments = parser.parse_args()
    arguments.cairn = arguments.cairn.resolve()
    arguments.work = arguments.work.resolve()
    bench = Bench(arguments)
    times = {what: [] for what in ['cairn', 'cairn, nothing changed', 'cairn, one package changed', 'pip --no-compile, tar, zstd', 'uv, empty cache, tar, zstd',
                                   'uv, warm cache, hard links, tar, zstd']}
    for _ in range(arguments.runs):
        bench.cairn_round(times)
        bench.uv_round(times)
        bench.pip_round(times)
    cold, large = bench.memory()
    wheels = list(arguments.wheelhouse.glob('*.whl'))
    middle = {what: Seconds(statistics.median(s.wall for s in seconds), statistics.median(s.processor for s in seconds)) for what, seconds in times.items()}
    ours = middle['cairn']
    lines = [f'{len(wheels)} wheels, {sum(w.stat().st_size for w in wheels) >> 20} MiB, {os.cpu_count()} cores, median of {arguments.runs} runs side by side, from wheel '
             'files to zstd -3 layers and their digests:', '', '| what | seconds | times cairn | processor seconds | times cairn |', '| --- | ---: | ---: | ---: | ---: |']
    lines += [f'| {what} | {one.wall:.2f} | {one.wall / ours.wall:.2f} | {one.processor:.2f} | {one.processor / ours.processor:.2f} |' for what, one in middle.items()]
    lines += ['', f'The changed package is {bench.bumped_name}. Peak memory: {cold:.0f} MiB for the stack, {large:.0f} MiB for a wheel of 600 MiB.']
    text = '\n'.join(lines)
    print(text)
    if arguments.write:
        write_figures(arguments.write, 'python', text)
    shutil.rmtree(bench.work)


if __name__ == '__main__':
    main()
