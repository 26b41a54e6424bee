# SPDX-License-Identifier: Apache-2.0
# Defaults of the image. They are here and not on the command line, where an option that is given twice stops the server; what a
# user gives (NOTEBOOK_ARGS, arguments, ~/.jupyter) wins.
import os

c = get_config()  # noqa: F821


def variable(*names):
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


# All addresses, IPv4 and IPv6.
c.ServerApp.ip = ""
c.ServerApp.port = int(variable("NOTEBOOK_PORT") or 8888)
c.ServerApp.port_retries = 0
# Open Data Hub says the one, Kubeflow the other.
c.ServerApp.base_url = variable("NOTEBOOK_BASE_URL", "NB_PREFIX") or "/"
c.ServerApp.root_dir = variable("NOTEBOOK_ROOT_DIR", "HOME") or "/opt/app-root/src"
c.ServerApp.open_browser = False
c.ServerApp.quit_button = False
# The container is the border; as root only where somebody starts it so.
c.ServerApp.allow_root = True
c.ServerApp.terminado_settings = {"shell_command": ["/bin/bash", "-l"]}

# A kernel that is restarted sees the modules that are loaded now.
c.MultiKernelManager.kernel_manager_class = "cairn_lab.kernels.ModuleKernelManager"

# Files that users delete go at once: a trash on another volume copies them.
c.FileContentsManager.delete_to_trash = False

# Web applications that libraries bring: layers/launchers, if the image has it.
try:
    from cairn_lab.library import prefixes
    from cairn_launchers import of_libraries

    c.ServerProxy.servers = of_libraries(prefixes())
except ImportError:
    pass
