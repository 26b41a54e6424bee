#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
exec python -c 'import os, click; print(os.environ["GREETING"], click.__name__)'
