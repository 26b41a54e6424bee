# SPDX-License-Identifier: Apache-2.0
"""Kernels that see loaded modules after a restart."""
import os

from jupyter_server.services.kernels.kernelmanager import ServerKernelManager


class ModuleKernelManager(ServerKernelManager):
    """Restarts a kernel with the environment that the server has now, where its base class takes the one of the first start.

    What belongs to the session (JPY_SESSION_NAME and its like) stays.
    """

    async def restart_kernel(self, now=False, newports=False, **arguments):
        if self._launch_args is not None and "env" not in arguments:
            of_session = {name: value for name, value in (self._launch_args.get("env") or {}).items() if name.startswith("JPY_")}
            arguments["env"] = {**os.environ, **of_session}
        await super().restart_kernel(now=now, newports=newports, **arguments)
