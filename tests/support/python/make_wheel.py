#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_wheel.py DIRECTORY NAME VERSION [PATH=CONTENT…]: write a small wheel, and print its line of requirements.txt."""
import base64
import hashlib
import sys
import zipfile
from pathlib import Path


def main():
    directory, name, version, *extra = sys.argv[1:]
    info = f"{name}-{version}.dist-info"
    files = {f"{name}/__init__.py": f"version = {version!r}\n", f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
             f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
             f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:version.upper\n"}
    files.update(one.split("=", 1) for one in extra)
    rows = []
    path = Path(directory) / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, text in sorted(files.items()):
            entry = zipfile.ZipInfo(file)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            rows.append(f"{file},sha256={digest},{len(text.encode())}\n")
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "".join(rows) + f"{info}/RECORD,,\n")
    print(f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
