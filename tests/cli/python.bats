#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

# bats and support.bash set variables; what is quoted is for another shell or for sed.
# shellcheck disable=SC2154,SC2016
load support

# with_wheels NAME==VERSION…: wheels in ./wheelhouse, locked in ./requirements.txt.
with_wheels() {
  local one
  mkdir -p wheelhouse
  : >requirements.txt
  for one; do "$checkout/tests/support/python/make_wheel.py" wheelhouse "${one%==*}" "${one#*==}" >>requirements.txt; done
}

layers() { cairn python layers requirements.txt --python 3.11 --wheels wheelhouse "$@"; }

@test "makes layers of a lock, lists them, and does nothing the second time" {
  with_wheels demo==1.0 other==2.0
  run -0 --separate-stderr layers --tag stack:1
  [[ $output == sha256:* ]]
  digest=$output
  run -0 --separate-stderr layers --tag stack:1 --json
  [[ $(json .manifest) == "$digest" && $(json .unchanged) == true && $(json .asked) == 0 ]]
  run -0 cairn python list stack:1
  [[ $output =~ demo\ +1.0 && $output =~ other\ +2.0 ]]
  run -0 cairn python list stack:1 --json
  [[ $(json '.packages | length') == 2 && $(json .python) == 3.11 && $(json .prefix) == /opt/app-root ]]
  cairn validate stack:1 --quiet
  cairn unpack stack:1 root --quiet
  [[ $(<root/opt/app-root/lib/python3.11/site-packages/demo/__init__.py) == "version = '1.0'" ]]
  [[ $(head -1 root/opt/app-root/bin/demo) == '#!/opt/app-root/bin/python' && -x root/opt/app-root/bin/demo ]]
}

@test "gives the same digest on other paths, with other jobs, umask and time zone" {
  with_wheels demo==1.0 other==2.0
  first=$(layers --tag stack:1 --quiet)
  mkdir elsewhere && cp -r wheelhouse requirements.txt elsewhere
  cd elsewhere
  second=$(umask 077 && TZ=Asia/Tokyo layers --tag stack:1 --store store --jobs 7 --quiet)
  [[ $first == "$second" ]]
}

@test "shows what a new release changes and fetches" {
  with_wheels demo==1.0 other==2.0
  layers --tag stack:1 --quiet
  with_wheels demo==1.1 other==2.0 third==1
  layers --tag stack:2 --quiet
  run -0 cairn python diff stack:1 stack:2
  [[ $output =~ demo\ +1.0\ +1.1 && $output =~ third\ +-\ +1 && $output != *other* ]]
  run -0 cairn python diff stack:1 stack:2 --json
  [[ $(json '.changes | length') == 2 && $(json .bytes_to_fetch) -gt 0 && $(json .bytes_to_fetch) -lt $(json .bytes) ]]
}

@test "refuses a wheel that is not the locked one" {
  with_wheels demo==1.0
  "$checkout/tests/support/python/make_wheel.py" wheelhouse demo 1.0 demo/evil.py=x
  run -1 --separate-stderr layers --tag stack:1
  one_line_error "'demo-1.0-py3-none-any.whl': hash mismatch: the lock expects sha256:"
}

@test "names packages that are not offered, and those that need a build" {
  with_wheels demo==1.0
  echo "missing==1 --hash=sha256:$(printf '%064d' 1)" >>requirements.txt
  run -1 --separate-stderr layers --tag stack:1 --index file://"$PWD"/wheelhouse
  one_line_error 'missing 1: not offered by'
  printf 'demo==1.0 --hash=sha256:%064d\n-e ./lib\n--no-binary demo\n' 1 >requirements.txt
  run -1 --separate-stderr layers --tag stack:1
  one_line_error '2 packages have no wheel and need to be built: ./lib (editable ./lib), demo 1.0 (no_binary)'
}

@test "refuses two packages with one path, or takes pip's order" {
  mkdir wheelhouse
  for name in aaa bbb; do "$checkout/tests/support/python/make_wheel.py" wheelhouse $name 1 cv2/__init__.py=$name; done >requirements.txt
  run -1 --separate-stderr layers --tag stack:1
  one_line_error 'aaa and bbb both have'
  layers --tag stack:1 --conflict pip --quiet
  cairn unpack stack:1 root --quiet
  [[ $(<root/opt/app-root/lib/python3.11/site-packages/cv2/__init__.py) == aaa ]]
}

