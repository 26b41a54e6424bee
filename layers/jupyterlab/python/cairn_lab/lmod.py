# SPDX-License-Identifier: Apache-2.0
"""Lmod for the server's own process. Names are arguments of a program and never meet a shell."""
import asyncio
import os

# How many loads and unloads run at once: they change this process's environment.
_one_at_a_time = asyncio.Lock()


async def lmod(*arguments):
    """Lmod's script for Python and its message."""
    program = os.environ.get("LMOD_CMD")
    if not program:
        return "", "LMOD_CMD is not set: this image has no Lmod"
    process = await asyncio.create_subprocess_exec(program, "python", "--terse", *arguments, stdout=asyncio.subprocess.PIPE,
                                                   stderr=asyncio.subprocess.PIPE)
    script, message = await process.communicate()
    return script.decode(), message.decode().strip()


async def change(*arguments):
    """Run a command that changes what is loaded; the new environment is this process's. Lmod's message, empty if all is well."""
    async with _one_at_a_time:
        script, message = await lmod(*arguments)
        # Lmod's own way with Python: assignments to os.environ, then _mlstatus (or mlstatus) = True or False.
        exec(compile(script, "lmod", "exec"), {"__name__": "lmod"})
    return message
