#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The token server that docker-registry wants (Docker Registry v2 authentication), for tests: users and passwords, RS256 by openssl.

  token_server.py KEY CERTIFICATE USER PASSWORD

Prints its port and serves until stdin closes. Anonymous clients may pull what begins with `public/`; the user may do all. What came is
written to stderr, a line a request: method, path, whether credentials were shown.
"""
import base64
import json
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from recorded_requests import Recorder

KEY, CERTIFICATE, USER, PASSWORD = sys.argv[1:5]
RECORDER = Recorder()


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def certificate_der():
    pem = open(CERTIFICATE, encoding='ascii').read()
    return ''.join(line for line in pem.splitlines() if line and not line.startswith('-----'))


def token(account, access):
    now = int(time.time())
    head = b64(json.dumps({'typ': 'JWT', 'alg': 'RS256', 'x5c': [certificate_der()]}).encode())
    body = b64(json.dumps({'iss': 'cairn-tests', 'sub': account, 'aud': 'registry', 'exp': now + 300, 'nbf': now - 10, 'iat': now,
                           'jti': str(uuid.uuid4()), 'access': access}).encode())
    signed = subprocess.run(['openssl', 'dgst', '-sha256', '-sign', KEY], input=f'{head}.{body}'.encode(), stdout=subprocess.PIPE, check=True)
    return f'{head}.{body}.{b64(signed.stdout)}'


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        shown = self.headers.get('Authorization', '')
        RECORDER.record(self, self.server.server_address[1], asked=shown.startswith('Basic '))
        account = ''
        print(f'GET {self.path.partition("?")[0]} {"credentials" if shown else "anonymous"}', file=sys.stderr, flush=True)
        if shown:
            account, _, password = base64.b64decode(shown.partition(' ')[2]).decode().partition(':')
            if (account, password) != (USER, PASSWORD):
                return self.reply(401, {'errors': [{'code': 'UNAUTHORIZED', 'message': 'incorrect username or password'}]})
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        access = []
        for scope in ' '.join(query.get('scope', [])).split():
            kind, name, actions = scope.split(':', 2)
            allowed = [action for action in actions.split(',') if account or (action == 'pull' and name.startswith('public/'))]
            access.append({'type': kind, 'name': name, 'actions': allowed})
        return self.reply(200, {'token': token(account, access), 'expires_in': 300})

    def reply(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Server(ThreadingHTTPServer):
    daemon_threads = True


server = Server(('127.0.0.1', 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