@test "reads a Pipfile.lock whose source is a directory named by a variable" {
  with_wheels demo==1.0
  hash=$(sed 's/.*--hash=//' requirements.txt)
  cat >Pipfile.lock <<JSON
{"_meta": {"hash": {"sha256": "x"}, "pipfile-spec": 6, "requires": {"python_version": "3.11"},
  "sources": [{"name": "main", "url": "\${WHEELS}", "verify_ssl": true}]},
 "default": {"demo": {"version": "==1.0", "hashes": ["$hash"], "markers": "python_version >= '3.9'"}}, "develop": {}}
JSON
  run -1 --separate-stderr cairn python layers . --tag stack:1
  one_line_error "source 'main': its URL needs the variable WHEELS, which is not set"
  WHEELS=file://$PWD/wheelhouse run -0 cairn python layers . --tag stack:1
  run -1 --separate-stderr cairn python layers . --tag stack:1 --python 3.12
  one_line_error 'was made for Python 3.11, this stack is for 3.12'
}

@test "looks where pip would when a lock's index is a variable that nobody set" {
  with_wheels demo==1.0
  hash=$(sed 's/.*--hash=//' requirements.txt)
  cat >Pipfile.lock <<JSON
{"_meta": {"hash": {"sha256": "x"}, "pipfile-spec": 6, "requires": {"python_version": "3.11"},
  "sources": [{"name": "main", "url": "\${CAIRN_PYTHON_INDEX}", "verify_ssl": true}]},
 "default": {"demo": {"version": "==1.0", "hashes": ["$hash"], "index": "main"}}, "develop": {}}
JSON
  export PIP_CONFIG_FILE=/dev/null
  unset PIP_INDEX_URL PIP_EXTRA_INDEX_URL
  run -1 --separate-stderr cairn python layers . --tag stack:1
  one_line_error "source 'main' has no URL for 'demo': set CAIRN_PYTHON_INDEX (or PIP_INDEX_URL, or index-url in pip.conf)"
  cairn python layers . --tag stack:wheels --wheels wheelhouse --quiet
  PIP_INDEX_URL=file://$PWD/wheelhouse cairn python layers . --tag stack:pip --quiet
  CAIRN_PYTHON_INDEX=file://$PWD/wheelhouse PIP_INDEX_URL=file:///nowhere cairn python layers . --tag stack:set --quiet
  printf '[global]\nindex-url = file://%s/wheelhouse\n' "$PWD" >pip.conf
  PIP_CONFIG_FILE=$PWD/pip.conf cairn python layers . --tag stack:conf --quiet
}

@test "asks for what is missing" {
  run -2 --separate-stderr cairn python
  run -2 --separate-stderr cairn python layers x
  one_line_error "'python layers' needs --tag"
  run -2 --separate-stderr cairn python what
  one_line_error 'there are layers, add, list and diff'
  with_wheels demo==1.0
  run -1 --separate-stderr cairn python layers requirements.txt --tag stack:1
  one_line_error 'does not say for which Python'
  with_store
  run -1 --separate-stderr cairn python list library:2026.11
  one_line_error "has no stack that 'cairn python' made"
}

@test "puts a stack on a base: the same version stays, another is hidden" {
  with_wheels demo==1.0 other==2.0 same==1
  "$checkout/tests/support/python/make_wheel.py" wheelhouse demo 1.0 demo/old.py=old demo/sub/x.py=x >demo.txt
  grep -v ^demo requirements.txt >rest.txt && cat demo.txt rest.txt >requirements.txt
  layers --tag base:1 --quiet
  with_wheels demo==1.1 same==1 third==1
  layers --tag stack:1 --quiet
  run -0 --separate-stderr cairn python add base:1 requirements.txt --python 3.11 --wheels wheelhouse --tag app:1
  [[ $stderr == *"has no /opt/app-root/bin/python*"* ]]
  cairn validate app:1 --quiet
  cairn unpack app:1 root --quiet
  site=root/opt/app-root/lib/python3.11/site-packages
  [[ $(<$site/demo/__init__.py) == "version = '1.1'" && ! -e $site/demo/old.py && ! -e $site/demo/sub && ! -e $site/demo-1.0.dist-info ]]
  [[ -e $site/other/__init__.py && -e $site/third/__init__.py && -e $site/demo-1.1.dist-info/RECORD ]]
  run -0 cairn python list app:1 --json
  [[ $(json '[.packages[] | .name + .version] | join(" ")') == "demo1.1 other2.0 same1 third1" ]]
  # Where nothing in the base is replaced, the layers are those of the stack alone.
  with_wheels fresh==1
  layers --tag fresh:1 --quiet
  cairn python add base:1 requirements.txt --python 3.11 --wheels wheelhouse --tag fresh:2 --quiet
  [[ $(cairn inspect fresh:2 --json | jq -r '.layers[-1].digest') == $(cairn inspect fresh:1 --json | jq -r '.layers[-1].digest') ]]
}

# with_index: ./wheelhouse behind a simple API in HTML on a free port of this machine; $index is its URL.
with_index() {
  mkdir -p site/simple/demo
  cp wheelhouse/*.whl site/simple/demo
  printf '<a href="demo-1.0-py3-none-any.whl#sha256=%s" data-requires-python="&gt;=3.8">demo</a>\n' "$(sed 's/.*sha256://' requirements.txt)" >site/simple/demo/index.html
  python3 -u -m http.server --bind 127.0.0.1 --directory site 0 >server.log 2>server.err &
  server=$!
  until grep -q port server.log; do kill -0 $server; done
  index=http://127.0.0.1:$(sed -E 's/.*port ([0-9]+).*/\1/' server.log)/simple
}

