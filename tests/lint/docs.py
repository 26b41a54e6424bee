#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Check that what users and developers read is all there.

Each command has a page in docs/commands with an example that tests/cli/examples.bats runs, and a test of its own. The
glossary explains every word of ours. Links between pages lead somewhere. No file names a host that packages come from or a
path of one machine: those belong to the machine's settings.

    tests/lint/docs.py [CHECKOUT]      exit code 1 and what is wrong, or nothing
"""
import re
import subprocess
import sys
from pathlib import Path

# The words that the design gives a meaning of their own.
WORDS = ["bake", "budget", "cache", "closure", "dead bytes", "door", "featured", "fragment", "generation", "index layer", "layer", "library",
         "module tree", "plan", "pour", "recipe", "rest", "room", "skeleton", "spider cache", "stack", "sticky", "store", "target", "unit",
         "volume"]
# Written so that this file does not match itself.
FORBIDDEN = re.compile(r"pypi[.]org|pythonhosted[.]org|deb[.]debian[.]org|snapshot[.]debian[.]org|registry[.]npmjs|proxy[.]golang[.]org|"
                       r"static[.]crates[.]io|(?<![A-Za-z0-9_.])/(?:wor[k]|far[m])/|\.\./share[d]/")
LINK = re.compile(r"\]\(([^)#:\s]+)(#[^)\s]*)?\)")


def commands(checkout):
    text = (checkout / "src/cli/commands/commands.cpp").read_text()
    return re.findall(r"^\s+add_(\w+)\(line, program\);", text, re.MULTILINE)


def tracked_files(checkout):
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=checkout, check=True,
                            capture_output=True).stdout
    return [checkout / name for name in listed.decode().split("\0") if name and (checkout / name).is_file()]


def check_command(checkout, name):
    name = name.replace("_", "-")  # list_tags.cpp is the command list-tags
    page = checkout / f"docs/commands/{name}.md"
    if not page.is_file():
        yield f"docs/commands/{name}.md: missing; cairn man --docs docs/commands writes it"
    elif not re.search(r"^```sh\n", page.read_text(), re.MULTILINE):
        yield f"docs/commands/{name}.md: no example in a ```sh block, which tests/cli/examples.bats would run"
    if not (checkout / f"tests/cli/{name}.bats").is_file():
        yield f"tests/cli/{name}.bats: missing"


def check_glossary(checkout):
    glossary = checkout / "docs/glossary.md"
    if not glossary.is_file():
        yield "docs/glossary.md: missing"
        return
    defined = {word.lower() for word in re.findall(r"^\*\*([^*]+)\*\*", glossary.read_text(), re.MULTILINE)}
    for word in WORDS:
        if word not in defined:
            yield f"docs/glossary.md: no line that begins with **{word}**"


def check_links(checkout, page):
    for match in LINK.finditer(page.read_text()):
        if not (page.parent / match[1]).exists():
            yield f"{page.relative_to(checkout)}: link to {match[1]}, which does not exist"


def check_text(checkout, file):
    try:
        text = file.read_text()
    except UnicodeDecodeError:
        return
    for number, line in enumerate(text.split("\n"), 1):
        if match := FORBIDDEN.search(line):
            yield f"{file.relative_to(checkout)}:{number}: {match[0]}"


def check(checkout):
    names = commands(checkout)
    if not names:
        yield "src/cli/commands/commands.cpp: no command found"
    for name in names:
        yield from check_command(checkout, name)
    if not (checkout / "docs/commands/exit-codes.md").is_file():
        yield "docs/commands/exit-codes.md: missing"
    yield from check_glossary(checkout)
    for file in tracked_files(checkout):
        if file.suffix == ".md":
            yield from check_links(checkout, file)
        yield from check_text(checkout, file)


def main():
    checkout = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
    problems = list(check(checkout))
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
