# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# Starts registries for tests, on free ports of the loopback address, each in a directory of its own.
#
#   start_registry DIR [plain|basic|token|tls]   Debian's docker-registry; then $registry is host:port. User `me`, password `geheim`;
#                                                with tls, DIR/ca.crt is its authority and DIR/certs a --cert-dir
#   start_quirk_registry DIR [OPTION…]           tests/support/registry/quirk_registry.py; then $registry, and quirks JSON steers it
#   stop_registries                              all of them, by their ids

registry_support=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
registry_pids=()

# wait_for FILE PATTERN: until FILE has a line that matches; prints the match.
wait_for() {
  local tries
  for ((tries = 0; tries < 500; tries++)); do
    grep -oE "$2" "$1" 2>/dev/null | head -n 1 | grep . && return
    read -rt 0.02 <> <(:) || true
  done
  echo "no line like $2 in $1:" >&2
  cat "$1" >&2
  return 1
}

# make_certificates DIR: ca.crt, and server.crt with server.key for 127.0.0.1.
make_certificates() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1/ca.key" -out "$1/ca.crt" -days 2 -subj /CN=cairn-tests-ca 2>/dev/null
  openssl req -newkey rsa:2048 -nodes -keyout "$1/server.key" -out "$1/server.csr" -subj /CN=127.0.0.1 2>/dev/null
  openssl x509 -req -in "$1/server.csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -CAcreateserial -days 2 -out "$1/server.crt" \
    -extfile <(printf 'subjectAltName=IP:127.0.0.1\n') 2>/dev/null
  mkdir -p "$1/certs"
  cp "$1/ca.crt" "$1/certs/"
}

start_registry() {
  local directory=$1 kind=${2:-plain} auth='' tls='' port
  mkdir -p "$directory"
  case $kind in
    basic)
      python3 -W ignore -c 'import crypt; print("me:" + crypt.crypt("geheim", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))' >"$directory/htpasswd"
      auth="auth: {htpasswd: {realm: tests, path: $directory/htpasswd}}"
      ;;
    token)
      openssl req -x509 -newkey rsa:2048 -nodes -keyout "$directory/token.key" -out "$directory/token.crt" -days 2 -subj /CN=tokens 2>/dev/null
      mkfifo "$directory/token.in"
      python3 -B "$registry_support/token_server.py" "$directory/token.key" "$directory/token.crt" me geheim \
        <"$directory/token.in" >"$directory/token.out" 2>"$directory/token.log" 3>&- &
      registry_pids+=($!)
      exec {token_input}>"$directory/token.in"
      port=$(wait_for "$directory/token.out" '^[0-9]+$')
      auth="auth: {token: {realm: \"http://127.0.0.1:$port/token\", service: registry, issuer: cairn-tests, rootcertbundle: $directory/token.crt}}"
      ;;
    tls)
      make_certificates "$directory"
      tls=", tls: {certificate: $directory/server.crt, key: $directory/server.key}"
      ;;
  esac
  printf '%s\n' 'version: 0.1' 'log: {level: info}' \
    "storage: {filesystem: {rootdirectory: $directory/data}, delete: {enabled: true}}" \
    "http: {addr: \"127.0.0.1:0\"$tls}" "$auth" >"$directory/config.yml"
  docker-registry serve "$directory/config.yml" >"$directory/log" 2>&1 3>&- &
  registry_pids+=($!)
  port=$(wait_for "$directory/log" 'listening on 127\.0\.0\.1:[0-9]+' | grep -oE '[0-9]+$')
  registry=127.0.0.1:$port
  export registry
}

start_quirk_registry() {
  local directory=$1
  shift
  mkdir -p "$directory"
  mkfifo "$directory/quirk.in"
  python3 -B "$registry_support/quirk_registry.py" "$@" <"$directory/quirk.in" >"$directory/quirk.out" 2>"$directory/quirk.log" 3>&- &
  registry_pids+=($!)
  exec {quirk_input}>"$directory/quirk.in"
  registry=127.0.0.1:$(wait_for "$directory/quirk.out" '^[0-9]+$')
  export registry
}

# quirks JSON; control METHOD PATH [BODY]: its answer.
quirks() { control PUT /_quirks "$1" >/dev/null; }
control() {
  python3 -c 'import sys, urllib.request as u
print(u.urlopen(u.Request(f"http://{sys.argv[1]}{sys.argv[3]}", sys.argv[4].encode() if len(sys.argv) > 4 else None, method=sys.argv[2])).read().decode())' \
    "$registry" "$@"
}

stop_registries() {
  local pid
  for pid in "${registry_pids[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  registry_pids=()
}
