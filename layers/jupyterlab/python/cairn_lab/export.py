# SPDX-License-Identifier: Apache-2.0
"""Python code that loads the same modules elsewhere: in a running kernel, a script, a job."""

_CODE = '''\
# The modules this work was done with. Works in notebooks and in scripts, wherever Lmod and the library are.
import os, subprocess, sys


def module(*arguments):
    before = os.environ.get("PYTHONPATH", "").split(":")
    lmod = subprocess.run([os.environ["LMOD_CMD"], "python", *arguments], capture_output=True, text=True)
    result = {}
    exec(lmod.stdout, result)
    if not result.get("_mlstatus", result.get("mlstatus", True)):
        raise RuntimeError(lmod.stderr)
    after = [path for path in os.environ.get("PYTHONPATH", "").split(":") if path]
    kept = [path for path in sys.path if path not in before + after or not path]
    # Where Python puts PYTHONPATH when it starts: behind the script's own directory.
    sys.path[:] = kept[:1] + after + kept[1:]


module("--force", "purge")
module("load", MODULES)
'''


def python_code(modules):
    if not modules:
        return _CODE.replace('module("load", MODULES)\n', "")
    # repr() makes a Python literal of any name.
    return _CODE.replace("MODULES", ", ".join(repr(name) for name in modules))
