#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time `cairn push` and `cairn pull` against skopeo and crane, with docker-registry on loopback, in one run.

  registry.py CAIRN [--layers N] [--megabytes N] [--runs N] [--work DIR] [--only push|pull] [--write docs/performance.md]

The image is an OCI layout of incompressible layers, so that every tool moves the same bytes and none compresses. Every push goes into an
empty registry. Pairs run alternately; the figure is the median of the ratios of wall time, pair by pair, since shared machines drift.
CRANE= names crane (else PATH and $CAIRN_CACHE/bin are looked at).
"""
import argparse
import hashlib
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import write_figures
from loopback_registry import Registry


def make_image(layout, layers, megabytes):
    """An OCI layout `bench`, sizes as in module libraries: a few large layers and many small ones."""
    blobs = layout / 'blobs' / 'sha256'
    blobs.mkdir(parents=True)
    (layout / 'oci-layout').write_text('{"imageLayoutVersion":"1.0.0"}')

    def put(*parts):
        digest, size, path = hashlib.sha256(), 0, layout / 'writing'
        with path.open('wb') as file:
            for part in parts:
                digest.update(part)
                size += file.write(part)
        path.rename(blobs / digest.hexdigest())
        return {'digest': 'sha256:' + digest.hexdigest(), 'size': size}

    def noise(size):
        for begin in range(0, size, 1 << 24):
            yield numbers.randbytes(min(1 << 24, size - begin))

    numbers = random.Random(1)
    weights = [1 / (i + 3) for i in range(layers)]
    total = megabytes * 1_000_000
    descriptors, diff_ids = [], []
    for weight in weights:
        size = int(total * weight / sum(weights))
        # A gzip-typed blob of noise: nobody unpacks it here.
        descriptors.append({'mediaType': 'application/vnd.oci.image.layer.v1.tar+gzip', **put(b'\x1f\x8b', *noise(size))})
        diff_ids.append(descriptors[-1]['digest'])
    config = put(json.dumps({'architecture': 'amd64', 'os': 'linux', 'rootfs': {'type': 'layers', 'diff_ids': diff_ids}}).encode())
    manifest = {'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.manifest.v1+json',
                'config': {'mediaType': 'application/vnd.oci.image.config.v1+json', **config}, 'layers': descriptors}
    entry = {'mediaType': manifest['mediaType'], **put(json.dumps(manifest).encode()), 'annotations': {'org.opencontainers.image.ref.name': 'bench'}}
    (layout / 'index.json').write_text(json.dumps({'schemaVersion': 2, 'manifests': [entry]}))


class Run:
    def __init__(self, wall, cpu):
        self.wall, self.cpu = wall, cpu


def timed(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wall = time.monotonic() - begin
    if done.returncode != 0:
        sys.exit(f'bench: failed: {" ".join(command)}\n{done.stderr[-2000:]}')
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Run(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def crane_program():
    cache = Path(os.environ.get('CAIRN_CACHE', Path.home() / '.cache' / 'cairn'))
    return os.environ.get('CRANE') or shutil.which('crane') or (str(cache / 'bin' / 'crane') if (cache / 'bin' / 'crane').is_file() else None)


class Bench:
    def __init__(self, cairn, work, runs):
        self.cairn, self.work, self.runs, self.rows = cairn, work, runs, []
        self.layout = work / 'layout'

    def command(self, tool, verb, port, out):
        image = f'127.0.0.1:{port}/bench/library:1'
        if tool == 'cairn':
            tail = ['--tls-verify', 'false', '--quiet']
            return ([self.cairn, 'push', f'oci:{self.layout}:bench', image, *tail] if verb == 'push'
                    else [self.cairn, 'pull', image, '--tag', 'bench:1', '--store', str(out), *tail])
        if tool == 'skopeo':
            # As fast as it goes: as many blobs at once as it has by itself (six).
            return (['skopeo', 'copy', '-q', '--dest-tls-verify=false', f'oci:{self.layout}:bench', f'docker://{image}'] if verb == 'push'
                    else ['skopeo', 'copy', '-q', '--src-tls-verify=false', f'docker://{image}', f'oci:{out}:bench'])
        return ([crane_program(), 'push', '--insecure', str(self.layout), image] if verb == 'push'
                else [crane_program(), 'pull', '--insecure', '--format=oci', image, str(out)])

    def push(self, tool):
        registry = Registry(self.work / 'registry')
        try:
            return timed(self.command(tool, 'push', registry.port, None))
        finally:
            registry.stop()

    def pull(self, tool, registry):
        out = self.work / 'out'
        try:
            return timed(self.command(tool, 'pull', registry.port, out))
        finally:
            shutil.rmtree(out, ignore_errors=True)

    def compare(self, verb, peer, limit, once):
        pairs = []
        for _ in range(self.runs):
            pairs.append((once('cairn'), once(peer)))
            print(f'  {verb}: cairn {pairs[-1][0].wall:.2f} s, {peer} {pairs[-1][1].wall:.2f} s', file=sys.stderr, flush=True)
        middle = statistics.median
        self.rows.append({'verb': verb, 'peer': peer, 'limit': limit, 'runs': len(pairs), 'ratio': middle([a.wall / b.wall for a, b in pairs]),
                          'cpu': middle([a.cpu / b.cpu for a, b in pairs]), 'ours': middle([a.wall for a, _ in pairs]),
                          'theirs': middle([b.wall for _, b in pairs])})

    def run(self, verbs):
        peers = [('skopeo', 1 / 1.3)] + ([('crane', 1.0)] if crane_program() else [])
        if 'push' in verbs:
            for peer, limit in peers:
                self.compare('push', peer, limit, self.push)
        if 'pull' in verbs:
            registry = Registry(self.work / 'registry')
            try:
                timed(self.command('cairn', 'push', registry.port, None))
                self.again = timed(self.command('cairn', 'push', registry.port, None)).wall
                for peer, limit in peers:
                    self.compare('pull', peer, limit, lambda tool: self.pull(tool, registry))
            finally:
                registry.stop()


def report(bench, facts):
    lines = [f'{facts}. {os.cpu_count()} cores, shared by client and registry.', '',
             '| what | against | ratio of wall time | at most | ratio of client processor time | ours s | theirs s | runs |', '| --- | --- | --- | --- | --- | --- | --- | --- |']
    names = {'skopeo': '`skopeo copy`', 'crane': '`crane`'}
    for row in bench.rows:
        mark = '' if row['ratio'] <= row['limit'] else ' **(missed)**'
        lines.append(f"| {row['verb']} | {names[row['peer']]} | **{row['ratio']:.2f}**{mark} | {row['limit']:.2f} | {row['cpu']:.2f} | {row['ours']:.2f} | "
                     f"{row['theirs']:.2f} | {row['runs']} |")
    return '\n'.join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn')
    parser.add_argument('--layers', type=int, default=100)
    parser.add_argument('--megabytes', type=int, default=2100)
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--work', type=Path)
    parser.add_argument('--only', choices=['push', 'pull'])
    parser.add_argument('--write', type=Path)
    arguments = parser.parse_args()
    if crane_program() is None:
        print('bench: no crane: go install github.com/google/go-containerregistry/cmd/crane@latest with GOBIN=$CAIRN_CACHE/bin', file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=arguments.work, prefix='cairn-bench-') as work:
        bench = Bench(arguments.cairn, Path(work), arguments.runs)
        make_image(bench.layout, arguments.layers, arguments.megabytes)
        bench.run([arguments.only] if arguments.only else ['push', 'pull'])
    text = report(bench, f'{arguments.megabytes / 1000:.2f} GB in {arguments.layers} layers')
    print(text)
    if arguments.write:
        write_figures(arguments.write, 'registry', text)


if __name__ == '__main__':
    main()
