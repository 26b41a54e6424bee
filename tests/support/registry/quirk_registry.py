#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A registry that misbehaves on demand, for tests.

  quirk_registry.py [--tls CERT KEY [--tls-version V] [--goaway N]]

Prints its port and serves until stdin closes. It keeps blobs and manifests in memory and records every request. Tests steer it by
requests to /_quirks (PUT: a JSON object of switches, replacing those before; see SWITCHES), /_requests (GET: what came, DELETE: forget),
/_blobs and /_reset (POST: forget everything). All else is distribution-spec 1.1.
"""
import argparse
import hashlib
import json
import random
import re
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from recorded_requests import Recorder

SWITCHES = {
    # authentication
    'challenge': 'list of WWW-Authenticate values for every request without a valid Authorization ("": none)',
    'users': 'object user: password that Basic and the token server take',
    'token_life': 'expires_in of tokens, really enforced',
    'token_key': 'name of the token in the answer: token or access_token',
    'token_body': 'what the token server answers instead',
    'token_body_bytes': 'length of an endless answer',
    'identity_tokens': 'refresh tokens that POST takes; absent: POST is 404',
    'refuse_delete_scope': 'the token server refuses scopes with delete (Quay)',
    'insufficient_scope_once': 'first request with a token: 401 with insufficient_scope and this scope',
    # faults on any request that matches `where` ("METHOD regex")
    'belongs': 'list of Authorization values and queries that this server may get without asking (recorded_requests.py)',
    'fail': 'object {rate, seed, kinds}: share of requests that fail',
    'status': 'list of {where, status, times, headers, body, or file with the body}',
    'cut': 'list of {where, after, times}: close the connection after so many body bytes of the answer',
    'cut_upload': 'list of {after, times}: close after reading so many bytes of a PATCH or PUT',
    'slow': 'list of {where, bytes, seconds}: then that pause',
    'redirect': 'list of {where, to, times}: 307',
    # quirks of registries
    'mount_needs_from': 'Quay', 'no_mount': 'POST with mount gives 202', 'content_range_limit': 'GHCR: 416 over so many bytes',
    'patch_201': 'ECR', 'stuck_range': 'ECR: Range stays 0-0', 'no_monolithic': 'Artifactory: POST then PUT with a body is 404',
    'head_manifest_403': 'Artifactory', 'tags': 'what tags/list gives instead', 'tags_page': 'tags a page', 'tags_link': 'Link of every page',
    'unknown_text': 'Harbor: code UNKNOWN, text not found', 'head_length': 'Harbor: HEAD of manifests says another length',
    'blob_unknown_once': 'GAR: HEAD of blobs is 200 though they are gone; the manifest is refused once',
    'lose_session': 'uploads are forgotten after so many PATCHes, once', 'short_accept': 'PATCH keeps only so many bytes of each',
    'no_location': 'POST uploads without Location', 'location': 'Location of uploads instead ({path} is replaced)',
    'min_chunk': 'OCI-Chunk-Min-Length', 'wrong_digest_header': 'Docker-Content-Digest is wrong', 'content_type': 'of manifests, instead',
    'range': 'answer to Range: ignore, wrong, multipart, short', 'content_encoding': 'header on blobs', 'spoil': 'blobs: object digest: hex bytes instead',
    'length': 'Content-Length of blobs is so much more than the truth', 'endless': 'GET of blobs and manifests never ends',
    'flip': 'object tag: digest that it means after its first GET or HEAD', 'referrers': 'none (404), html (200), list', 'subject': 'OCI-Subject is sent',
    'etag': 'manifests', 'big_header': 'bytes of a header more', 'schema1': 'manifests when Accept lacks OCI types', 'no_delete': '405',
}


class Registry:
    def __init__(self):
        self.lock = threading.Lock()
        self.reset()

    def reset(self):
        with self.lock:
            self.blobs, self.manifests, self.tags, self.uploads, self.tokens = {}, {}, {}, {}, {}
            self.requests, self.quirks, self.counts = [], {}, {}
            self.asked, self.issued = set(), set()  # schemes of challenges, and tokens
            self.random = random.Random(0)
            self.next = 0

    def use(self, name, key=0, times=None):
        """Whether a quirk that counts has uses left."""
        with self.lock:
            used = self.counts.get((name, key), 0)
            if times is not None and used >= times:
                return False
            self.counts[(name, key)] = used + 1
            return True


REGISTRY = Registry()
RECORDER = Recorder()
REPOSITORY = r'/v2/(?P<name>[a-z0-9._/-]+?)'


class Gone(Exception):
    pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    # ---- plumbing

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            if isinstance(self.connection, ssl.SSLSocket):
                self.connection.do_handshake()
                if self.connection.selected_alpn_protocol() == 'h2':
                    return self.go_away()
            super().handle()
        except (Gone, OSError):
            pass

    def go_away(self):
        """HTTP/2: settings, then GOAWAY before any answer (RFC 9113, 6.8)."""
        self.connection.recv(4096)
        self.connection.sendall(b'\0\0\0\4\0\0\0\0\0' + b'\0\0\x08\7\0\0\0\0\0' + b'\0' * 8)
        self.connection.close()

    def hang_up(self):
        """Reset, not close: the other side sees a broken connection."""
        self.close_connection = True
        sock = self.connection
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        except OSError:
            pass
        sock.close()
        raise Gone()

    def quirk(self, name, default=None):
        return REGISTRY.quirks.get(name, default)

    def rules(self, name):
        for index, rule in enumerate(self.quirk(name, [])):
            method, _, pattern = rule.get('where', '* ').partition(' ')
            if method in ('*', self.command) and re.search(pattern, self.path) and REGISTRY.use(name, index, rule.get('times')):
                yield rule

    def body_length(self):
        return int(self.headers.get('Content-Length') or 0)

    def read_body(self):
        left = self.body_length()
        cut = None
        if self.command in ('PATCH', 'PUT') and '/uploads/' in self.path:
            for index, rule in enumerate(self.quirk('cut_upload', [])):
                if left > rule['after'] and REGISTRY.use('cut_upload', index, rule.get('times')):
                    cut = rule['after']
        body = bytearray()
        while left > 0:
            part = self.rfile.read(min(left, 65536 if cut is None else max(1, cut - len(body))))
            if not part:
                raise Gone()
            body += part
            left -= len(part)
            if cut is not None and len(body) >= cut:
                self.partial_body = bytes(body)
                return None
        return bytes(body)

    def answer(self, status, body=b'', headers=(), length=None):
        if isinstance(body, str):
            body = body.encode()
        cut = next((rule['after'] for rule in self.rules('cut')), None) if status < 300 else None
        self.send_response(status)
        for key, value in headers:
            self.send_header(key, value)
        if self.quirk('big_header') and not self.path.startswith('/_'):
            self.send_header('X-Big', 'x' * self.quirk('big_header'))
        self.send_header('Content-Length', str(len(body) if length is None else length))
        self.end_headers()
        if self.command == 'HEAD':
            return
        if cut is not None and cut < len(body):
            # Closed, not reset: what was sent arrives.
            self.wfile.write(body[:cut])
            self.close_connection = True
            return
        for rule in self.rules('slow'):
            for at in range(0, len(body), rule['bytes']):
                self.wfile.write(body[at:at + rule['bytes']])
                time.sleep(rule['seconds'])
            return
        self.wfile.write(body)
        if length is not None and length != len(body):
            self.wfile.flush()
            self.hang_up()

    def error(self, status, code, message='', headers=()):
        if self.quirk('unknown_text') and status == 404:
            code, message = 'UNKNOWN', 'resource not found'
        self.answer(status, json.dumps({'errors': [{'code': code, 'message': message}]}), [('Content-Type', 'application/json'), *headers])

    # ---- control

    def control(self):
        body = self.read_body() or b''
        path = self.path
        if path == '/_quirks':
            REGISTRY.quirks = json.loads(body or b'{}')
            unknown = set(REGISTRY.quirks) - set(SWITCHES)
            if unknown:
                return self.answer(400, f'unknown switches: {unknown}')
            REGISTRY.counts = {}
            REGISTRY.random = random.Random(REGISTRY.quirks.get('fail', {}).get('seed', 0))
            return self.answer(200)
        if path == '/_requests':
            if self.command == 'DELETE':
                REGISTRY.requests = []
                return self.answer(200)
            return self.answer(200, json.dumps(REGISTRY.requests))
        if path == '/_reset':
            REGISTRY.reset()
            return self.answer(200)
        if path == '/_state':
            state = {'blobs': sorted(REGISTRY.blobs), 'manifests': sorted(f'{n}@{d}' for n, d in REGISTRY.manifests),
                     'tags': {f'{n}:{t}': d for (n, t), d in REGISTRY.tags.items()}}
            return self.answer(200, json.dumps(state))
        if path.startswith('/_forget/'):
            REGISTRY.blobs.pop(path[len('/_forget/'):], None)
            return self.answer(200)
        return self.answer(404)

    # ---- authentication

    def basic_user(self):
        import base64
        scheme, _, value = self.headers.get('Authorization', '').partition(' ')
        if scheme.lower() != 'basic':
            return None
        try:
            user, _, password = base64.b64decode(value).decode().partition(':')
        except ValueError:
            return None
        return user if self.quirk('users', {}).get(user) == password else False

    def token_server(self):
        body = self.read_body() or b''
        if self.quirk('token_body_bytes'):
            self.send_response(200)
            self.send_header('Content-Length', str(self.quirk('token_body_bytes')))
            self.end_headers()
            left = self.quirk('token_body_bytes')
            while left > 0:
                self.wfile.write(b' ' * min(left, 65536))
                left -= 65536
            return None
        if self.quirk('token_body') is not None:
            return self.answer(200, self.quirk('token_body'))
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        scopes = query.get('scope', [])
        if self.command == 'POST':
            form = urllib.parse.parse_qs(body.decode())
            if self.quirk('identity_tokens') is None:
                return self.answer(404)
            if form.get('refresh_token', [''])[0] not in self.quirk('identity_tokens'):
                return self.error(401, 'UNAUTHORIZED', 'bad refresh token')
            scopes = form.get('scope', [''])[0].split()
        else:
            user = self.basic_user()
            if user is False or (user is None and self.quirk('users')):
                return self.error(401, 'UNAUTHORIZED', 'incorrect username or password')
        if self.quirk('refuse_delete_scope') and any('delete' in scope for scope in scopes):
            return self.error(400, 'DENIED', 'no such action: delete')
        with REGISTRY.lock:
            REGISTRY.next += 1
            token = f'token-{REGISTRY.next}'
            REGISTRY.issued.add(token)
            REGISTRY.tokens[token] = (time.monotonic() + self.quirk('token_life', 300), scopes)
        return self.answer(200, json.dumps({self.quirk('token_key', 'token'): token, 'expires_in': self.quirk('token_life', 300)}),
                           [('Content-Type', 'application/json')])

    def allowed(self):
        challenge = self.quirk('challenge')
        if challenge is None:
            return True
        scheme, _, value = self.headers.get('Authorization', '').partition(' ')
        if scheme == 'Bearer' and value in REGISTRY.tokens and REGISTRY.tokens[value][0] > time.monotonic():
            if self.quirk('insufficient_scope_once') and self.path != '/v2/' and REGISTRY.use('insufficient', 0, 1):
                port = self.server.server_address[1]
                self.error(401, 'UNAUTHORIZED', 'insufficient scope', [
                    ('WWW-Authenticate', f'Bearer realm="http://127.0.0.1:{port}/token",service="quirk",error="insufficient_scope",'
                     f'scope="{self.quirk("insufficient_scope_once")}"')])
                return False
            return True
        if scheme == 'Basic' and self.basic_user():
            return True
        port = self.server.server_address[1]
        REGISTRY.asked.update(one.partition(' ')[0] for one in challenge)
        self.error(401, 'UNAUTHORIZED', 'authentication required',
                   [('WWW-Authenticate', one.replace('{port}', str(port))) for one in challenge if one])
        return False

    def record(self):
        authorization = self.headers.get('Authorization', '')
        scheme, _, value = authorization.partition(' ')
        here = self.path.startswith('/token')
        asked = (value in REGISTRY.issued or self.quirk('token_body') is not None if scheme == 'Bearer'
                 else 'Basic' in REGISTRY.asked or (here and bool(REGISTRY.asked or self.quirk('users'))))
        RECORDER.record(self, self.server.server_address[1], asked, self.quirk('belongs', []))

    # ---- the protocol

    def serve(self):
        self.trouble = None
        REGISTRY.requests.append({'method': self.command, 'path': self.path, 'host': self.headers.get('Host', ''),
                                  'authorization': self.headers.get('Authorization', ''), 'range': self.headers.get('Range', ''),
                                  'content_range': self.headers.get('Content-Range', ''), 'bytes': self.body_length(), 'sent': 0,
                                  'headers': dict(self.headers.items())})
        if self.path.startswith('/_'):
            REGISTRY.requests.pop()
            return self.control()
        self.record()
        for rule in self.rules('status'):
            self.read_body()
            body = Path(rule['file']).read_bytes() if 'file' in rule else rule.get('body', '')
            return self.answer(rule['status'], body, list(rule.get('headers', {}).items()))
        for rule in self.rules('redirect'):
            self.read_body()
            return self.answer(307, '', [('Location', rule['to'])])
        fail = self.quirk('fail')
        if fail and REGISTRY.random.random() < fail['rate']:
            self.fail_somehow(REGISTRY.random.choice(fail.get('kinds', ['500', '503', '429', 'reset', 'cut', 'upload'])))
        if self.path.startswith('/token'):
            return self.token_server()
        if not self.allowed():
            self.close_connection = True
            return None
        if self.path in ('/v2/', '/v2'):
            return self.answer(200, '{}')
        for pattern, method in ROUTES:
            match = re.fullmatch(REPOSITORY + pattern, urllib.parse.urlsplit(self.path).path)
            if match:
                return method(self, **match.groupdict())
        self.read_body()
        return self.error(404, 'NAME_UNKNOWN')

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = serve

    def fail_somehow(self, kind):
        if kind == 'reset':
            self.hang_up()
        if kind in ('500', '503', '429'):
            self.read_body()
            self.error(int(kind), 'UNAVAILABLE', 'try again', [('Retry-After', '0')] if kind == '429' else [])
            raise_after = Gone()
            self.wfile.flush()
            self.close_connection = True
            raise raise_after
        self.trouble = kind  # cut or upload: happens while bytes flow

    def send_bytes(self, body, headers, status=200, total=None):
        length = len(body) + self.quirk('length', 0)
        if self.quirk('endless'):
            self.send_response(status)
            self.send_header('Transfer-Encoding', 'chunked')
            for key, value in headers:
                self.send_header(key, value)
            self.end_headers()
            while True:
                self.wfile.write(b'10000\r\n' + b'x' * 65536 + b'\r\n')
        if self.trouble == 'cut' and self.command == 'GET':
            self.send_response(status)
            for key, value in headers:
                self.send_header(key, value)
            self.send_header('Content-Length', str(length))
            self.end_headers()
            sent = body[:REGISTRY.random.randrange(len(body) + 1)]
            REGISTRY.requests[-1]['sent'] = len(sent)
            self.wfile.write(sent)
            self.wfile.flush()
            self.hang_up()
        self.answer(status, body, headers, length if length != len(body) else None)

    def blob(self, name, digest):
        self.read_body()
        if self.command == 'HEAD' and self.quirk('blob_unknown_once'):
            size = self.quirk('blob_unknown_once').get(digest)
            if size is not None and REGISTRY.use('blob_unknown_head', digest, 1):
                return self.answer(200, b'', [('Docker-Content-Digest', digest)], length=size)
        if digest not in REGISTRY.blobs:
            return self.error(404, 'BLOB_UNKNOWN', 'blob unknown to registry')
        body = REGISTRY.blobs[digest]
        if digest in self.quirk('spoil', {}):
            body = bytes.fromhex(self.quirk('spoil')[digest])
        headers = [('Content-Type', 'application/octet-stream'), ('Docker-Content-Digest', digest)]
        if self.quirk('content_encoding'):
            headers.append(('Content-Encoding', self.quirk('content_encoding')))
        asked = re.fullmatch(r'bytes=(\d+)-(\d*)', self.headers.get('Range', ''))
        how = self.quirk('range')
        if not asked or how == 'ignore' or self.command == 'HEAD':
            if how == 'short' and self.command == 'GET':
                body = body[:len(body) // 2]
            return self.send_bytes(body, headers)
        first = int(asked[1])
        last = min(int(asked[2]) if asked[2] else len(body) - 1, len(body) - 1)
        if first >= len(body):
            return self.answer(416, b'', [('Content-Range', f'bytes */{len(body)}')])
        if how == 'multipart':
            return self.answer(206, b'--x\r\n\r\n--x--', [('Content-Type', 'multipart/byteranges; boundary=x')])
        shown = first + 1 if how == 'wrong' else first
        headers.append(('Content-Range', f'bytes {shown}-{last}/{len(body)}'))
        return self.send_bytes(body[first:last + 1], headers, 206)

    def begin_upload(self, name):
        self.read_body()
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        if 'mount' in query and not self.quirk('no_mount'):
            if 'from' not in query and self.quirk('mount_needs_from'):
                return self.error(400, 'UNSUPPORTED', 'mount needs from')
            if query['mount'][0] in REGISTRY.blobs:
                return self.answer(201, b'', [('Location', f'/v2/{name}/blobs/{query["mount"][0]}')])
        with REGISTRY.lock:
            REGISTRY.next += 1
            upload = f'u{REGISTRY.next}'
        REGISTRY.uploads[upload] = {'bytes': bytearray(), 'patches': 0}
        headers = [('Docker-Upload-UUID', upload), ('Range', '0-0')]
        path = f'/v2/{name}/blobs/uploads/{upload}?state=secret-state'
        if not self.quirk('no_location'):
            headers.append(('Location', self.quirk('location', '{path}').replace('{path}', path)))
        if self.quirk('min_chunk'):
            headers.append(('OCI-Chunk-Min-Length', str(self.quirk('min_chunk'))))
        return self.answer(202, b'', headers)

    def received(self, name, upload, session):
        last = 0 if self.quirk('stuck_range') else max(len(session['bytes']) - 1, 0)
        path = f'/v2/{name}/blobs/uploads/{upload}?state=secret-state'
        return [('Location', self.quirk('location', '{path}').replace('{path}', path)), ('Range', f'0-{last}'), ('Docker-Upload-UUID', upload)]

    def take_part(self, session, body):
        limit = self.quirk('short_accept')
        session['bytes'] += body[:limit] if limit and session['patches'] % 2 == 0 else body

    def upload(self, name, upload):
        session = REGISTRY.uploads.get(upload)
        if self.trouble == 'upload' and self.command in ('PATCH', 'PUT') and self.body_length() > 1:
            part = self.rfile.read(REGISTRY.random.randrange(self.body_length()))
            if session is not None and self.command == 'PATCH':
                session['bytes'] += part
            elif session is not None:
                REGISTRY.uploads.pop(upload, None)
            self.hang_up()
        body = self.read_body()
        if session is None:
            return self.error(404, 'BLOB_UPLOAD_UNKNOWN', 'upload unknown to registry')
        if body is None:  # cut
            if self.command == 'PATCH':
                session['bytes'] += self.partial_body
            self.hang_up()
        if self.command == 'GET':
            return self.answer(204, b'', self.received(name, upload, session))
        if self.command == 'DELETE':
            REGISTRY.uploads.pop(upload)
            return self.answer(204)
        if self.command == 'PATCH':
            return self.patch(name, upload, session, body)
        return self.finish_upload(name, upload, session, body)

    def patch(self, name, upload, session, body):
        limit = self.quirk('content_range_limit')
        asked = re.fullmatch(r'(\d+)-(\d+)', self.headers.get('Content-Range', ''))
        if limit and asked and len(body) > limit:
            return self.answer(416, b'', self.received(name, upload, session))
        if asked and int(asked[1]) != len(session['bytes']):
            return self.answer(416, b'', self.received(name, upload, session))
        lose = self.quirk('lose_session')
        if lose and session['patches'] >= lose and REGISTRY.use('lose_session', 0, 1):
            REGISTRY.uploads.pop(upload)
            return self.error(404, 'BLOB_UPLOAD_UNKNOWN', 'upload unknown to registry')
        self.take_part(session, body)
        session['patches'] += 1
        return self.answer(201 if self.quirk('patch_201') else 202, b'', self.received(name, upload, session))

    def finish_upload(self, name, upload, session, body):
        digest = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get('digest', [''])[0]
        if body and session['patches'] == 0 and self.quirk('no_monolithic'):
            return self.error(404, 'BLOB_UPLOAD_UNKNOWN', 'upload unknown to registry')
        content = bytes(session['bytes']) + body
        REGISTRY.uploads.pop(upload, None)
        if 'sha256:' + hashlib.sha256(content).hexdigest() != digest:
            return self.error(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content')
        REGISTRY.blobs[digest] = content
        return self.answer(201, b'', [('Location', f'/v2/{name}/blobs/{digest}'), ('Docker-Content-Digest', digest)])

    def manifest(self, name, reference):
        body = self.read_body()
        if self.command == 'PUT':
            return self.put_manifest(name, reference, body)
        digest = reference if reference.startswith('sha256:') else REGISTRY.tags.get((name, reference))
        if self.command == 'HEAD' and self.quirk('head_manifest_403') and digest is None:
            return self.error(403, 'DENIED')
        if (name, digest) not in REGISTRY.manifests:
            return self.error(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
        if self.command == 'DELETE':
            if self.quirk('no_delete'):
                return self.error(405, 'UNSUPPORTED')
            REGISTRY.manifests.pop((name, digest))
            for key in [key for key, value in REGISTRY.tags.items() if key[0] == name and value == digest]:
                REGISTRY.tags.pop(key)
            return self.answer(202)
        flip = self.quirk('flip', {}).get(reference)
        if flip:
            REGISTRY.tags[(name, reference)] = flip
        content, kind = REGISTRY.manifests[(name, digest)]
        if self.quirk('schema1') and 'vnd.oci' not in self.headers.get('Accept', ''):
            content, kind = b'{"schemaVersion": 1}', 'application/vnd.docker.distribution.manifest.v1+json'
        if self.quirk('spoil', {}).get(digest):
            content = bytes.fromhex(self.quirk('spoil')[digest])
        shown = 'sha256:' + '0' * 64 if self.quirk('wrong_digest_header') else digest
        headers = [('Content-Type', self.quirk('content_type', kind)), ('Docker-Content-Digest', shown)]
        if self.command == 'HEAD' and self.quirk('head_length'):
            return self.answer(200, b'', headers, length=len(content) + 7)
        return self.send_bytes(content, headers)

    def put_manifest(self, name, reference, body):
        document = json.loads(body)
        missing = [one['digest'] for one in document.get('layers', []) + ([document['config']] if 'config' in document else []) if one['digest'] not in REGISTRY.blobs]
        missing += [one['digest'] for one in document.get('manifests', []) if (name, one['digest']) not in REGISTRY.manifests]
        if missing:
            return self.error(404 if self.quirk('blob_unknown_once') else 400, 'MANIFEST_BLOB_UNKNOWN', f'blob unknown: {missing[0]}')
        digest = 'sha256:' + hashlib.sha256(body).hexdigest()
        REGISTRY.manifests[(name, digest)] = (body, self.headers.get('Content-Type', ''))
        if not reference.startswith('sha256:'):
            REGISTRY.tags[(name, reference)] = digest
        headers = [('Location', f'/v2/{name}/manifests/{digest}'), ('Docker-Content-Digest', digest)]
        if self.quirk('subject') and 'subject' in document:
            headers.append(('OCI-Subject', document['subject']['digest']))
        return self.answer(201, b'', headers)

    def tag_list(self, name):
        self.read_body()
        tags = sorted(tag for repository, tag in REGISTRY.tags if repository == name)
        if self.quirk('tags') is None and not any(repository == name for repository, _ in REGISTRY.manifests):
            return self.error(404, 'NAME_UNKNOWN', 'repository name not known to registry')
        headers = [('Content-Type', 'application/json')]
        page = self.quirk('tags_page')
        if page:
            last = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get('last', [''])[0]
            rest = [tag for tag in tags if tag > last]
            tags = rest[:page]
            if len(rest) > page:
                headers.append(('Link', f'</v2/{name}/tags/list?n={page}&last={tags[-1]}>; rel="next"'))
        if self.quirk('tags_link'):
            headers.append(('Link', self.quirk('tags_link')))
        return self.answer(200, json.dumps({'name': name, 'tags': self.quirk('tags', tags)}), headers)

    def referrer_list(self, name, digest):
        self.read_body()
        how = self.quirk('referrers', 'none')
        if how == 'none':
            return self.error(404, 'UNSUPPORTED')
        if how == 'html':
            return self.answer(200, '<html>', [('Content-Type', 'text/html')])
        found = []
        for (repository, one), (content, kind) in REGISTRY.manifests.items():
            document = json.loads(content)
            if repository == name and document.get('subject', {}).get('digest') == digest:
                found.append({'mediaType': kind, 'digest': one, 'size': len(content), 'artifactType': document.get('artifactType', '')})
        return self.answer(200, json.dumps({'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.index.v1+json', 'manifests': found}),
                           [('Content-Type', 'application/vnd.oci.image.index.v1+json')])


ROUTES = [
    (r'/blobs/uploads/', Handler.begin_upload),
    (r'/blobs/uploads/(?P<upload>u\d+)', Handler.upload),
    (r'/blobs/(?P<digest>sha256:[0-9a-f]{64})', Handler.blob),
    (r'/manifests/(?P<reference>[^/]+)', Handler.manifest),
    (r'/tags/list', Handler.tag_list),
    (r'/referrers/(?P<digest>sha256:[0-9a-f]{64})', Handler.referrer_list),
]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    goaway = 0  # so many first connections speak HTTP/2
    contexts = ()

    def get_request(self):
        connection, address = super().get_request()
        if self.contexts:
            context = self.contexts[1 if self.goaway > 0 else 0]
            self.goaway -= 1
            connection = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--tls', nargs=2)
    parser.add_argument('--tls-version', choices=['1.0', '1.2'], default='1.2')
    parser.add_argument('--goaway', type=int, default=0, help='so many first connections speak HTTP/2 and end with GOAWAY')
    arguments = parser.parse_args()
    server = Server(('127.0.0.1', 0), Handler)
    if arguments.tls:
        server.contexts = [ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2)]
        for context in server.contexts:
            context.load_cert_chain(*arguments.tls)
            if arguments.tls_version == '1.0':
                warnings.simplefilter('ignore')
                context.set_ciphers('ALL:@SECLEVEL=0')
                context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        server.contexts[1].set_alpn_protocols(['h2'])
        server.goaway = arguments.goaway
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == '__main__':
    main()
