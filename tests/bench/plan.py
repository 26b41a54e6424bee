#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What updates cost under cairn's plans and under those of others, over the same releases.

  plan.py CAIRN [--seeds N] [--write docs/performance.md] [--picture docs/small-updates.svg] [--work DIR]

Releases of a made-up library of 500 modules (15.9 GB, log-normal sizes; 8 new ones a release, 0.4 % built again, 0.4 %
removed) go through `cairn plan --simulate` and through the policies of three other tools, written here from their
descriptions. Amplification: bytes that a client of one release fetches for the next, to bytes that are new in it; sums over
all releases. Cairn's index layer counts as fetched, and as one of the K layers. CHUNKAH= names the real program, which
then packs the same releases too, with sizes divided by 100. Exit code 1 when a figure misses what is wanted.
"""
import argparse
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import write_figures

UNITS, ADDED, MEAN_BYTES, SPREAD = 500, 8, 31_800_000, 1.9
BUDGETS = (32, 64, 100)
REAL_SCALE = 100


# Histories: a list of releases, each a map from a unit's name to (version, bytes).

def make_history(seed, releases, churn):
    chance = random.Random(seed)
    made = 0
    def size():
        return max(4096, int(math.exp(chance.gauss(math.log(MEAN_BYTES) - SPREAD ** 2 / 2, SPREAD))))
    def add():
        nonlocal made
        made += 1
        current[f'unit{made:05}'] = (1, size())
    def count(mean):
        return int(mean) + (chance.random() < mean - int(mean))
    current = {}
    for _ in range(UNITS):
        add()
    history = [dict(current)]
    for _ in range(releases):
        rebuilt, removed = count(churn * len(current)), count(churn * len(current))
        picked = chance.sample(sorted(current), rebuilt + removed)
        for name in picked[:rebuilt]:
            version, size_bytes = current[name]
            current[name] = (version + 1, max(4096, int(size_bytes * math.exp(chance.gauss(0, 0.1)))))
        for name in picked[rebuilt:]:
            del current[name]
        for _ in range(ADDED):
            add()
        history.append(dict(current))
    return history


def new_units(before, after):
    return {name: unit for name, unit in after.items() if before.get(name) != unit}


def new_bytes(before, after):
    return sum(size for _, size in new_units(before, after).values())


class Cost:
    """What one release costs: bytes that are new, bytes fetched, layers fetched, and what is dead (part of what lives)."""
    def __init__(self, new, fetched, touched, dead=0.0, layers=0):
        self.new, self.fetched, self.touched, self.dead, self.layers = new, fetched, touched, dead, layers


def amplification(costs):
    return sum(cost.fetched for cost in costs) / sum(cost.new for cost in costs)


# Cairn.

def cairn(program, work, history, budget, dead_percent=10):
    model = work / 'model.yaml'
    lines = ['first:'] + [f'  {name}: {size}' for name, (_, size) in history[0].items()] + ['releases:']
    for before, after in zip(history, history[1:]):
        changes = [f'{name}: {size}' for name, (_, size) in new_units(before, after).items()]
        changes += [f'{name}: removed' for name in before if name not in after]
        lines.append('- {' + ', '.join(changes) + '}')
    model.write_text('\n'.join(lines) + '\n')
    done = subprocess.run([program, 'plan', '--simulate', str(len(history) - 1), '--model', model, '--layers', str(budget), '--dead',
                           str(dead_percent), '--json', '--quiet'], stdout=subprocess.PIPE, check=True)
    releases = json.loads(done.stdout)['releases']
    costs = [Cost(r['new_bytes'], r['fetched_bytes'], sum(r['made'].values()) + 1, r['dead_bytes'] / r['live_bytes'], r['layers'])
             for r in releases[1:]]
    for cost, before, after in zip(costs, history, history[1:]):
        assert cost.new == new_bytes(before, after), 'cairn has another idea of what is new'
    return costs


# The others. A policy maps the units of one release, and what it keeps from the last, to layers: lists of names.

def chunkah(units, budget, _):
    """chunkah 0.6: outliers by size alone, the others by a hash of their name. Without changelogs all are equally stable."""
    if len(units) <= budget:
        return [[name] for name in units], None
    sizes = sorted(size for _, size in units.values())
    middle = statistics.median(sizes)
    deviation = statistics.median(abs(size - middle) for size in sizes)
    if deviation < middle / 100:
        deviation = middle
    by_size = sorted(units, key=lambda name: (-units[name][1], name))
    large = [name for name in by_size if units[name][1] >= middle + 1.5 * deviation][:int(0.8 * budget)]
    layers = [[name] for name in large]
    bins = [[] for _ in range(budget - len(layers))]
    alone = set(large)
    for name in sorted(units):
        if name not in alone:
            bins[fnv1a(name) % len(bins)].append(name)
    for empty in bins:
        if not empty:
            fullest = max(bins, key=len)
            if len(fullest) > 1:
                largest = max(fullest, key=lambda name: units[name][1])
                fullest.remove(largest)
                empty.append(largest)
    return layers + [one for one in bins if one], None


def fnv1a(text):
    value = 0xcbf29ce484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return value


def rpm_ostree(units, budget, previous):
    """rpm-ostree with its previous build: places stay, what is new goes to the last bin, which is kept for that."""
    if previous is not None:
        layers = [[name for name in layer if name in units] for layer in previous]
        known = {name for layer in layers for name in layer}
        layers[-1] += [name for name in sorted(units) if name not in known]
        return layers, layers
    sizes = sorted(size for _, size in units.values())
    middle = statistics.median(sizes)
    deviation = statistics.median(abs(size - middle) for size in sizes)
    by_size = sorted(units, key=lambda name: (-units[name][1], name))
    bins = budget - 2  # one for the smallest, one for what is new; nothing is known about frequencies of change
    large = [name for name in by_size if units[name][1] >= middle + 2 * deviation][:int(0.6 * bins)]
    small = [name for name in by_size if units[name][1] <= middle - 2 * deviation]
    others = sorted(set(units) - set(large) - set(small))
    count = bins - len(large)
    runs = [others[i * len(others) // count:(i + 1) * len(others) // count] for i in range(count)]
    layers = [[name] for name in large] + runs + [small, []]
    return layers, layers


def apko(units, budget, _):
    """apko by size: the largest alone, all others in one layer."""
    by_size = sorted(units, key=lambda name: (-units[name][1], name))
    return [[name] for name in by_size[:budget - 1]] + [by_size[budget - 1:]], None


def replay(policy, history, budget):
    costs, have, state = [], None, None
    for number, units in enumerate(history):
        layers, state = policy(units, budget, state)
        state = [list(layer) for layer in state] if state else None
        blobs = {frozenset((name, units[name][0]) for name in layer): sum(units[name][1] for name in layer) for layer in layers if layer}
        assert sum(len(blob) for blob in blobs) == len(units) and len(blobs) <= budget, 'a policy lost a unit or passed the budget'
        if have is not None:
            missing = [size for blob, size in blobs.items() if blob not in have]
            costs.append(Cost(new_bytes(history[number - 1], units), sum(missing), len(missing)))
        have = blobs
    return costs


def real_chunkah(program, work, history, budget):
    """The program itself on a tree of one file a unit, whose component the file's extended attribute names."""
    tree, out = work / 'tree', work / 'oci'
    shutil.rmtree(tree, ignore_errors=True)
    costs, have, before = [], None, {}
    for units in history:
        for name in before.keys() - units.keys():
            shutil.rmtree(tree / name)
        for name, (version, size) in new_units(before, units).items():
            (tree / name).mkdir(parents=True, exist_ok=True)
            file = tree / name / 'content'
            file.write_bytes(random.Random(f'{name} {version}').randbytes(size // REAL_SCALE))
            os.setxattr(file, 'user.component', name.encode())
            for path in (file, tree / name, tree):
                os.utime(path, (0, 0))
        shutil.rmtree(out, ignore_errors=True)
        subprocess.run([program, 'build', '--rootfs', tree, '--max-layers', str(budget), '-o', f'oci:{out}'], check=True,
                       stdout=subprocess.DEVNULL, env=os.environ | {'SOURCE_DATE_EPOCH': '0'})
        blob = lambda digest: out / 'blobs' / digest.replace(':', '/')
        manifest = json.loads(blob(json.loads((out / 'index.json').read_text())['manifests'][0]['digest']).read_text())
        layers = {layer['digest']: layer['size'] for layer in manifest['layers']}
        if have is not None:
            missing = [size for digest, size in layers.items() if digest not in have]
            new = sum(size // REAL_SCALE for _, size in new_units(before, units).values())
            costs.append(Cost(new, sum(missing), len(missing)))
        have, before = layers, units
    return costs


PEERS = {'chunkah': chunkah, 'rpm-ostree, previous build': rpm_ostree, 'apko, by size': apko}


# The figures.

class Bench:
    def __init__(self, program, work, seeds):
        self.program, self.work, self.seeds = program, work, seeds
        self.histories, self.costs, self.checks = {}, {}, []

    def history(self, seed, releases, churn):
        key = (seed, releases, churn)
        if key not in self.histories:
            self.histories[key] = make_history(seed, releases, churn)
        return self.histories[key]

    def all(self, tool, releases, churn, budget, dead=10):
        """A list of costs for each seed."""
        key = (tool, releases, churn, budget, dead)
        if key not in self.costs:
            histories = [self.history(seed, releases, churn) for seed in self.seeds]
            run = (lambda h: cairn(self.program, self.work, h, budget, dead)) if tool == 'cairn' else (lambda h: replay(PEERS[tool], h, budget))
            self.costs[key] = [run(history) for history in histories]
        return self.costs[key]

    def ratios(self, *what):
        return [amplification(costs) for costs in self.all(*what)]

    def check(self, what, wanted, got, text):
        self.checks.append((what, wanted, text, got <= wanted))

    def check_all(self):
        for releases, churn, budget, most in ((30, 0.004, 100, 1.10), (30, 0.004, 64, 1.20), (30, 0.004, 32, 2.2), (30, 0.02, 100, 1.8),
                                              (100, 0.004, 100, 1.5), (30, 0.0, 100, 1.02)):
            got = self.ratios('cairn', releases, churn, budget)
            kind = f'{100 * churn:g} % changed and removed' if churn else 'only added'
            self.check(f'{releases} releases, {kind}, K = {budget}', most, max(got), f'{max(got):.3f} (mean {statistics.mean(got):.3f})')
        for budget in BUDGETS:
            got = [ours / theirs for ours, theirs in zip(self.ratios('cairn', 30, 0.004, budget), self.ratios('chunkah', 30, 0.004, budget))]
            self.check(f'30 releases, 0.4 %, K = {budget}, to chunkah\'s, mean', 0.2, statistics.mean(got), f'{statistics.mean(got):.3f} (worst {max(got):.3f})')
        got = self.ratios('cairn', 30, 0.004, 100, 0)
        self.check('30 releases, 0.4 %, K = 100, `--dead 0`, mean', 4.5, statistics.mean(got), f'{statistics.mean(got):.3f} (worst {max(got):.3f})')
        ours = [(key, cost) for key, runs in self.costs.items() if key[0] == 'cairn' for costs in runs for cost in costs]
        dead = max(cost.dead for key, cost in ours if key[4] == 10)
        self.check('dead bytes to live ones in any release', 0.1, dead, f'{dead:.4f}')
        over = max(cost.layers - key[3] for key, cost in ours)
        self.check('layers beyond K in any release', 0, max(0, over), str(max(0, over)))


def report(bench, real):
    lines = [f'{UNITS} units of {UNITS * MEAN_BYTES / 1e9:.1f} GB, {ADDED} new ones a release; worst of {len(bench.seeds)} seeds.', '',
             '| amplification | at most | got | |', '| --- | --- | --- | --- |']
    lines += [f'| {what} | {wanted:g} | {got} | {"ok" if ok else "**missed**"} |' for what, wanted, got, ok in bench.checks]
    lines += ['', 'Others, 30 releases, 0.4 % changed and removed: amplification, mean (worst) · layers fetched a release, mean.', '',
              '| policy | ' + ' | '.join(f'K = {budget}' for budget in BUDGETS) + ' |', '| --- |' + ' --- |' * len(BUDGETS)]
    def row(name, costs_at):
        cells = []
        for budget in BUDGETS:
            runs = costs_at(budget)
            got = [amplification(costs) for costs in runs]
            touched = statistics.mean(cost.touched for costs in runs for cost in costs)
            cells.append(f'{statistics.mean(got):.2f} ({max(got):.2f}) · {touched:.1f}')
        lines.append(f'| {name} | ' + ' | '.join(cells) + ' |')
    row('cairn', lambda budget: bench.all('cairn', 30, 0.004, budget))
    row('cairn, `--dead 0`', lambda budget: bench.all('cairn', 30, 0.004, budget, 0))
    for peer in PEERS:
        row(peer, lambda budget: bench.all(peer, 30, 0.004, budget))
    if real:
        row(f'the program chunkah, {len(next(iter(real.values())))} seed', lambda budget: real[budget])
    return '\n'.join(lines)


def print_releases(bench, budget):
    tools = ['cairn', *PEERS]
    print(f'Seed {bench.seeds[0]}, K = {budget}: amplification and layers fetched, release by release')
    print('release   new MB  ' + ''.join(f'{tool:>28}' for tool in tools))
    runs = [bench.all(tool, 30, 0.004, budget)[0] for tool in tools]
    for number, costs in enumerate(zip(*runs), 1):
        print(f'{number:7} {costs[0].new / 1e6:8.0f}  ' + ''.join(f'{cost.fetched / cost.new:21.2f} {cost.touched:6}' for cost in costs))


# The picture: plain SVG, drawn here.

COLOURS = {'cairn': '#0072b2', 'chunkah': '#d55e00', 'rpm-ostree, previous build': '#009e73', 'apko, by size': '#8a6d00'}


class Chart:
    """Lines over a linear x and a logarithmic y from 1."""
    def __init__(self, left, title, x_title, x_range, x_ticks, top):
        self.left, self.title, self.x_title, self.x_range, self.x_ticks, self.top = left, title, x_title, x_range, x_ticks, top
        self.width, self.height, self.upper = 340, 260, 60

    def x(self, value):
        low, high = self.x_range
        return self.left + (value - low) / (high - low) * self.width

    def y(self, value):
        return self.upper + self.height * (1 - math.log(value) / math.log(self.top))

    def frame(self):
        parts = [f'<text x="{self.left}" y="38" class="title">{self.title}</text>']
        for tick in (1, 2, 5, 10, 20, 50):
            if tick <= self.top:
                parts.append(f'<line x1="{self.left}" x2="{self.left + self.width}" y1="{self.y(tick):.1f}" y2="{self.y(tick):.1f}" class="grid"/>')
                parts.append(f'<text x="{self.left - 8}" y="{self.y(tick) + 4:.1f}" text-anchor="end">{tick}×</text>')
        bottom = self.upper + self.height
        parts += [f'<text x="{self.x(tick):.1f}" y="{bottom + 18}" text-anchor="middle">{tick}</text>' for tick in self.x_ticks]
        parts.append(f'<text x="{self.left + self.width / 2}" y="{bottom + 38}" text-anchor="middle">{self.x_title}</text>')
        return parts

    def line(self, points, colour):
        path = ' '.join(f'{self.x(x):.1f},{self.y(y):.1f}' for x, y in points)
        return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5" stroke-linejoin="round"/>']


def picture(bench):
    tools = ['cairn', *PEERS]
    over_time, over_budgets = {}, {}
    for tool in tools:
        runs = bench.all(tool, 30, 0.004, 64)
        over_time[tool] = [(n, statistics.mean(amplification(costs[:n]) for costs in runs)) for n in range(1, 31)]
        over_budgets[tool] = [(budget, statistics.mean(bench.ratios(tool, 30, 0.004, budget))) for budget in BUDGETS]
    top = max(y for points in (*over_time.values(), *over_budgets.values()) for _, y in points) * 1.1
    charts = ((Chart(60, 'So far, after each release (64 layers)', 'release', (1, 30), (1, 10, 20, 30), top), over_time),
              (Chart(470, 'After 30 releases, by number of layers', 'layers', (32, 100), BUDGETS, top), over_budgets))
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 840 410" font-family="sans-serif" font-size="13">',
             '<title>Bytes fetched for an update to bytes that are new in it</title>',
             '<style>.title { font-weight: bold } .grid { stroke: #ddd }</style>', '<rect width="840" height="410" fill="#fff"/>']
    for chart, lines in charts:
        parts += chart.frame()
        for tool, points in lines.items():
            parts += chart.line(points, COLOURS[tool])
    for left, tool in zip((60, 200, 360, 610), tools):
        parts.append(f'<rect x="{left}" y="384" width="18" height="4" fill="{COLOURS[tool]}"/><text x="{left + 26}" y="391">{tool}</text>')
    return '\n'.join([*parts, '</svg>']) + '\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn')
    parser.add_argument('--seeds', type=int, default=12)
    parser.add_argument('--work', type=Path)
    parser.add_argument('--write', type=Path)
    parser.add_argument('--picture', type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.work, prefix='cairn-bench-') as work:
        bench = Bench(arguments.cairn, Path(work), list(range(1, arguments.seeds + 1)))
        bench.check_all()
        real = {}
        if program := os.environ.get('CHUNKAH'):
            real = {budget: [real_chunkah(program, Path(work), bench.history(1, 30, 0.004), budget)] for budget in BUDGETS}
        print_releases(bench, 64)
        text = report(bench, real)
    print('\n' + text)
    if arguments.write:
        write_figures(arguments.write, 'plan', text)
    if arguments.picture:
        arguments.picture.write_text(picture(bench))
    if not all(ok for *_, ok in bench.checks):
        sys.exit(1)


if __name__ == '__main__':
    main()
