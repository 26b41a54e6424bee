#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The panel's extension that is committed is the one that its sources make. Downloads some 280 packages by npm.
#
# CAIRN: the program.

bats_require_minimum_version 1.5.0

layer=$BATS_TEST_DIRNAME/../../layers/jupyterlab

@test "labextension/ is what the panel's sources make" {
  cd "$BATS_TEST_TMPDIR"
  # JupyterLab as its lock has it: the builder reads which packages it shares.
  "$CAIRN" python layers "$layer" --store store --tag lab:1 --quiet >/dev/null
  "$CAIRN" unpack lab:1 root --store store --quiet
  "$layer/panel/build" root/opt/app-root/lib/python3.11/site-packages/jupyterlab/staging made
  diff -r "$layer/panel/labextension" made
}
