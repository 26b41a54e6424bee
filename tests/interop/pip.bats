#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What cairn makes of a lock is what pip installs from it. Wheels are really published ones, downloaded once.

# shellcheck disable=SC2154  # bats sets variables
support=$BATS_TEST_DIRNAME/../support/python

# same_as_pip NAME REQUIREMENT…
same_as_pip() {
  local venv wheelhouse
  venv=$("$support/environment")
  wheelhouse=$("$support/wheelhouse" "$@")
  "$venv/bin/python" "$support/compare_pip.py" "$CAIRN" "$venv" "$wheelhouse" "$BATS_TEST_TMPDIR"
}

@test "a small stack: scripts, entry points, data files, binaries, a namespace package, a .pth" {
  same_as_pip small numpy==2.4.6 six==1.17.0 attrs==26.1.0 requests==2.34.2 jupyterlab==4.6.6 ipykernel==7.4.0 pyzmq==27.3.0 click==8.5.1 \
    pyyaml==6.0.4 tornado==6.6.1 setuptools==84.2.1 ruamel.yaml==0.19.1 certifi==2026.10.19.post1
}

@test "bytecode is what pip compiles" {
  venv=$("$support/environment")
  wheelhouse=$("$support/wheelhouse" small numpy==2.4.6 six==1.17.0 attrs==26.1.0 requests==2.34.2 jupyterlab==4.6.6 ipykernel==7.4.0 pyzmq==27.3.0 click==8.5.1 \
    pyyaml==6.0.4 tornado==6.6.1 setuptools==84.2.1 ruamel.yaml==0.19.1 certifi==2026.10.19.post1)
  "$venv/bin/python" "$support/compare_pip.py" --bytecode "$CAIRN" "$venv" "$wheelhouse" "$BATS_TEST_TMPDIR"
}

@test "the example builds, from its committed lock" {
  venv=$("$support/environment")
  wheelhouse=$("$support/wheelhouse" small numpy==2.4.6 six==1.17.0 attrs==26.1.0 requests==2.34.2 jupyterlab==4.6.6 ipykernel==7.4.0 pyzmq==27.3.0 click==8.5.1 \
    pyyaml==6.0.4 tornado==6.6.1 setuptools==84.2.1 ruamel.yaml==0.19.1 certifi==2026.10.19.post1)
  cd "$BATS_TEST_DIRNAME/../../examples/python-stack"
  export CAIRN_PYTHON_INDEX=file://$wheelhouse CAIRN_STORE=$BATS_TEST_TMPDIR/store CAIRN_WHEEL_CACHE=$BATS_TEST_TMPDIR/cache
  "$CAIRN" lock check
  "$CAIRN" python layers . --tag example:1
  "$CAIRN" unpack example:1 "$BATS_TEST_TMPDIR/root"
  PYTHONPATH=$BATS_TEST_TMPDIR/root/opt/app-root/lib/python3.11/site-packages run "$venv/bin/python" -S -c 'import six, attrs, click; print(click.__name__)'
  [[ $output == click ]]
}
