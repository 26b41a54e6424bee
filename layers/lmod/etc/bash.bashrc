# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# /etc/bash.bashrc: for interactive shells, login shells (by /etc/profile) and others.

[ -z "$PS1" ] && return

shopt -s checkwinsize

# No user name: random users have none.
PS1='\[\e[1;34m\]\w\[\e[0m\] \$ '

# `module` and what is loaded already: the variables came from the server, the functions are this shell's.
if [ -r "${MODULESHOME:-/usr/share/lmod/lmod}/init/bash" ]; then
  . "${MODULESHOME:-/usr/share/lmod/lmod}/init/bash"
fi
