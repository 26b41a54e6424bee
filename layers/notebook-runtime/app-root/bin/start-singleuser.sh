#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Start JupyterLab as the server of one user of a JupyterHub, which says where by JUPYTERHUB_* variables.
#
#   start-singleuser.sh [ARGUMENT…]
set -euo pipefail
umask 0002
exec jupyter labhub "$@"
