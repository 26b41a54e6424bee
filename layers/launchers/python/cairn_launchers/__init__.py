# SPDX-License-Identifier: Apache-2.0
"""Web applications that modules bring, behind JupyterLab's own address: jupyter-server-proxy starts them.

JupyterLab shows a tile for each while a module is loaded whose name begins with the entry's name (jupyterlmod; other names by
`c.Module.launcher_module_map`). Programs are found on the PATH of the loaded modules.

Besides the three that are entry points of this package, a library brings its own: <prefix>/launchers/NAME.json, with
jupyter-server-proxy's own words, so that the image need not know an application:

    {"command": ["hello-web", "{port}"], "launcher_entry": {"title": "Hello"}}
"""
import json
import logging
import os
from pathlib import Path

_icons = Path(__file__).parent / "icons"


def _directory(variable):
    return os.environ.get(variable) or os.environ.get("JUPYTER_SERVER_ROOT") or os.environ.get("NOTEBOOK_ROOT_DIR") or os.path.expanduser("~")


def _entry(title, icon, command, **more):
    return {"command": command, "timeout": 30, "new_browser_tab": False, "launcher_entry": {"title": title, "icon_path": str(_icons / icon), "enabled": True}, **more}


def code_server():
    return _entry("VS Code", "code-server.svg", [
        "code-server", "--bind-addr=127.0.0.1:{port}", "--auth=none", "--disable-telemetry", "--disable-update-check",
        _directory("CODE_WORKINGDIR")])


def rstudio():
    state = os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "rstudio-server")
    return _entry("RStudio", "rstudio.svg", [
        "rserver", "--www-port={port}", "--www-address=127.0.0.1", "--auth-none=1", "--www-frame-origin=same",
        f"--server-data-dir={state}", "--server-daemonize=0", f"--server-user={os.environ.get('USER', 'notebook')}",
        f"--server-working-dir={_directory('RSTUDIO_WORKINGDIR')}"])


def openrefine():
    return _entry("OpenRefine", "openrefine.svg", ["refine", "-i", "127.0.0.1", "-p", "{port}", "-d", _directory("OPENREFINE_WORKINGDIR")])


def of_libraries(prefixes):
    """The entries of the libraries at `prefixes`, by name: a value for `c.ServerProxy.servers`."""
    entries = {}
    for path in sorted(path for prefix in prefixes for path in Path(prefix).glob("launchers/*.json")):
        try:
            entry = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(entry.get("command"), list):
                raise ValueError("no command")
        except (OSError, ValueError, AttributeError) as error:
            logging.getLogger(__name__).warning("%s: %s: no tile", path, error)
            continue
        icon = entry.setdefault("launcher_entry", {}).get("icon_path")
        if icon:
            entry["launcher_entry"]["icon_path"] = str(path.parent / icon)
        # In a tab of JupyterLab, unless the entry wants its own.
        entry.setdefault("new_browser_tab", False)
        entries.setdefault(path.stem, entry)
    return entries
