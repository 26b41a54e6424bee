# SPDX-License-Identifier: Apache-2.0
"""Python code that loads the same modules elsewhere: in a running kernel, a script, a job."""

_CODE = '''\
# The modules of this work, for notebooks and scripts wherever Lmod and the library are.
import os, subprocess, sys

modules = MODULES


def module(*arguments):
    old = os.environ.get("PYTHONPATH", "").split(":")
    lmod = subprocess.run([os.environ["LMOD_CMD"], "python", *arguments], capture_output=True, text=True)
    result = {}
    exec(lmod.stdout, result)  # changes os.environ
    if not result.get("_mlstatus"):
        raise RuntimeError(lmod.stderr)
    new = [path for path in os.environ.get("PYTHONPATH", "").split(":") if path]
    rest = [path for path in sys.path if not path or path not in old + new]
    sys.path[:] = rest[:1] + new + rest[1:]


module("--force", "purge")
if modules:
    module("load", *modules)
'''


def python_code(modules):
    # Literals of any name; one a line where there are several.
    names = [repr(name) for name in modules]
    text = "[" + ", ".join(names) + "]" if len(names) < 2 else "[\n    " + ",\n    ".join(names) + ",\n]"
    return _CODE.replace("MODULES", text)
