#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Eight populators at once on one volume, of two releases, some of them killed: each waits for its turn, and none harms another.

    many.py CAIRN [--rounds N] [--seed N]
"""
import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from volume import Libraries, leftovers, run, snapshot

POPULATORS = 8


def one_round(libraries, directory, choose):
    releases = [choose.choice(["v1", "v2"]) for _ in range(POPULATORS)]
    running = [subprocess.Popen([str(word) for word in libraries.command(release, directory)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
               for release in releases]
    victims = choose.sample(running, choose.randrange(0, 3))
    time.sleep(choose.random() * 0.1)  # any moment will do: nothing waits for it
    for victim in victims:
        victim.send_signal(signal.SIGKILL)
    for process in running:
        _, error = process.communicate(timeout=120)
        if process.returncode != 0 and process not in victims:
            sys.exit(f"a populator failed: {error}")


def check_history(libraries, directory):
    events = json.loads(libraries.check([libraries.cairn, "volume", "history", directory, "--json"]).stdout)["events"]
    numbers = [event["number"] for event in events]
    assert numbers == list(range(1, len(numbers) + 1)), f"an event was lost or written twice: {numbers}"
    now = None
    for event in events:
        if event["happened"]:
            assert event.get("from") == now, f"event {event['number']} began from {event.get('from')}, not from {now}"
            now = event["to"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cairn", type=Path)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    shared_memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared_memory if os.access(shared_memory, os.W_OK) else None) as place:
        work = Path(place).resolve()
        directory = work / "volume"
        libraries = Libraries(options.cairn.resolve(), work, directory)
        for number in range(options.rounds):
            if number % 4 == 0:
                shutil.rmtree(directory, ignore_errors=True)  # all of them begin the volume
            one_round(libraries, directory, random.Random(options.seed + number))
            check_history(libraries, directory)
        for release in ("v1", "v2"):
            libraries.populate(release, directory)
        assert leftovers(directory) == [], leftovers(directory)
        seen = snapshot(directory)
        assert seen["README"] and "modules/all/Fresh/2.0.lua" in seen
        done = run([libraries.cairn, "volume", "verify", directory, "--quiet"])
        assert done.returncode == 0, done.stdout
        print(f"{options.rounds} rounds of {POPULATORS} populators")


if __name__ == "__main__":
    main()
