#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replay the updates that a locked data-science stack really had, and say what each costs a client that has the last one.

  replay.py STACK_PLAN REQUIREMENTS [--updates N] [--days N] [--work DIR] [--write docs/performance.md]

The lock of a day has, of each project in REQUIREMENTS, the newest final version that was published by then with a wheel for CPython 3.11
on x86_64. Sizes are those of the wheels, as the index says them; layers are compressed about as well. Days on which nothing changed are
no updates. STACK_PLAN asks cairn's own plan (tests/support/python/stack_plan.cpp). The index is PIP_INDEX_URL, or pip's own.
"""
import argparse
import concurrent.futures
import datetime
import json
import os
import statistics
import subprocess
import sys
import urllib.request
from pathlib import Path

from pip._internal.models.index import PyPI
from pip._vendor.packaging import tags
from pip._vendor.packaging.specifiers import InvalidSpecifier, SpecifierSet
from pip._vendor.packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from figures import write_figures

LIMITS = {40: 0.13, 60: 0.10}
TARGET = [*tags.cpython_tags((3, 11), ['cp311'], [f'manylinux_2_{minor}_x86_64' for minor in range(36, 4, -1)] +
                             ['manylinux2014_x86_64', 'manylinux2010_x86_64', 'manylinux1_x86_64', 'linux_x86_64']),
          *tags.compatible_tags((3, 11), 'cp311', ['linux_x86_64'])]
RANK = {tag: i for i, tag in enumerate(TARGET)}


def published(project, cache):
    """Each final version with a wheel for the target: when it came, and the wheel's bytes."""
    file = cache / f'{project}.json'
    if not file.is_file():
        index = (os.environ.get('PIP_INDEX_URL') or PyPI.simple_url).rstrip('/')
        request = urllib.request.Request(f'{index}/{project}/', headers={'Accept': 'application/vnd.pypi.simple.v1+json'})
        with urllib.request.urlopen(request, timeout=60) as answer:
            file.write_bytes(answer.read())
    versions = {}
    for entry in json.loads(file.read_text())['files']:
        if entry.get('yanked') or 'upload-time' not in entry or not entry.get('size'):
            continue
        try:
            _, version, _, offered = parse_wheel_filename(entry['filename'])
            if version.is_prerelease or not SpecifierSet(entry.get('requires-python') or '').contains('3.11.9'):
                continue
        except (InvalidWheelFilename, InvalidSpecifier):
            continue
        ranks = [RANK[tag] for tag in offered if tag in RANK]
        if ranks and (version not in versions or min(ranks) < versions[version][0]):
            versions[version] = (min(ranks), entry['upload-time'][:10], entry['size'])
    return sorted((version, day, size) for version, (_, day, size) in versions.items())


def locks(projects, history, updates, days):
    """The last `updates` + 1 different locks, oldest first: project -> (version, bytes)."""
    day, found = datetime.date.today(), []
    for _ in range(10 * updates):
        lock = {}
        for project in projects:
            known = [(version, size) for version, when, size in history[project] if when <= day.isoformat()]
            if known:
                lock[project] = known[-1]
        if not found or lock != found[-1]:
            found.append(lock)
        if len(found) > updates:
            return found[::-1]
        day -= datetime.timedelta(days=days)
    sys.exit(f'bench: only {len(found) - 1} updates are to be had; give smaller --days')


class Plan:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, lock, layers, memory):
        question = {'layers': layers, 'alone': sorted(memory[0]), 'sharing': sorted(memory[1]),
                    'packages': [{'name': name, 'bytes': size} for name, (_, size) in sorted(lock.items())]}
        self.process.stdin.write(json.dumps(question) + '\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def replay(series, group):
    """Bytes that each update costs, and the layers of the last lock."""
    costs, had, count = [], None, 0
    for lock in series:
        layers = {frozenset((name, str(lock[name][0])) for name in names): sum(lock[name][1] for name in names) for names in group(lock)}
        if had is not None:
            costs.append(sum(size for layer, size in layers.items() if layer not in had))
        had, count = layers, len(layers)
    return costs, count


def sticky(plan, layers):
    memory = (set(), set())

    def group(lock):
        nonlocal memory
        groups = plan.ask(lock, layers, memory)
        memory = ({names[0] for names in groups if len(names) == 1}, {name for names in groups if len(names) > 1 for name in names})
        return groups

    return group


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('stack_plan', type=Path)
    parser.add_argument('requirements', type=Path)
    parser.add_argument('--updates', type=int, default=40)
    parser.add_argument('--days', type=int, default=2)
    parser.add_argument('--work', type=Path, default=Path('.'))
    parser.add_argument('--write', type=Path)
    arguments = parser.parse_args()
    projects = [canonicalize_name(line.split('==')[0].strip()) for line in arguments.requirements.read_text().splitlines()
                if line.strip() and not line.startswith('#')]
    cache = arguments.work / f'published-{datetime.date.today()}'
    cache.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        history = dict(zip(projects, pool.map(lambda project: published(project, cache), projects)))
    series = locks(projects, history, arguments.updates, arguments.days)
    plan = Plan(arguments.stack_plan)
    rows = [('one layer', *replay(series, lambda lock: [list(lock)]), None)]
    rows += [(f'cairn, {layers} layers', *replay(series, sticky(plan, layers)), LIMITS[layers]) for layers in LIMITS]
    rows += [('one layer a package', *replay(series, lambda lock: [[name] for name in lock]), None)]
    whole = statistics.mean(rows[0][1])
    changed = statistics.mean(sum(before.get(name) != pinned for name, pinned in after.items()) for before, after in zip(series, series[1:]))
    lines = [f'{arguments.updates} updates, every {arguments.days} days where something changed; {len(series[-1])} packages, '
             f'{sum(size for _, size in series[-1].values()) / 1e6:.0f} MB of wheels; {changed:.1f} packages an update.', '',
             '| layers | in the last | mean MB an update | of one layer | at most |', '| --- | --- | --- | --- | --- |']
    for name, costs, count, limit in rows:
        share = statistics.mean(costs) / whole
        mark = ' **(missed)**' if limit is not None and share > limit else ''
        lines.append(f'| {name} | {count} | {statistics.mean(costs) / 1e6:.1f} | **{share:.1%}**{mark} | {f"{limit:.0%}" if limit else ""} |')
    text = '\n'.join(lines)
    print(text)
    if arguments.write:
        write_figures(arguments.write, 'replay', text)


if __name__ == '__main__':
    main()
