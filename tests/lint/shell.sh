#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Check every shell script and bats file of the repository: shellcheck, a licence line, and, in what can be run,
# `set -euo pipefail`.
#
#   tests/lint/shell.sh             exit code 1 and what is wrong, or nothing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# By name, or by the first line of what has no extension.
scripts=()
while IFS= read -r -d '' file; do
  [[ -f $file ]] || continue
  case ${file##*/} in
    *.sh | *.bash | *.bats) scripts+=("$file") ;;
    *.*) ;;
    *) if head -c 64 "$file" | head -n 1 | grep -qaE '^#!.*\b(ba)?sh\b'; then scripts+=("$file"); fi ;;
  esac
done < <(git ls-files -z --cached --others --exclude-standard)

status=0
complain() {
  printf '%s: %s\n' "$1" "$2"
  status=1
}

for file in "${scripts[@]}"; do
  grep -qF 'SPDX-License-Identifier: Apache-2.0' "$file" || complain "$file" "no licence line"
  if [[ -x $file && $file != *.bats ]]; then
    grep -qx 'set -euo pipefail' "$file" || complain "$file" "does not set -euo pipefail"
  fi
done
shellcheck --external-sources "${scripts[@]}" || status=1
exit "$status"
