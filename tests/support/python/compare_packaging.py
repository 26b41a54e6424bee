#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ask `packaging` and cairn the same questions, and list where they differ.

    compare_packaging.py ANSWERS       ANSWERS: tests/support's python_answers, which reads a JSON array a line

Exit code 1 and the first differences, or the number of questions by kind.
"""
import collections
import itertools
import json
import random
import subprocess
import sys

from packaging import tags
from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import InvalidSpecifier, Specifier
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

# In ascending order, as PEP 440 describes it; then other spellings and what is no version.
ORDERED = """1.0.dev456 1.0a1 1.0a2.dev456 1.0a12.dev456 1.0a12 1.0b1.dev456 1.0b2 1.0b2.post345.dev456 1.0b2.post345 1.0b2-346 1.0c1.dev456
1.0c1 1.0rc2 1.0c3 1.0 1.0.post456.dev34 1.0.post456 1.1.dev1 1.2+123abc 1.2+123abc456 1.2+abc 1.2+abc123 1.2+abc123def 1.2+1234.abc
1.2+123456 1.2.r32+123456 1.2.rev33+123456 1!1.0.dev456 1!1.0a1 1!1.0a2.dev456 1!1.0a12.dev456 1!1.0a12 1!1.0b1.dev456 1!1.0b2
1!1.0b2.post345.dev456 1!1.0b2.post345 1!1.0b2-346 1!1.0c1.dev456 1!1.0c1 1!1.0rc2 1!1.0c3 1!1.0 1!1.0.post456.dev34 1!1.0.post456
1!1.1.dev1 1!1.2+123abc 1!1.2+abc 1!1.2+1234.abc 1!1.2.r32+123456""".split()
SPELLINGS = """v1.0 1.0.0 1 01.02 1.0-alpha 1.0_beta2 1.0.pre3 1.0preview 1.0-a.3 1.0a. 1.0a- 1.0-r4 1.0.post 1.0-4 1.0.dev 1.0dev5 1.0-dev-6
1.0+ABC.01 1.0+a-b_c 0!2 V2.0RC1 1.0rev3 1.0r 1.0a--1 1.0a.dev1 1.0.post.dev3 1.0.0.0.post1 3.12.0 3.12.1 3.12.11 3.11.7 3.1 3.10 3.2
2.7.1 2.7.1+cpu 2.7.1+cu121 2026.7 10 1.0+1 1.0+1.0 1.0.post1+local 1.0.post1 1.0.dev1+local 1.1a1 1.1.post1 1.0.1 1.0.1a1 1.0.1.dev1""".split()
NO_VERSIONS = ["", "french toast", "1.0+a+", "1.0++", "1.0+_foobar", "1.0+foo&asd", "1.0+1+1", "1..0", ".1", "1.", "1.0-", "1.0 a1", "a1", "1!", "!1",
               "1.0+", "1.0.x", "1.0-1-1", "1.0devx", "1.0post1post2", "v", "vv1", "1,0", "1.0\u0660"]
OPERATORS = ["~=", "==", "!=", "<=", ">=", "<", ">", "==="]
NO_SPECIFIERS = ["", "1.0", "=1.0", "=>1", "==", "== 1.0.*.*", "~=1", "~=1.0.*", ">=1.0.*", "<=1.0+a", ">1.0+a", "~=1.0+a", "==1.0.dev1.*",
                 "==1.0a1.*", "==1.0+a.*", "==1.0.*+a", ">=three", "==1.*.0", "!=1.*", "==2!1.*", "===any thing", "===any", "===1.0)", "=== ", ">= 1.0 ",
                 "==1.0a.", "==1.0.", "<v1"]


def questions():
    for text in ORDERED + SPELLINGS + NO_VERSIONS:
        yield ["version", text]
    for a, b in itertools.product(ORDERED + SPELLINGS, repeat=2):
        yield ["order", a, b]
    for text in NO_SPECIFIERS:
        for version in ["1.0", "2.0", "any"]:
            yield ["specifier", text, version]
    for operator, wanted, version in itertools.product(OPERATORS, ORDERED + SPELLINGS, ORDERED + SPELLINGS):
        if hash_of(operator, wanted, version) % 4 == 0 or wanted.startswith(("1.0", "2.7")):
            yield ["specifier", operator + wanted, version]
    for wanted, version in itertools.product(["1.*", "1.0.*", "1.0.0.*", "1!1.*", "2.7.1.*", "3.12.*", "01.*"], ORDERED + SPELLINGS):
        yield ["specifier", "==" + wanted, version]
        yield ["specifier", "!=" + wanted, version]
    yield from marker_questions()
    for minor, libc, machine, linux_first in itertools.product(range(6, 15), [(2, 17), (2, 34), (2, 36), (2, 4)], ["x86_64", "aarch64", "s390x"], [True]):
        yield ["tags", f"3.{minor}", libc[0], libc[1], machine, linux_first]
    for name in ["Foo", "foo_bar", "foo.-_bar", "A.B", "ruamel.yaml", "zope.interface", "a--b"]:
        yield ["name", name]
    for name in wheel_names():
        yield ["wheel", name]


def hash_of(*words):
    return sum((i + 1) * ord(c) for i, c in enumerate("|".join(words)))


ENVIRONMENT = {"implementation_name": "cpython", "implementation_version": "3.12.11", "os_name": "posix", "platform_machine": "x86_64",
               "platform_release": "5.14.0-503.el9.x86_64", "platform_system": "Linux", "platform_version": "#1 SMP Tue", "python_full_version": "3.12.11",
               "platform_python_implementation": "CPython", "python_version": "3.12", "sys_platform": "linux", "extra": "a-b",
               "extras": ["cpu", "My_Extra"], "dependency_groups": ["dev"]}
LITERALS = ["3.12", "3.12.0", "3.12.*", "3", "2.7", "three", "3.0, 3.1, 3.2, 3.3", "3.1", "3.12.11", "3.12.1", "3.13", "posix", "nt", "a", "linux", "linux2",
            "x86_64", "x86_64 AMD64", "CPython", "5", "5.14.0-503.el9.x86_64", "3.12.11+local", "", "A_b", "a.b", "cpu", "my-extra", "dev", "Linux"]
VARIABLES = [*ENVIRONMENT, "os.name", "sys.platform", "platform.version", "platform.machine", "platform.python_implementation", "python_implementation"]
MARKERS = ["python_version >= '2.7' and python_version not in '3.0, 3.1, 3.2'", "python_version<'3.10' or python_version>='3.12' and os_name=='nt'",
           "(python_version<'3.10' or python_version>='3.12') and os_name=='posix'", "'x' == 'x'", "", "os_name", "os_name ==", "os_name == 'a",
           "os_name == \"posix\"", "os_name == 'a' or", "os_name == 'a' xor os_name == 'b'", "os_name=='posix'and os_name=='posix'", "os_name not  in 'posix'",
           "os_name notin 'posix'", "((os_name == 'posix'))", "(os_name == 'posix'", "os_name == 'posix')", "os_name == 'po\\x73ix'", "os_name == 'po\\163ix'",
           "os_name == 'posix' ", "os_name == 'posix'\n", "\tos_name == 'posix'", "os_name\n== 'posix'", "os_name = 'posix'", "python_versions > '3'",
           "'posix' in os_name", "os_name in os_name", "python_version == python_full_version", "python_version ~= '3.1'", "python_version ~= '3'",
           "python_version in '3.11 3.12'", "'3.12' in python_version", "os.version == 'a'", "extras == 'cpu'", "'cpu' in extras and 'x' not in extras",
           "'q' == os_name or 'a' ~= os_name", "implementation.name == 'cpython'", "os_name == 'posix' and (python_version > '3' or 'x' == extra)",
           "os_name == 'po\\u0073ix'", "os_name == 'p\\q'", "(((((os_name == 'posix')))))", "os_name == 'posix' # no", "platform_release >= '5'"]


def marker_questions():
    for text in MARKERS:
        yield ["marker", text]
    for variable, operator, literal in itertools.product(VARIABLES, [*OPERATORS, "in", "not in"], LITERALS):
        yield ["marker", f"{variable} {operator} '{literal}'"]
        yield ["marker", f"'{literal}' {operator} {variable}"]
    source = random.Random(1)
    for _ in range(1500):
        parts = [f"{source.choice(VARIABLES[:12])} {source.choice(OPERATORS[1:7])} '{source.choice(LITERALS)}'" for _ in range(source.randint(2, 4))]
        text = parts[0]
        for part in parts[1:]:
            text = f"({text})" if source.random() < 0.3 else text
            text = f"{text} {source.choice(['and', 'or'])} {part}"
        yield ["marker", text]


def wheel_names():
    good = ["foo-1.0-py3-none-any.whl", "foo-1.0-1-py3-none-any.whl", "foo-1.0-10a-py3-none-any.whl", "foo_bar-1.0-py2.py3-none-any.whl",
            "Foo.Bar-1.0.post1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "torch-2.7.1+cpu-cp312-cp312-linux_x86_64.whl",
            "a-1-cp36.cp37-abi3.none-linux_x86_64.any.whl", "ünï-1-py3-none-any.whl", "foo-1.0.0rc1-CP311-cp311-Any.whl"]
    bad = ["foo-1.0.whl", "foo-1.0-py3-none-any.wheel", "foo__bar-1.0-py3-none-any.whl", "foo#bar-1.0-py3-none-any.whl", "foo-1.x-py3-none-any.whl",
           "foo-1.0-abc-py3-none-any.whl", "foo-1.0-200-py3-none-any-junk.whl", "-1.0-py3-none-any.whl", "foo-1.0-py3..py2-none-any.whl",
           "foo-1.0-3py-none-any.whl", "foo-1.0-py3-none-.whl", "foo-1.0-py3--any.whl", "foo-1.0--py3-none-any.whl", "foo-1.0-py3-none-any.whl ",
           "foo bar-1.0-py3-none-any.whl", "foo-1.0-a-b-c-d-e.whl", ".whl", "foo-1.0-p!3-none-any.whl"]
    return good + bad


def wanted(question):
    kind, *words = question
    if kind == "version":
        try:
            return str(Version(words[0]))
        except InvalidVersion:
            return None
    if kind == "order":
        a, b = map(Version, words)
        return (a > b) - (a < b)
    if kind == "specifier":
        try:
            return Specifier(words[0]).contains(words[1], prereleases=True)
        except InvalidSpecifier:
            return None
    if kind == "marker":
        try:
            environment = {key: frozenset(value) if isinstance(value, list) else value for key, value in ENVIRONMENT.items()}
            return Marker(words[0]).evaluate(environment, context="lock_file")
        except (ValueError, UndefinedComparison, UndefinedEnvironmentName):
            return None
    if kind == "tags":
        return wanted_tags(*words)
    if kind == "name":
        return canonicalize_name(words[0])
    try:
        name, version, build, found = parse_wheel_filename(words[0])
        return [name, str(version), list(build), sorted(map(str, found))]
    except InvalidWheelFilename:
        return None


def wanted_tags(python, major, minor, machine, linux_first):
    version = tuple(map(int, python.split(".")))
    platforms = [f"linux_{machine}"]
    legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    for one in range(minor, (5 if machine == "x86_64" else 17) - 1, -1):
        platforms.append(f"manylinux_{major}_{one}_{machine}")
        if one in legacy:
            platforms.append(f"{legacy[one]}_{machine}")
    interpreter = f"cp{version[0]}{version[1]}"
    abi = interpreter + ("m" if version[1] < 8 else "")
    found = [*tags.cpython_tags(version, [abi], platforms), *tags.compatible_tags(version, interpreter, platforms)]
    return list(dict.fromkeys(map(str, found)))


def main():
    asked = list(questions())
    lines = "".join(json.dumps(["environment", ENVIRONMENT] if q is None else q) + "\n" for q in [None, *asked])
    answers = subprocess.run([sys.argv[1]], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    if len(answers) != len(asked):
        sys.exit(f"{len(asked)} questions, {len(answers)} answers")
    counts, differences = collections.Counter(), []
    for question, answer in zip(asked, answers):
        counts[question[0]] += 1
        if json.loads(answer) != (expected := wanted(question)):
            differences.append(f"{question}: cairn says {answer[:200]}, packaging {str(expected)[:200]}")
    for line in differences[:40]:
        print(line)
    print(f"{len(asked)} questions, {len(differences)} differences: {dict(counts)}")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
