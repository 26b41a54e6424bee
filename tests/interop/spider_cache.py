#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our spider cache against Lmod's own spider, byte for byte.

CAIRN_SPIDER_DUMP is the program of tests/support; CAIRN_TREE_FLAT and CAIRN_TREE_HIERARCHICAL are trees that EasyBuild
built, by default those of tests/support/easybuild/tree. CAIRN_KEEP is a directory for the two texts when they differ."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SUPPORT = pathlib.Path(__file__).resolve().parent.parent / "support"
sys.path.insert(0, str(SUPPORT / "modules"))
import edge_trees  # noqa: E402
import generated_tree  # noqa: E402

SPIDER = "/usr/share/lmod/lmod/libexec/spider"


def required(variable):
    value = os.environ.get(variable)
    if not value:
        raise AssertionError(f"{variable} is not set: this test needs it and is never skipped")
    return value


def easybuild_tree(variant):
    """Built where it is missing; a failure is this test's failure."""
    given = os.environ.get(f"CAIRN_TREE_{variant.upper()}")
    return given or subprocess.run([SUPPORT / "easybuild" / "tree", variant], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()


def lmod(tree, modulepath, **more):
    with tempfile.TemporaryDirectory() as home:
        clean = more | {"PATH": "/usr/bin:/bin", "HOME": home, "LC_ALL": "C.UTF-8", "LMOD_TERM_WIDTH": "80", "LMOD_PAGER": "none", "LMOD_COLORIZE": "no", "LMOD_QUIET": "1", "LMOD_SHORT_TIME": "86400"}
        path = ":".join(f"{tree}/{directory}" for directory in modulepath)
        text = subprocess.run([SPIDER, "-o", "spiderT", path], env=clean, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=300).stdout
    assert text, "Lmod's spider wrote nothing: it died without a word"
    return text


def loads(text):
    """Whether the Lua that Lmod runs on can read it."""
    return subprocess.run(["luac5.3", "-p", "-"], input=text, stderr=subprocess.DEVNULL).returncode == 0


def ours(tree, target, modulepath):
    return subprocess.run([required("CAIRN_SPIDER_DUMP"), tree, target, *modulepath], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True, timeout=300).stdout


class SpiderCache(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="cairn-spider-")
        os.chmod(self.directory, 0o755)

    def tearDown(self):
        shutil.rmtree(self.directory)

    def assert_same(self, expected, actual):
        if expected == actual:
            return
        keep = os.environ.get("CAIRN_KEEP")
        for name, text in (("lmod", expected), ("cairn", actual)):
            (pathlib.Path(keep or self.directory) / f"{name}.lua").write_bytes(text)
        where = pathlib.Path(keep or self.directory)
        difference = subprocess.run(["diff", "-a", where / "lmod.lua", where / "cairn.lua"], stdout=subprocess.PIPE).stdout
        self.fail(difference.decode(errors="backslashreplace")[:6000])

    def test_is_lmods_for_a_flat_easybuild_tree(self):
        tree = easybuild_tree("flat")
        self.assert_same(lmod(tree, ["modules/all"]), ours(tree, tree, []))

    def test_is_lmods_for_a_hierarchical_easybuild_tree(self):
        tree = easybuild_tree("hierarchical")
        self.assert_same(lmod(tree, ["modules/all/Core"]), ours(tree, tree, []))

    def test_is_lmods_for_3000_generated_modules(self):
        generated_tree.write(self.directory, 3000)
        self.assert_same(lmod(self.directory, ["modules/all"]), ours(self.directory, self.directory, []))

    def test_is_lmods_at_a_target_where_the_tree_is_not_yet(self):
        here, target = pathlib.Path(self.directory, "here"), pathlib.Path(self.directory, "target")
        edge_trees.write(target, edge_trees.HIERARCHY)
        expected = lmod(str(target), ["modules/all/Core"])
        target.rename(here)
        self.assert_same(expected, ours(str(here), str(target), []))

    def test_keeps_letters_in_tcl_as_lmod_does_with_a_tcl_of_its_own(self):
        edge_trees.write(self.directory, edge_trees.TCL_LETTERS)
        self.assert_same(lmod(self.directory, ["modules/all"], LMOD_FAST_TCL_INTERP="no"), ours(self.directory, self.directory, []))

    def test_loads_where_lmods_does_not(self):
        for name, (text, expected) in edge_trees.UNREADABLE.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as tree:
                os.chmod(tree, 0o755)
                edge_trees.write(tree, {"modules/all/a/1.lua": text} if text else {"modules/all/goto/1.lua": ""})
                self.assertFalse(loads(lmod(tree, ["modules/all"])), "Lmod's text is not broken: compare it instead")
                cache = ours(tree, tree, [])
                self.assertTrue(loads(cache))
                self.assertIn(expected, cache.decode())


def add_case(name, files, modulepath):
    def test(self):
        edge_trees.write(self.directory, files)
        self.assert_same(lmod(self.directory, modulepath), ours(self.directory, self.directory, modulepath))

    setattr(SpiderCache, f"test_is_lmods_for_{name.replace(' ', '_')}", test)


for case, (case_files, case_modulepath) in edge_trees.CASES.items():
    add_case(case, case_files, case_modulepath)

if __name__ == "__main__":
    unittest.main()
