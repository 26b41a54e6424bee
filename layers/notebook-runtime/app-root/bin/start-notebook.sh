#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Start JupyterLab, as Open Data Hub, Kubeflow and people do.
#
#   start-notebook.sh [ARGUMENT…]
#
# NOTEBOOK_PORT       8888
# NOTEBOOK_BASE_URL   what the URL's path begins with; NB_PREFIX (Kubeflow) if that is not set, else /
# NOTEBOOK_ROOT_DIR   directory that the file browser shows: $HOME
# NOTEBOOK_ARGS       more arguments, one a line; on one line, each begins with a blank and two dashes
#
# The first three are read by etc/jupyter/jupyter_server_config.py: an option given twice stops the server. With
# JUPYTERHUB_API_TOKEN it is the server of one user of a JupyterHub: start-singleuser.sh.
set -euo pipefail

# Group 0 is what all of a volume's random users share.
umask 0002

# Lmod says "Saved" and saves nothing where the home cannot be written, and kernels have no place for their files.
if [[ -z ${HOME:-} || ! -w $HOME ]]; then
  printf 'start-notebook.sh: %s cannot be written: /tmp/home is used, which is lost when the container ends\n' "${HOME:-HOME}" >&2
  export HOME=/tmp/home
  mkdir -p "$HOME"
fi

# A random user has no entry in /etc/passwd, and ssh, git and whoami want one: a library gives them one.
if ! getent passwd "$(id -u)" >/dev/null; then
  for library in /usr/lib/*/libnss_wrapper.so /usr/lib64/libnss_wrapper.so; do
    [[ -e $library ]] || continue
    export NSS_WRAPPER_PASSWD=/tmp/passwd NSS_WRAPPER_GROUP=/etc/group LD_PRELOAD=$library${LD_PRELOAD:+:$LD_PRELOAD}
    { cat /etc/passwd && printf 'notebook:x:%s:0:notebook:%s:/bin/bash\n' "$(id -u)" "$HOME"; } >"$NSS_WRAPPER_PASSWD"
  done
fi
export USER=${USER:-$(id -un 2>/dev/null || echo notebook)}

if [[ -n ${JUPYTERHUB_API_TOKEN:-} ]]; then
  exec start-singleuser.sh "$@"
fi

arguments=()
# A line may hold several, as `--A=1 --B=2`, or one with blanks, as `--A={"x": 1}`.
while IFS= read -r argument; do
  argument=${argument#"${argument%%[![:space:]]*}"}
  argument=${argument%"${argument##*[![:space:]]}"}
  if [[ -n $argument ]]; then arguments+=("$argument"); fi
done < <(sed -E 's/[[:blank:]]+--/\n--/g' <<<"${NOTEBOOK_ARGS:-}")

cd "${NOTEBOOK_ROOT_DIR:-$HOME}"
exec jupyter lab "${arguments[@]}" "$@"
