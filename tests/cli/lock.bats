#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

# with_lock HASH: a Pipfile, and a lock that was made from one with this hash.
with_lock() {
  printf '[[source]]\nname = "main"\nurl = "https://main.example.org/simple"\nverify_ssl = true\n\n[packages]\nDemo_X = "*"\n' >Pipfile
  cat >Pipfile.lock <<JSON
{"_meta": {"hash": {"sha256": "$1"}, "pipfile-spec": 6, "requires": {"python_version": "3.11"},
  "sources": [{"name": "main", "url": "https://main.example.org/simple", "verify_ssl": true}]},
 "default": {"demo-x": {"version": "==1.0", "hashes": ["sha256:$(printf '%064d' 1)"]}}, "develop": {}}
JSON
}

# hash_of NAME: of that Pipfile, with the package's key spelled so, as Python computes it.
hash_of() {
  python3 - "$1" <<'PYTHON'
import hashlib, json, sys
data = {"_meta": {"requires": {}, "sources": [{"name": "main", "url": "https://main.example.org/simple", "verify_ssl": True}]},
        "default": {sys.argv[1]: "*"}, "develop": {}}
print(hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest())
PYTHON
}

@test "takes the hash of every pipenv" {
  with_lock "$(hash_of Demo_X)"
  run -0 cairn lock check
  [[ $output == *"1 package for Python 3.11, as its Pipfile says"* ]]
  with_lock "$(hash_of demo-x)"
  run -0 cairn lock check . --json
  [[ $(json .made_by) == "pipenv 2026.4 or later" && $(json .pins) == 1 ]]
}

@test "finds a stale lock, and shows all hashes" {
  with_lock stale
  run -3 --separate-stderr cairn lock check
  one_line_error "Pipfile.lock is stale: it was made from a Pipfile with hash 'stale', this one has $(hash_of demo-x)"
  [[ $stderr == *"$(hash_of Demo_X)"* ]]
}

@test "finds packages that are not hashed or have no wheel" {
  with_lock "$(hash_of demo-x)"
  sed -i 's/"hashes": \[[^]]*\]/"hashes": ["md5:00"]/' Pipfile.lock
  run -3 --separate-stderr cairn lock check
  one_line_error 'demo-x 1.0: the lock has no sha256 for it'
  sed -i 's/"version": "==1.0"/"git": "https:\/\/g.example.org\/x", "ref": "abc"/' Pipfile.lock
  run -3 --separate-stderr cairn lock check
  one_line_error '1 package has no wheel and needs to be built: demo-x (git https://g.example.org/x at abc)'
}

@test "shows which wheels would be taken" {
  mkdir wheelhouse
  "$checkout/tests/support/python/make_wheel.py" wheelhouse demo 1.0 >requirements.txt
  run -0 cairn lock check --pick --wheels wheelhouse --python 3.11
  [[ $output == *demo-1.0-py3-none-any.whl* ]]
}

@test "says what is not there" {
  run -1 --separate-stderr cairn lock check
  one_line_error 'has no pylock.toml, Pipfile.lock or requirements.txt'
  run -2 --separate-stderr cairn lock verify
  one_line_error "there is 'lock check [DIR]'"
}
