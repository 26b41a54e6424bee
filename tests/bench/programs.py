# SPDX-License-Identifier: Apache-2.0
"""Programs that benches run: one that fails ends the bench with what it said."""
import subprocess
import sys
import time


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"bench: failed: {' '.join(map(str, command))}\n{done.stderr[-2000:]}")
    return done.stdout


def timed(*command):
    begin = time.monotonic()
    run(*command)
    return time.monotonic() - begin
