# SPDX-License-Identifier: Apache-2.0
"""What the module libraries that this server sees say about themselves: `<prefix>/.cairn/library.json`.

A tree without that file still works: its featured modules are those below modules/featured, and the rest is asked of Lmod.
"""
import json
import os
import re
from pathlib import Path


def prefixes():
    """The directories that modules are installed in, from LMOD_PACKAGE_PATH and MODULEPATH; each once."""
    found = []
    for directory in os.environ.get("LMOD_PACKAGE_PATH", "").split(":"):
        if directory and os.path.isdir(directory):
            found.append(Path(directory))
    for directory in os.environ.get("MODULEPATH", "").split(":"):
        # modules/all, modules/all/Core, modules/all/Compiler/GCC/12.2.0 …
        above = [parent for parent in Path(directory).parents if parent.name == "modules"] if directory else []
        if above:
            found.append(above[-1].parent)
        elif directory and Path(directory).name == "modules":
            found.append(Path(directory).parent)
    unique = {os.path.normpath(path): Path(os.path.normpath(path)) for path in found}
    return list(unique.values())


class Library:
    """One library's index, as library.json has it."""

    def __init__(self, prefix, document):
        self.prefix = prefix
        self.units = {unit["name"]: unit for unit in document.get("units", [])}
        self.modules = {}  # name: (module, unit)
        for unit in self.units.values():
            for module in unit.get("modules", []):
                self.modules.setdefault(module["name"], (module, unit))
        self.aliases = {alias["name"]: alias["target"] for alias in document.get("aliases", [])}
        self.named_first = document.get("featured", [])

    def featured(self):
        return self.named_first or featured_directory(self.prefix)

    def needs(self, unit):
        """Names of the modules of the units that `unit` asks for, with all that these need; nearest first."""
        names, queue, seen = [], list(unit.get("dependencies", [])), {unit["name"]}
        while queue:
            name = queue.pop(0)
            if name in seen or name not in self.units:
                continue
            seen.add(name)
            other = self.units[name]
            names += [module["name"] for module in other.get("modules", [])]
            queue += other.get("dependencies", [])
        return names


def featured_directory(prefix):
    """Modules that lie below modules/featured of a tree."""
    top = Path(prefix) / "modules" / "featured"
    names = []
    for directory, _, files in os.walk(top, followlinks=False):
        for file in files:
            if not file.startswith("."):
                names.append(os.path.relpath(os.path.join(directory, file), top).removesuffix(".lua"))
    return sorted(names)


class Libraries:
    """All of them, read again when one has changed on disk."""

    def __init__(self):
        self._known = {}  # prefix: (signature, Library or None)

    def read(self):
        """The libraries, and whether one changed since the last call."""
        changed, known = False, {}
        for prefix in prefixes():
            path = prefix / ".cairn" / "library.json"
            signature = _signature(path)
            if prefix in self._known and self._known[prefix][0] == signature:
                known[prefix] = self._known[prefix]
                continue
            changed = changed or prefix in self._known
            known[prefix] = (signature, _read(prefix, path))
        self._known = known
        return [library for _, library in known.values() if library], changed

    def featured(self):
        """Names of the modules to show first, each once, in the libraries' order."""
        names = []
        for prefix, (_, library) in self._known.items():
            names += library.featured() if library else featured_directory(prefix)
        return list(dict.fromkeys(names))

    def find(self, name):
        """The library, module and unit of `name`, or nothing."""
        for _, library in self._known.values():
            if library:
                real = library.aliases.get(name, name)
                if real in library.modules:
                    return (library, *library.modules[real])
        return None


def _signature(path):
    """Changes when another library is there: a volume's link leads elsewhere, a file was replaced."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return os.path.realpath(path), status.st_ino, status.st_size, status.st_mtime_ns


def _read(prefix, path):
    try:
        return Library(prefix, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


_DEPENDENCY = re.compile(r"""^\s*(?:depends_on|load|always_load|prereq)\s*\(\s*["']([^"']+)["']""", re.MULTILINE)
_WHATIS = re.compile(r"""^\s*whatis\(\s*["']?(Description|Homepage|URL):\s*(.*?)["']?\s*\)""", re.MULTILINE)


def told_by(text):
    """Description, homepage and dependencies out of what `module show` prints."""
    said = {key.lower(): value for key, value in _WHATIS.findall(text)}
    return {"description": said.get("description", ""), "url": said.get("homepage") or said.get("url", ""),
            "needs": list(dict.fromkeys(_DEPENDENCY.findall(text)))}
