#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Check the rooms of src/ against what their CMakeLists.txt declare (CONTRIBUTING.md, "Rooms").

A room includes only rooms that it USES, and rooms form no circle. A header of an outside library is included only in a
room whose DOOR the library is, and in no header of ours. Every file is built, has a licence line, and, as a header,
`#pragma once`.

    tests/lint/rooms.py [CHECKOUT]     exit code 1 and what is wrong, or nothing
"""
import re
import sys
from pathlib import Path

# Header, or folder of headers, of each outside library, by the CMake target that is its door.
DOORS = {
    "CLI11::CLI11": ["CLI/"],
    "OpenSSL::Crypto": ["openssl/"],
    "PkgConfig::libarchive": ["archive.h", "archive_entry.h"],
    "PkgConfig::libcurl": ["curl/"],
    "PkgConfig::libdeflate": ["libdeflate.h"],
    "PkgConfig::libpsl": ["libpsl.h"],
    "PkgConfig::lua": ["lua.h", "lua.hpp", "lauxlib.h", "lualib.h", "luaconf.h"],
    "PkgConfig::tcl": ["tcl.h"],
    "PkgConfig::zstd": ["zstd.h", "zstd_errors.h", "zdict.h"],
    "ZLIB::ZLIB": ["zlib.h", "zconf.h"],
    "nlohmann_json::nlohmann_json": ["nlohmann/"],
    "tomlplusplus::tomlplusplus": ["toml++/"],
    "yaml-cpp": ["yaml-cpp/"],
}
EVERYWHERE = ["fmt/"]
# The system's own: C++ headers have no dot; these are POSIX's and Linux's.
SYSTEM = re.compile(r"(sys|linux|netinet|arpa)/.*\.h|(cpuid|dirent|dlfcn|elf|endian|errno|fcntl|fnmatch|grp|immintrin|link|netdb|poll|pthread|pwd|"
                    r"sched|signal|spawn|termios|unistd)\.h")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


class Room:
    def __init__(self, name, folder, declaration):
        words = {"USES": [], "DOOR": [], "FILES": []}
        kind = None
        for word in declaration.split():
            if word in words:
                kind = word
            else:
                words[kind].append(word)
        self.name, self.folder = name, folder
        self.uses, self.doors, self.files = words["USES"], words["DOOR"], words["FILES"]


def read_rooms(source):
    rooms = {}
    for cmake in sorted(source.glob("**/CMakeLists.txt")):
        text = re.sub(r"#.*", "", cmake.read_text())
        for name, declaration in re.findall(r"cairn_room\(\s*(\w+)([^)]*)\)", text):
            rooms[name] = Room(name, cmake.parent, declaration)
    return rooms


def find_circle(rooms):
    """Names of rooms that use one another in a circle, or nothing."""
    done, path = set(), []

    def visit(name):
        if name in path:
            return path[path.index(name):] + [name]
        if name in done or name not in rooms:
            return None
        path.append(name)
        for used in rooms[name].uses:
            if circle := visit(used):
                return circle
        path.pop()
        done.add(name)
        return None

    for name in rooms:
        if circle := visit(name):
            return circle
    return None


def door_of(header):
    for door, headers in DOORS.items():
        if any(header == one or (one.endswith("/") and header.startswith(one)) for one in headers):
            return door
    return None


def check_include(room, file, quote, header):
    """What is wrong with this line, or nothing."""
    if quote == '"':
        return f'"{header}": include by full path in angle brackets'
    first, _, rest = header.partition("/")
    if first in ("cairn", "cli") and rest:
        target = rest.partition("/")[0] if first == "cairn" else "cli"
        if target != room.name and target not in room.uses:
            return f"<{header}>: room {room.name} does not list {target} in USES"
        return None
    if any(header.startswith(one) for one in EVERYWHERE):
        return None
    if door := door_of(header):
        if door not in room.doors:
            return f"<{header}>: room {room.name} is no door to {door}"
        if file.suffix == ".hpp":
            return f"<{header}>: {door} stays in .cpp files"
        return None
    if SYSTEM.fullmatch(header) or "." not in header and "/" not in header:
        return None
    return f"<{header}>: of which library? Add it to DOORS in tests/lint/rooms.py"


def check(checkout):
    source = checkout / "src"
    rooms = read_rooms(source)
    if not rooms:
        yield "no cairn_room() found in src"
    if circle := find_circle(rooms):
        yield f"rooms use one another in a circle: {' -> '.join(circle)}"
    for room in rooms.values():
        where = room.folder.relative_to(checkout)
        for used in room.uses:
            if used not in rooms:
                yield f"{where}/CMakeLists.txt: USES {used}, which is no room"
        for door in room.doors:
            if door not in DOORS:
                yield f"{where}/CMakeLists.txt: DOOR {door}: add its headers to DOORS in tests/lint/rooms.py"
        for name in room.files:
            if not (room.folder / name).is_file():
                yield f"{where}/CMakeLists.txt: {name} does not exist"

    owners = {room.folder: room for room in rooms.values()}
    programs = " ".join(cmake.read_text() for cmake in source.glob("**/CMakeLists.txt"))
    for file in sorted([*source.glob("**/*.cpp"), *source.glob("**/*.hpp")]):
        where = file.relative_to(checkout)
        text = file.read_text()
        room = next((owners[folder] for folder in file.parents if folder in owners), None)
        if not text.startswith("// SPDX-License-Identifier: Apache-2.0\n"):
            yield f"{where}: the first line is not // SPDX-License-Identifier: Apache-2.0"
        if file.suffix == ".hpp" and "\n#pragma once\n" not in text:
            yield f"{where}: no #pragma once"
        if room is None:
            if source / "cairn" in file.parents and file.suffix == ".cpp":
                yield f"{where}: in no room"
            continue
        name = str(file.relative_to(room.folder))
        if file.suffix == ".cpp" and name not in room.files and not re.search(rf"add_executable\([^)]*\b{re.escape(name)}", programs):
            yield f"{where}: not in FILES of room {room.name}, so never built"
        for match in INCLUDE.finditer(text):
            if problem := check_include(room, file, *match.groups()):
                line = text.count("\n", 0, match.start(1)) + 1
                yield f"{where}:{line}: {problem}"


def main():
    checkout = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
    problems = list(check(checkout))
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