teardown() { [[ -z ${server-} ]] || kill "$server"; }

# with_python_base: base:1, an image with this machine's Python.
with_python_base() {
  local file
  compgen -G '/usr/lib/python3.*/os.py' >/dev/null || skip 'no Python in /usr/lib'
  version=$(cd /usr/lib && printf '%s\n' python3.*/os.py | sed -n 's|^python\(3\.[0-9]*\)/os.py$|\1|p' | tail -1)
  mkdir -p python/{lib64,usr/bin,usr/lib/x86_64-linux-gnu}
  for file in $(ldd "/usr/bin/python$version" | grep -o '/[^ ]*'); do cp -L "$file" python/usr/lib/x86_64-linux-gnu; done
  mv python/usr/lib/x86_64-linux-gnu/ld-linux* python/lib64
  cp "/usr/bin/python$version" python/usr/bin
  (cd / && find "usr/lib/python$version" -name '*.py' -not -path '*/test/*' -print0 | tar -c --null -T -) | tar -xC python
  with_wheels first==1
  layers --tag empty:1 --quiet >/dev/null
  cairn append empty:1 python --tag base:1 --quiet >/dev/null
}

@test "adds bytecode that the base's Python made" {
  with_python_base
  with_wheels demo==1.0 other==2.0
  add() { cairn python add base:1 requirements.txt --python "$version" --wheels wheelhouse --quiet "$@"; }
  first=$(add --tag app:1 --bytecode)
  cairn validate app:1 --quiet
  cairn unpack app:1 root --quiet
  site=root/opt/app-root/lib/python$version/site-packages
  pyc=$site/demo/__pycache__/__init__.cpython-${version/./}.pyc
  [[ $(od -An -tx1 -j4 -N4 "$pyc") == ' 01 00 00 00' ]]
  grep -qa "/opt/app-root/lib/python$version/site-packages/demo/__init__.py" "$pyc"
  grep -q "^demo/__pycache__/__init__.cpython-${version/./}.pyc,," "$site/demo-1.0.dist-info/RECORD"
  # Nor does anything of the user's count.
  rm -r "$HOME/.local/share/cairn/store/cairn/cache"
  [[ $first == $(umask 077 && TZ=Asia/Tokyo PYTHONOPTIMIZE=2 PYTHONPATH=/nowhere PYTHONWARNINGS=error add --tag app:1 --bytecode --jobs 1) ]]
  add --tag plain:1
  [[ $first != $(cairn inspect plain:1 --json | jq -r .digest) ]]
  cairn unpack plain:1 plain --quiet
  [[ -z $(find plain/opt -name '*.pyc') ]]
  # What it made of one wheel is kept.
  with_wheels demo==1.1 other==2.0
  add --tag app:3 --bytecode
  [[ $(find "$HOME/.local/share/cairn/store" -name '*.pack' | wc -l) == 3 ]]
}

@test "says why there can be no bytecode" {
  with_wheels demo==1.0
  run -2 --separate-stderr layers --tag stack:1 --bytecode
  one_line_error "--bytecode: the Python of a base compiles it; 'python layers' has none, 'python add' has"
  layers --tag base:1 --quiet
  with_wheels other==1.0
  run -1 --separate-stderr cairn python add base:1 requirements.txt --python 3.11 --wheels wheelhouse --tag app:1 --bytecode --quiet
  one_line_error 'has no /usr/bin/python3.11'
}

@test "fetches from an index once, and asks nothing when it is down" {
  with_wheels demo==1.0
  with_index
  rm -r wheelhouse
  run -0 --separate-stderr cairn python layers requirements.txt --python 3.11 --index "$index/" --tag stack:1 --json
  [[ $(json .fetched) == 1 && $(json .asked) == 1 ]]
  kill "$server"
  wait "$server" || true
  server=
  rm -r "$HOME/.local/share/cairn/store"
  PIP_INDEX_URL=$index run -0 --separate-stderr cairn python layers requirements.txt --python 3.11 --tag stack:1 --json
  [[ $(json .fetched) == 0 && $(json .asked) == 0 && $stderr == *"nothing was asked of an index"* ]]
}

@test "says what an index does not have" {
  with_wheels demo==1.0
  with_index
  echo "absent==1 --hash=sha256:$(printf '%064d' 1)" >requirements.txt
  run -1 --separate-stderr cairn python layers requirements.txt --python 3.11 --index "${index/127/user:secret@127}" --tag stack:1
  one_line_error "absent 1: not offered by http://127.0.0.1:"
  [[ $stderr != *secret* ]]
}
