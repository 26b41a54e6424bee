#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Add an image of one layer, a tar archive, to an OCI layout. The bytes depend on the archive alone.

  image_of_tar.py TAR LAYOUT NAME:TAG [--leave-out DIRECTORY]… [--env NAME=VALUE]… [--cmd WORD]… [--architecture ARCH]
"""
import argparse
import gzip
import hashlib
import json
import tarfile
from pathlib import Path


class Hashed:
    """A file that knows the digest of what was written."""
    def __init__(self, file):
        self.file, self.hash, self.size = file, hashlib.sha256(), 0

    def write(self, data):
        self.hash.update(data)
        self.size += len(data)
        return self.file.write(data)

    def flush(self):
        self.file.flush()


def write_layer(source, target, leave_out):
    packed = Hashed(target)
    with gzip.GzipFile(filename='', mode='wb', fileobj=packed, compresslevel=1, mtime=0) as unpacked:
        plain = Hashed(unpacked)
        with tarfile.open(source) as read, tarfile.open(fileobj=plain, mode='w|', format=tarfile.PAX_FORMAT) as written:
            for entry in read:
                entry.name = entry.name.removeprefix('./') or '.'
                if entry.name == '.' or any(entry.name.startswith(f'{directory}/') for directory in leave_out):
                    continue
                if entry.islnk():
                    entry.linkname = entry.linkname.removeprefix('./')
                entry.pax_headers = {}
                entry.mtime = int(entry.mtime)
                written.addfile(entry, read.extractfile(entry) if entry.isreg() else None)
    return packed, plain


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('tar', type=Path)
    parser.add_argument('layout', type=Path)
    parser.add_argument('name')
    parser.add_argument('--leave-out', action='append', default=[])
    parser.add_argument('--env', action='append', default=[])
    parser.add_argument('--cmd', action='append', default=[])
    parser.add_argument('--architecture', default='amd64')
    arguments = parser.parse_args()

    blobs = arguments.layout / 'blobs/sha256'
    blobs.mkdir(parents=True, exist_ok=True)
    part = blobs / 'part'
    with part.open('wb') as target:
        packed, plain = write_layer(arguments.tar, target, arguments.leave_out)
    part.rename(blobs / packed.hash.hexdigest())

    def put(media_type, document):
        text = json.dumps(document, sort_keys=True, separators=(',', ':')).encode()
        digest = hashlib.sha256(text).hexdigest()
        (blobs / digest).write_bytes(text)
        return {'mediaType': f'application/vnd.oci.image.{media_type}.v1+json', 'digest': f'sha256:{digest}', 'size': len(text)}

    epoch = '1970-01-01T00:00:00Z'
    config = put('config', {
        'architecture': arguments.architecture, 'os': 'linux', 'created': epoch,
        'config': {'Env': arguments.env, 'Cmd': arguments.cmd},
        'rootfs': {'type': 'layers', 'diff_ids': [f'sha256:{plain.hash.hexdigest()}']},
        'history': [{'created': epoch, 'created_by': 'image_of_tar.py'}]})
    layer = {'mediaType': 'application/vnd.oci.image.layer.v1.tar+gzip', 'digest': f'sha256:{packed.hash.hexdigest()}', 'size': packed.size}
    manifest = put('manifest', {'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.manifest.v1+json', 'config': config, 'layers': [layer]})
    manifest['annotations'] = {'org.opencontainers.image.ref.name': arguments.name}
    (arguments.layout / 'oci-layout').write_text('{"imageLayoutVersion":"1.0.0"}')
    index = arguments.layout / 'index.json'
    others = json.loads(index.read_text())['manifests'] if index.exists() else []
    index.write_text(json.dumps({'schemaVersion': 2, 'manifests': others + [manifest]}))


if __name__ == '__main__':
    main()
