# SPDX-License-Identifier: Apache-2.0
"""Module trees for benchmarks, made up: units in EasyBuild's layout, the same for the same numbers and seed."""
import os
import random


class LibraryTree:
    """`units` modules of `files` files each; sizes follow log-normal laws, as those of real installations do."""

    def __init__(self, path, units, files, total_bytes, seed=1):
        self.path, self.files = path, files
        self.random = random.Random(seed)
        self.pool = pool(self.random)
        sizes = [self.random.lognormvariate(0, 1.4) for _ in range(units)]
        self.names = []
        for number, size in enumerate(sizes):
            name = f'{self.word().capitalize()}{number:04}/{1 + number % 7}.{number % 10}'
            self.make(name, size / sum(sizes) * total_bytes, [self.random.choice(self.names) for _ in range(3)] if self.names else [])
            self.names.append(name)

    def word(self):
        return ''.join(self.random.choice('bdfgklmnprst') + self.random.choice('aeiou') for _ in range(3))

    def make(self, name, size_bytes, dependencies):
        prefix = self.path / 'software' / name
        weights = [self.random.lognormvariate(0, 2) for _ in range(self.files)]
        for directory in ('easybuild', 'bin', 'lib/python3.11/site-packages/code', 'share/doc'):
            (prefix / directory).mkdir(parents=True)
        for number, weight in enumerate(weights):
            place = ('bin', 'lib/python3.11/site-packages/code', 'lib/python3.11/site-packages/code', 'share/doc')[number % 4]
            self.write(prefix / place / f'{self.word()}-{number}.py', int(weight / sum(weights) * size_bytes))
        (prefix / 'easybuild' / f'{name.replace("/", "-")}.eb').write_text(f'name = "{name}"\n')
        self.modulefile(name, dependencies)

    def write(self, file, size_bytes):
        with open(file, 'wb') as out:
            while size_bytes > 0:
                begin = self.random.randrange(len(self.pool) // 2)
                block = self.pool[begin:begin + min(size_bytes, len(self.pool) // 2)]
                out.write(block)
                size_bytes -= len(block)

    def modulefile(self, name, dependencies, remark='made up'):
        file = self.path / 'modules' / 'all' / f'{name}.lua'
        file.parent.mkdir(parents=True, exist_ok=True)
        about = ' '.join(self.word() for _ in range(40))
        lines = [f'help([==[\n\nDescription\n===========\n{about}\n\n\nMore information\n================\n - Homepage: https://{name}.example\n]==])',
                 f'whatis([==[Description: {about}, {remark}]==])', f'whatis([==[Homepage: https://{name}.example]==])',
                 f'local root = "{self.path}/software/{name}"', f'conflict("{name.split("/")[0]}")']
        lines += [f'if not ( isloaded("{d}") ) then\n    load("{d}")\nend' for d in dependencies]
        variable = name.split('/')[0].upper()
        lines += ['prepend_path("CMAKE_PREFIX_PATH", root)', 'prepend_path("CPATH", pathJoin(root, "include"))',
                  'prepend_path("LD_LIBRARY_PATH", pathJoin(root, "lib"))', 'prepend_path("LIBRARY_PATH", pathJoin(root, "lib"))',
                  'prepend_path("PATH", pathJoin(root, "bin"))', f'setenv("EBROOT{variable}", root)',
                  f'setenv("EBVERSION{variable}", "{name.split("/")[1]}")',
                  f'setenv("EBDEVEL{variable}", pathJoin(root, "easybuild/{name.replace("/", "-")}-easybuild-devel"))',
                  '-- Built with EasyBuild version 4.9.4', '']
        file.write_text('\n'.join(lines))

    def change_unit(self, name):
        """What a rebuild does: one file has other bytes."""
        file = sorted((self.path / 'software' / name / 'bin').iterdir())[0]
        with open(file, 'ab') as out:
            out.write(self.random.randbytes(4096))


def pool(source):
    """Bytes of which half compress like text and half not at all."""
    words = [''.join(source.choice('abcdefghijklmnopqrstuvwxyz') for _ in range(source.randrange(2, 9))).encode() for _ in range(3000)]
    parts = []
    for _ in range(32):
        parts.append(b' '.join(source.choices(words, k=60_000)))
        parts.append(source.randbytes(200_000))
    return b''.join(parts)


def facts(path):
    files = size = 0
    for directory, _, leaves in os.walk(path):
        for leaf in leaves:
            status = os.lstat(os.path.join(directory, leaf))
            files += 1
            size += status.st_size
    return f'{size / 1e9:.2f} GB in {files:,} files'
