# SPDX-License-Identifier: Apache-2.0
"""A module tree through many small releases: units come, change and go, roots and the rest with them.

    release_series.py TREE RELEASE      make TREE what it is at that release, from what it was at the one before (0: anew)
"""
import random
import shutil
import sys
from pathlib import Path


class Series:
    def __init__(self, tree, release):
        self.tree, self.release, self.random = tree, release, random.Random(release)

    def units(self):
        return sorted(f'{d.parent.name}/{d.name}' for d in (self.tree / 'software').glob('*/*'))

    def write(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def add(self, name):
        prefix = self.tree / 'software' / name
        self.write(prefix / 'easybuild' / 'log.eb', name)
        self.change(name)
        (prefix / 'bin').mkdir()
        (prefix / 'bin' / 'current').symlink_to('../data/0')
        self.write(self.tree / 'modules/all' / f'{name}.lua', f'whatis("Description: {name}")\nsetenv("EBROOT", "/opt/series/software/{name}")\n')
        link = self.tree / 'modules/tools' / f'{name}.lua'
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(f'/opt/series/modules/all/{name}.lua')

    def change(self, name):
        """Some files new, some gone, some directories that become files and the reverse."""
        data = self.tree / 'software' / name / 'data'
        for number in range(6):
            path = data / str(number)
            if self.random.random() < 0.6:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            if self.random.random() < 0.3:
                self.write(path / 'inside', f'{self.release} ' * self.random.randrange(200))
            else:
                self.write(path, f'{name} {self.release}\n' * self.random.randrange(1, 3000))

    def remove(self, name):
        shutil.rmtree(self.tree / 'software' / name)
        for path in (f'modules/all/{name}.lua', f'modules/tools/{name}.lua'):
            (self.tree / path).unlink()
        for directory in (self.tree / 'software' / name, self.tree / 'modules/all' / name, self.tree / 'modules/tools' / name):
            if self.random.random() < 0.5 and not any(directory.parent.iterdir()):
                directory.parent.rmdir()

    def step(self):
        if self.release == 0:
            self.tree.mkdir()
            for number in range(24):
                self.add(f'Unit{number % 8}/{number}')
            self.write(self.tree / 'notes/first', 'x')
            return
        units = self.units()
        for name in self.random.sample(units, 2):
            self.change(name)
        gone = self.random.choice(units)
        self.remove(gone)
        # A name that was there before may come again.
        for name in {f'Unit{self.random.randrange(8)}/{self.random.randrange(40)}' for _ in range(2)} - set(self.units()):
            self.add(name)
        self.write(self.tree / f'notes/{self.random.randrange(4)}', f'{self.release}')
        if self.random.random() < 0.3:
            shutil.rmtree(self.tree / 'notes')
        default = self.tree / 'modules/all' / self.units()[0].split('/')[0] / 'default'
        default.unlink(missing_ok=True)
        if self.random.random() < 0.7:
            default.symlink_to(self.units()[0].split('/')[1] + '.lua')


if __name__ == '__main__':
    Series(Path(sys.argv[1]), int(sys.argv[2])).step()
