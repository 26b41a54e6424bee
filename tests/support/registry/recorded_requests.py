#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every request that the registries and token servers of the tests get, and whether a credential came to whom it does not belong.

  recorded_requests.py begin|check DIR

The servers append to a file each in $RECORDED_REQUESTS, when it is set. `check` fails when a request carried a credential to a server that
had not asked for it, or a secret anywhere else than in Authorization; and when there were many requests and not one carried a credential,
since then it says nothing. A secret is never written.
"""
import json
import os
import sys
from pathlib import Path

# Whatever the tests use as a password, plain and in base64 with the users they use.
SECRETS = ('geheim', 'bWU6Z2VoZWlt', 'Z2VoZWlt')
MANY = 500


class Recorder:
    def __init__(self):
        place = os.environ.get('RECORDED_REQUESTS')
        self.file = open(Path(place) / f'{os.getpid()}.jsonl', 'a', encoding='utf-8', buffering=1) if place and Path(place).is_dir() else None

    def record(self, request, port, asked, mine=()):
        """`request`: a BaseHTTPRequestHandler. `asked`: it was challenged, or is the token server it was sent to. `mine`: values of Authorization
        and queries that a test says belong to this server."""
        if self.file is None:
            return
        authorization = request.headers.get('Authorization', '')
        path, _, query = request.path.partition('?')
        # A proxy's own header belongs to a proxy, which is asked by whole URLs.
        proxy = request.command == 'CONNECT' or path.startswith('http')
        own = ('authorization', 'proxy-authorization') if proxy else ('authorization',)
        elsewhere = [path, '' if query in mine else query] + [value for name, value in request.headers.items() if name.lower() not in own]
        self.file.write(json.dumps({
            'server': f'127.0.0.1:{port}', 'request': f'{request.command} {path}', 'credential': authorization.partition(' ')[0],
            'belongs': not authorization or asked or authorization in mine,
            'leaks': any(secret in text for secret in SECRETS for text in elsewhere)}) + '\n')


def check(directory):
    lines = [json.loads(line) for file in directory.glob('*.jsonl') for line in file.read_text(encoding='utf-8').splitlines()]
    wrong = [line for line in lines if not line['belongs'] or line['leaks']]
    for line in wrong[:20]:
        print(json.dumps(line))
    carried = sum(bool(line['credential']) for line in lines)
    print(f'{len(lines)} requests recorded, {carried} with a credential, {len(wrong)} where none belongs')
    if len(lines) >= MANY and not carried:
        sys.exit('no credential at all: the check says nothing')
    sys.exit(bool(wrong))


def main():
    verb, directory = sys.argv[1], Path(sys.argv[2])
    if verb == 'check':
        check(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for file in directory.glob('*.jsonl'):
        file.unlink()


if __name__ == '__main__':
    main()
