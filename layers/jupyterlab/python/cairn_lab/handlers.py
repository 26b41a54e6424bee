# SPDX-License-Identifier: Apache-2.0
"""What the panel asks, below BASE/cairn: featured modules, information, load, unload, reset, Python code."""
import os

from jupyter_core.paths import jupyter_path
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from jupyterlmod.handler import MODULE as jupyterlmod_state
from tornado import web

from .export import python_code
from .library import Libraries, told_by
from .lmod import change, lmod

_libraries = Libraries()


def _is_name(name):
    """A module's name: printable, no blanks, and no option of Lmod's or sign that means unload."""
    return isinstance(name, str) and name != "" and name.isprintable() and " " not in name and name[0] not in "-~"


def _read_libraries():
    # What jupyterlmod remembers of the lists is stale when a volume shows another release of its library.
    _, changed = _libraries.read()
    if changed:
        jupyterlmod_state.invalidate_module_caches()
    return changed


def _describe(name):
    found = _libraries.find(name)
    return found[1].get("description", "") if found else ""


class Featured(APIHandler):
    """The modules to show first, those that are there and loaded ones; `changed` when a library changed on disk."""

    @web.authenticated
    async def get(self):
        changed = _read_libraries()
        loaded = await jupyterlmod_state.list(include_hidden=True)
        there = {*await jupyterlmod_state.avail(), *loaded}
        names = [name for name in _libraries.featured() if name in there]
        self.finish({"changed": changed, "featured": [
            {"name": name, "loaded": name in loaded, "description": _describe(name)} for name in names]})


class Information(APIHandler):
    """What is known of one module."""

    @web.authenticated
    async def get(self, name):
        if not _is_name(name):
            raise web.HTTPError(400, "not a module's name")
        _read_libraries()
        _, text = await lmod("show", name)
        said = {"name": name, "loaded": name in await jupyterlmod_state.list(include_hidden=True), "modulefile": text, **told_by(text)}
        found = _libraries.find(name)
        if found:
            library, module, unit = found
            # What Lmod says of a module's needs includes those outside of the library.
            needs = list(dict.fromkeys([*library.needs(unit), *said["needs"]]))
            said.update(name=module["name"], needs=needs, extensions=module.get("extensions", []), category=module.get("category", ""),
                        size=unit.get("contentSize"), files=unit.get("files"), requires=module.get("requires", {}))
            said["description"] = module.get("description") or said["description"]
            said["url"] = module.get("url") or said["url"]
        self.finish(said)


class Loaded(APIHandler):
    """Load and unload by name, reset to what a new session has, and say what to do elsewhere to have the same."""

    @web.authenticated
    async def get(self):
        modules = await jupyterlmod_state.list(include_hidden=False)
        self.finish({"modules": modules, "python": python_code(modules)})

    @web.authenticated
    async def post(self):
        body = self.get_json_body() or {}
        command, modules = body.get("command"), body.get("modules", [])
        if command not in ("load", "unload", "reset") or not isinstance(modules, list) or not all(map(_is_name, modules)):
            raise web.HTTPError(400, "expected command (load, unload, reset) and modules, a list of names")
        kernels = os.environ.get("JUPYTER_PATH")
        # `reset` of Lmod asks for a default set that nobody need have defined: what a new session has is what the server began with.
        message = await (change("--force", "purge") if command == "reset" else change(command, *modules))
        if command == "reset" and os.environ.get("LMOD_SYSTEM_DEFAULT_MODULES"):
            message = await change("load", *os.environ["LMOD_SYSTEM_DEFAULT_MODULES"].split(":"))
        jupyterlmod_state.invalidate_module_caches()
        if os.environ.get("JUPYTER_PATH") != kernels:
            self.kernel_spec_manager.kernel_dirs = jupyter_path("kernels")
        self.finish({"message": message, "modules": await jupyterlmod_state.list(include_hidden=False)})


def add_handlers(application):
    base = application.settings["base_url"]
    application.add_handlers(".*$", [
        (url_path_join(base, "cairn", "featured"), Featured),
        (url_path_join(base, "cairn", "modules", "(.+)"), Information),
        (url_path_join(base, "cairn", "loaded"), Loaded),
    ])
