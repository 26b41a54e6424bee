#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_large_wheel.py DIRECTORY MIB: write a wheel with one member of that size, deflated, and print its line of requirements.txt."""
import hashlib
import random
import sys
import zipfile
from pathlib import Path


def main():
    directory, mib = Path(sys.argv[1]), int(sys.argv[2])
    path = directory / 'large-1.0-py3-none-any.whl'
    source = random.Random(1)
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(zipfile.ZipInfo('large/data.bin'), 'w', force_zip64=True) as member:
            block = source.randbytes(1 << 20)
            for i in range(mib):
                member.write(i.to_bytes(8, 'little') + block[8:])
        info = 'large-1.0.dist-info'
        archive.writestr(f'{info}/METADATA', 'Metadata-Version: 2.1\nName: large\nVersion: 1.0\n')
        archive.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
        archive.writestr(f'{info}/RECORD', f'large/data.bin,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n')
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    print(f'large==1.0 --hash=sha256:{digest.hexdigest()}')


if __name__ == '__main__':
    main()
