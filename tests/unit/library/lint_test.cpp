// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/lint.hpp>

#include <cairn/base/error.hpp>
#include <cairn/library/elf.hpp>
#include <cairn/library/lint_finding.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/temp.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace cairn::library {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// A small module tree, made to be linted. Its modulefiles name `target`.
class ModuleTree {
public:
  explicit ModuleTree(std::string target = {}) : target_(target.empty() ? path("").parent_path().native() : std::move(target)) {}

  [[nodiscard]] std::filesystem::path path(const std::string& relative) const
  {
    return std::filesystem::canonical(directory_.path()) / relative;
  }
  [[nodiscard]] const std::string& target() const { return target_; }

  ModuleTree& file(const std::string& relative, const std::string& text, mode_t mode = 0644)
  {
    std::filesystem::create_directories(path(relative).parent_path());
    std::ofstream(path(relative)) << text;
    EXPECT_EQ(::chmod(path(relative).c_str(), mode), 0);
    return *this;
  }
  ModuleTree& directory(const std::string& relative)
  {
    std::filesystem::create_directories(path(relative));
    return *this;
  }
  ModuleTree& link(const std::string& relative, const std::string& text)
  {
    std::filesystem::create_directories(path(relative).parent_path());
    std::filesystem::create_symlink(text, path(relative));
    return *this;
  }
  /// An installed module `zlib/1.3`; `more` goes into its modulefile.
  ModuleTree& module(const std::string& name, const std::string& more = {})
  {
    file(fmt::format("software/{}/easybuild/x.eb", name), "# easyconfig\n");
    return modulefile(name, fmt::format("{}/software/{}", target_, name), more);
  }
  ModuleTree& modulefile(const std::string& name, const std::string& root, const std::string& more = {})
  {
    return file(fmt::format("modules/all/{}.lua", name),
                fmt::format("whatis([==[Description: {}]==])\nlocal root = \"{}\"\nsetenv(\"EBROOTX\", root)\n{}\n", name, root, more));
  }
  /// Make an ELF file with the system's compiler.
  ModuleTree& library(const std::string& relative, const std::string& flags)
  {
    std::filesystem::create_directories(path(relative).parent_path());
    const auto command = fmt::format("echo 'int x;' | gcc -x c -shared -o '{}' {} -", path(relative).native(), flags);
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return *this;
  }

  [[nodiscard]] std::vector<LintFinding> lint(const Mapping& mapping = {}) const { return library::lint({path(""), mapping, 2}, Task{}); }

private:
  TempDir directory_;
  std::string target_;
};

std::vector<LintFinding> of(const std::vector<LintFinding>& findings, std::string_view rule)
{
  std::vector<LintFinding> out;
  std::ranges::copy_if(findings, std::back_inserter(out), [&](const auto& one) { return one.rule == rule; });
  return out;
}

auto finds(Severity severity, const std::string& path, const std::string& what)
{
  return AllOf(Field(&LintFinding::severity, severity), Field(&LintFinding::path, path), Field(&LintFinding::what, HasSubstr(what)));
}

TEST(Lint, has_nothing_to_say_about_a_good_tree)
{
  ModuleTree tree;
  tree.module("zlib/1.3")
      .file("software/zlib/1.3/bin/run", "#!/usr/bin/env python3\n", 0755)
      .link("software/zlib/1.3/lib64", "lib")
      .directory("software/zlib/1.3/lib");
  tree.module("app/2", "depends_on(\"zlib/1.3\")").link("software/app/2/zlib", tree.target() + "/software/zlib/1.3/lib");
  tree.link("modules/lib/zlib/1.3.lua", tree.target() + "/modules/all/zlib/1.3.lua");
  EXPECT_THAT(tree.lint(), IsEmpty());
}

TEST(Lint, finds_dependencies_that_are_not_there)
{
  ModuleTree tree;
  tree.module("zlib/1.3").module("app/2", "depends_on(\"zlib/1.2\")\nload(\"curl/8\")\ntry_load(\"perhaps/1\")\nconflict(\"other\")");
  const auto found = of(tree.lint(), "missing-dependency");
  ASSERT_THAT(found, ElementsAre(finds(Severity::error, "modules/all/app/2.lua", "needs 'zlib/1.2', which the tree does not have"),
                                 finds(Severity::error, "modules/all/app/2.lua", "needs 'curl/8'")));
  EXPECT_EQ(found[0].unit, "app/2");
  EXPECT_THAT(found[0].advice, HasSubstr("zlib/1.3"));
}

TEST(Lint, finds_modulefiles_that_fail_and_that_ask_for_the_host)
{
  ModuleTree tree;
  tree.module("bad/1", "error(\"no\")").module("ask/1", "setenv(\"U\", os.getenv(\"USER\") or \"\")");
  const auto findings = tree.lint();
  EXPECT_THAT(of(findings, "broken-modulefile"), ElementsAre(finds(Severity::error, "modules/all/bad/1.lua", "")));
  EXPECT_THAT(of(findings, "impure-modulefile"), ElementsAre(finds(Severity::note, "modules/all/ask/1.lua", "USER")));
}

TEST(Lint, finds_software_outside_the_tree)
{
  ModuleTree tree;
  tree.module("zlib/1.3").module("lib/1");
  tree.modulefile("gcc/12", "/usr").modulefile("other/1", "/opt/elsewhere/other").modulefile("gone/1", tree.target() + "/software/gone/1");
  const auto findings = tree.lint();
  EXPECT_THAT(of(findings, "foreign-root"),
              ElementsAre(finds(Severity::warning, "modules/all/other/1.lua", "'/opt/elsewhere/other', outside the tree"),
                          finds(Severity::note, "modules/all/gcc/12.lua", "the system's, in '/usr'")));
  EXPECT_THAT(of(findings, "missing-root"), ElementsAre(finds(Severity::error, "modules/all/gone/1.lua", "where nothing is")));
}

TEST(Lint, finds_environment_that_leads_elsewhere)
{
  ModuleTree tree;
  tree.module(
      "a/1",
      "prepend_path(\"PATH\", \"/home/joe/bin\")\nprepend_path(\"PATH\", \"/usr/games\")\nprepend_path(\"MODULEPATH\", \"/site/modules\")");
  EXPECT_THAT(of(tree.lint(), "foreign-path"), Contains(finds(Severity::warning, "modules/all/a/1.lua", "sets '/home/joe/bin'")));
  EXPECT_THAT(of(tree.lint(), "foreign-path"),
              Contains(finds(Severity::warning, "modules/all/a/1.lua", "adds '/site/modules' to MODULEPATH")));
  EXPECT_THAT(of(tree.lint(), "foreign-path"), Not(Contains(finds(Severity::warning, "modules/all/a/1.lua", "/usr/games"))));
}

TEST(Lint, says_which_of_two_modulefiles_wins)
{
  ModuleTree tree;
  tree.module("a/1").file("modules/all/b/1", "#%Module\nset root " + tree.target() + "/software/a/1\nsetenv EBROOTB $root\n");
  tree.file("modules/more/a/1.lua", "setenv(\"EBROOTX\", \"" + tree.target() + "/software/a/1\")\n");
  Mapping mapping;
  mapping.modulepath = {"modules/more", "modules/all"};
  EXPECT_THAT(of(tree.lint(mapping), "duplicate-module"),
              ElementsAre(finds(Severity::warning, "modules/all/a/1.lua", "'a/1' is also in 'modules/more/a/1.lua', which wins")));
}

TEST(Lint, says_once_that_the_tree_is_elsewhere)
{
  ModuleTree tree("/opt/apps/site");
  tree.module("a/1").module("b/1", "depends_on(\"a/1\")").link("software/a/1/x", "/opt/apps/site/software/b/1");
  EXPECT_THAT(tree.lint(), IsEmpty());  // what modulefiles say is the default
  Mapping mapping;
  mapping.target = "/opt/apps/site";
  EXPECT_THAT(tree.lint(mapping), IsEmpty());
  mapping.target = "/srv/apps";
  const auto findings = tree.lint(mapping);
  ASSERT_THAT(findings, ElementsAre(finds(Severity::error, "", "the target is '/srv/apps'")));
  EXPECT_EQ(findings[0].rule, "tree-is-elsewhere");
  EXPECT_THAT(findings[0].advice, testing::HasSubstr("pass --target /opt/apps/site"));
}

TEST(Lint, finds_links_that_leave_the_tree)
{
  ModuleTree tree;
  tree.module("a/1");
  const std::string a = "software/a/1/";
  tree.link(a + "home", "/home/joe/data/x")
      .link(a + "home2", "/home/joe/data/y")
      .link(a + "sys", "/usr/share/zoneinfo/UTC")
      .link(a + "site", "/site/data/set");
  tree.link(a + "up", "../../../../outside")
      .link(a + "round", "../../../" + tree.path("").parent_path().filename().native() + "/software/a/1/home");
  tree.link(a + "again", "home").directory(a + "d").link(a + "d/in", "../../../a/1/easybuild/x.eb");
  const auto found = of(tree.lint(), "link-out-of-tree");
  EXPECT_THAT(found,
              Contains(finds(Severity::error, a + "home", "links into '/home/joe/data', which others do not have (and another one)")));
  EXPECT_THAT(found, Contains(finds(Severity::note, a + "sys", "the system's")));
  EXPECT_THAT(found, Contains(finds(Severity::warning, a + "site", "links into '/site/data', outside the tree")));
  const auto parent = std::filesystem::path(tree.target()).parent_path();
  EXPECT_THAT(found, Contains(finds(is_private_path((parent / "outside").native()) ? Severity::error : Severity::warning, a + "up",
                                    printable(parent.native()))));
  EXPECT_EQ(found.size(), 4u);
}

TEST(Lint, finds_links_to_nothing)
{
  ModuleTree tree;
  tree.module("a/1");
  tree.link("software/a/1/none", "nothing/here")
      .link("software/a/1/abs", tree.target() + "/software/b/1")
      .link("software/a/1/self", "self");
  tree.file("software/a/1/easybuild/easybuild-a.log", "log").link("software/a/1/log", "easybuild/easybuild-a.log");
  const auto found = of(tree.lint(), "dangling-link");
  EXPECT_THAT(found, ElementsAre(finds(Severity::warning, "software/a/1/self", "without end"),
                                 finds(Severity::note, "software/a/1/abs", "where nothing is"),
                                 finds(Severity::note, "software/a/1/log", "leaves out"),
                                 finds(Severity::note, "software/a/1/none", "'nothing/here'")));
}

TEST(Lint, finds_library_paths_outside_the_tree)
{
  ModuleTree tree;
  tree.module("a/1");
  const std::string lib = "software/a/1/lib/";
  tree.library(lib + "good.so",
               fmt::format("-Wl,-rpath,'$ORIGIN/../lib:{}/software/a/1/lib:/usr/lib/x86_64-linux-gnu:/lib64'", tree.target()));
  tree.library(lib + "new.so.1", "-Wl,--enable-new-dtags,-rpath,/home/joe/build/lib");
  tree.library(lib + "old.so", "-Wl,--disable-new-dtags,-rpath,/home/joe/build/lib:/opt/other/lib");
  tree.library(lib + "relative.so", "-Wl,-rpath,lib");
  tree.library(lib + "escape.so", "-Wl,-rpath,'$ORIGIN/../../../../../x'");
  ::chmod(tree.path(lib + "new.so.1").c_str(), 0644);
  const auto found = of(tree.lint(), "foreign-rpath");
  EXPECT_THAT(found, Contains(finds(Severity::warning, lib + "new.so.1", "RUNPATH names '/home/joe/build/lib', outside the tree")));
  EXPECT_THAT(found, Contains(finds(Severity::warning, lib + "old.so", "RPATH names '/home/joe/build/lib'")));
  EXPECT_THAT(found, Contains(finds(Severity::warning, lib + "old.so", "RPATH names '/opt/other/lib'")));
  EXPECT_THAT(found, Contains(finds(Severity::warning, lib + "relative.so", "the entry 'lib'")));
  EXPECT_THAT(found, Contains(finds(Severity::warning, lib + "escape.so", "$ORIGIN/../../../../../x")));
  EXPECT_EQ(found.size(), 5u);
}

TEST(Lint, finds_scripts_that_nothing_can_run)
{
  ModuleTree tree;
  tree.module("a/1");
  const std::string bin = "software/a/1/bin/";
  tree.file(bin + "good", "#! /usr/bin/env perl\n", 0755).file(bin + "own", "#!" + tree.target() + "/" + bin + "good -x\n", 0755);
  tree.file(bin + "one", "#!/home/joe/venv/bin/python\n", 0755).file(bin + "two", "#!/home/joe/venv/bin/python\n", 0755);
  tree.file(bin + "local", "#!/usr/local/bin/python3", 0755).file(bin + "relative", "#!python\n", 0755);
  tree.file(bin + "gone", "#!" + tree.target() + "/software/Python/3/bin/python\n", 0755).file(bin + "text", "#!/nowhere\n", 0644);
  tree.file(bin + "long", "#!/usr/bin/env " + std::string(150, 'x') + "\n", 0755)
      .file(bin + "longer", "#!/usr/bin/env " + std::string(300, 'x') + "\n", 0755);
  const auto findings = tree.lint();
  EXPECT_THAT(
      of(findings, "foreign-shebang"),
      testing::UnorderedElementsAre(
          finds(Severity::warning, bin + "one", "is run by '/home/joe/venv/bin/python', outside the tree (and another one)"),
          finds(Severity::warning, bin + "local", "'/usr/local/bin/python3'"), finds(Severity::warning, bin + "relative", "'python'")));
  EXPECT_THAT(of(findings, "missing-interpreter"), ElementsAre(finds(Severity::warning, bin + "gone", "where nothing is")));
  EXPECT_THAT(of(findings, "long-shebang"),
              ElementsAre(finds(Severity::warning, bin + "long", "165 bytes"), finds(Severity::warning, bin + "longer", "more than 255")));
}

TEST(Lint, finds_modes_that_are_not_shipped_or_not_safe)
{
  ModuleTree tree;
  tree.module("a/1").file("software/a/1/su", "x", 04755).file("software/a/1/open", "x", 0666).file("software/a/1/wide", "x", 0777);
  const auto findings = tree.lint();
  EXPECT_THAT(of(findings, "set-id"), ElementsAre(finds(Severity::warning, "software/a/1/su", "mode 4755")));
  EXPECT_THAT(of(findings, "world-writable"), ElementsAre(finds(Severity::warning, "software/a/1/open", "(and another one)")));
}

TEST(Lint, finds_file_capabilities)
{
  ModuleTree tree;
  tree.module("a/1").file("software/a/1/ping", "xx", 0755);
  // cap_net_raw=ep, version 2 (linux/capability.h)
  const unsigned char capability[20] = {1, 0, 0, 2, 0, 0x20};
  if (::setxattr(tree.path("software/a/1/ping").c_str(), "security.capability", capability, sizeof capability, 0) != 0)
    GTEST_SKIP() << "setting file capabilities needs root and a file system that has them";
  EXPECT_THAT(of(tree.lint(), "file-capability"), ElementsAre(finds(Severity::warning, "software/a/1/ping", "not shipped")));
}

TEST(Lint, finds_stale_bytecode_and_caches_that_bind_to_times)
{
  ModuleTree tree;
  tree.module("a/1").file("software/a/1/lib/m.py", "x = 1\n").file("software/a/1/j/x.ji", "cache");
  const char header[] = "\xa7\x0d\x0d\x0a\0\0\0\0\1\0\0\0\6\0\0\0code";  // 3.11, of a source from 1970
  tree.file("software/a/1/lib/__pycache__/m.cpython-311.pyc", std::string(header, sizeof header - 1));
  const auto findings = tree.lint();
  EXPECT_THAT(of(findings, "stale-bytecode"), ElementsAre(finds(Severity::warning, "software/a/1/lib/__pycache__/m.cpython-311.pyc",
                                                                "does not have its source's time or size")));
  EXPECT_THAT(of(findings, "stale-bytecode")[0].advice, HasSubstr("compileall -f '" + tree.target() + "/software/a/1/lib'"));
  EXPECT_THAT(of(findings, "mtime-bound"), ElementsAre(finds(Severity::note, "", "Julia")));
}

TEST(Lint, finds_what_an_installation_left_behind)
{
  ModuleTree tree;
  tree.module("a/1").directory("software/a/2").file("software/b/1/half", "x").file("notes.txt", "x").directory("software/.locks/x");
  const auto findings = tree.lint();
  EXPECT_THAT(of(findings, "partial-install"), Contains(finds(Severity::warning, "software/a/2", "")));
  EXPECT_THAT(of(findings, "partial-install"), Contains(finds(Severity::warning, "software/b", "")));
  EXPECT_THAT(of(findings, "no-unit"), ElementsAre(finds(Severity::note, "notes.txt", "'rest'")));
  EXPECT_THAT(of(findings, "left-out"), ElementsAre(finds(Severity::note, "software/.locks", "'software/.locks'")));
}

TEST(Lint, counts_what_a_pattern_leaves_out)
{
  ModuleTree tree;
  for (const auto* name : {"a/1", "b/1", "c/1"})
    tree.module(name).file(fmt::format("software/{}/easybuild/easybuild-x.log.bz2", name), "x");
  EXPECT_THAT(of(tree.lint(), "left-out"),
              ElementsAre(finds(Severity::note, "software/a/1/easybuild/easybuild-x.log.bz2", "3 paths are left out by the pattern")));
  Mapping mapping;
  mapping.includes = {"*/easybuild/easybuild-*.log.bz2"};
  EXPECT_THAT(of(tree.lint(mapping), "left-out"), IsEmpty());
}

TEST(Lint, finds_what_a_layer_cannot_carry_and_reads_on)
{
  ModuleTree tree;
  tree.module("a/1").file("software/a/1/\xff", "x").file("software/a/1/su", "x", 04755);
  ASSERT_EQ(::mkfifo(tree.path("software/a/1/pipe.so").c_str(), 0777), 0);
  const auto findings = tree.lint();
  EXPECT_THAT(of(findings, "unshippable"), ElementsAre(finds(Severity::error, "software/a/1/pipe.so", "is a FIFO"),
                                                       finds(Severity::error, "software/a/1/\xff", "not UTF-8")));
  EXPECT_THAT(of(findings, "set-id").size(), 1u);
}

TEST(Lint, finds_hard_links_between_units)
{
  ModuleTree tree;
  tree.module("a/1").module("b/1").file("software/a/1/x", "x");
  std::filesystem::create_hard_link(tree.path("software/a/1/x"), tree.path("software/b/1/x"));
  EXPECT_THAT(of(tree.lint(), "hard-link"),
              ElementsAre(finds(Severity::note, "software/a/1/x", "copy"), finds(Severity::note, "software/b/1/x", "copy")));
}

TEST(Lint, counts_what_is_too_much_to_list)
{
  ModuleTree tree;
  tree.module("a/1");
  for (int i = 0; i < 50; ++i) tree.link(fmt::format("software/a/1/l{:02}", i), fmt::format("none{}", i));
  const auto found = of(tree.lint(), "dangling-link");
  ASSERT_EQ(found.size(), lint_findings_limit + 1);
  EXPECT_EQ(found[0].what, "and 30 more");
  EXPECT_EQ(found[1].path, "software/a/1/l00");
}

TEST(Lint, checks_the_names_in_the_mapping)
{
  ModuleTree tree;
  tree.module("a/1");
  Mapping mapping;
  mapping.featured = {"a/1", "a", "b/1"};
  mapping.descriptions = {{"c/1", "text"}};
  EXPECT_THAT(of(tree.lint(mapping), "unknown-module"),
              ElementsAre(finds(Severity::warning, "", "features 'b/1'"), finds(Severity::warning, "", "describes 'c/1'")));
}

TEST(Lint, puts_errors_first_and_gives_the_same_for_any_number_of_threads)
{
  ModuleTree tree;
  tree.module("a/1", "depends_on(\"none/1\")")
      .file("software/a/1/open", "x", 0666)
      .module("b/1")
      .link("software/b/1/l", "none")
      .file("notes", "x");
  const auto findings = tree.lint();
  EXPECT_TRUE(std::ranges::is_sorted(findings, [](const auto& a, const auto& b) { return a.severity > b.severity; }));
  EXPECT_EQ(findings, lint({tree.path(""), {}, 1}, Task{}));
  EXPECT_EQ(findings, lint({tree.path(""), {}, 8}, Task{}));
}

TEST(Lint, refuses_a_tree_that_is_not_there)
{
  try {
    (void)lint({"/nonexistent/tree", {}, 1}, Task{});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::not_found);
    EXPECT_THAT(error.what(), HasSubstr("/nonexistent/tree"));
  }
}

TEST(LintRules, are_sorted_and_each_is_in_the_page)
{
  const auto rules = lint_rules();
  EXPECT_TRUE(std::ranges::is_sorted(rules, {}, &LintRule::id));
  const auto page = read_small_file(std::filesystem::path(CAIRN_DOCS_DIR) / "formats/lint-rules.md", 1 << 20);
  for (const auto& rule : rules) {
    const auto severities =
        rule.least == rule.worst ? std::string(name(rule.worst)) : fmt::format("{} to {}", name(rule.least), name(rule.worst));
    EXPECT_THAT(page, HasSubstr(fmt::format("| `{}` | {} |", rule.id, severities)));
  }
}

TEST(LintRules, admit_what_the_code_gives)
{
  // The code asserts the same for each finding that any test provokes. A tree with much wrong: each finding's rule is a known one, with a severity that the rule admits.
  ModuleTree tree;
  tree.module("a/1", "depends_on(\"none/1\")\nprepend_path(\"PATH\", \"/home/x\")")
      .file("software/a/1/open", "x", 04666)
      .link("software/a/1/l", "/home/x/y");
  tree.link("software/a/1/m", "none").directory("software/b/1").modulefile("c/1", "/opt/c").file("software/a/1/s", "#!x\n", 0755);
  for (const auto& finding : tree.lint()) {
    const auto rule = std::ranges::find(lint_rules(), finding.rule, &LintRule::id);
    ASSERT_NE(rule, lint_rules().end()) << finding.rule;
    EXPECT_GE(finding.severity, rule->least);
    EXPECT_LE(finding.severity, rule->worst);
    EXPECT_FALSE(finding.advice.empty());
  }
}

TEST(DefaultExcludes, are_in_the_page_about_library_yaml)
{
  const auto page = read_small_file(std::filesystem::path(CAIRN_DOCS_DIR) / "formats/library-file.md", 1 << 20);
  for (const auto& pattern : default_excludes()) EXPECT_THAT(page, HasSubstr(fmt::format("`{}`", pattern)));
}

class ElfPathsTest : public testing::Test {
protected:
  std::optional<ElfPaths> read(const std::string& bytes)
  {
    const Fd fd(::memfd_create("elf", MFD_CLOEXEC));
    write_full(fd.get(), as_bytes(bytes), "elf");
    return read_elf_paths(fd.get(), "elf");
  }
  std::string made(const std::string& flags)
  {
    const auto path = directory_.path() / "made";
    const auto command = fmt::format("echo 'int main(void) {{ return 0; }}' | gcc -x c -o '{}' {} -", path.native(), flags);
    EXPECT_EQ(std::system(command.c_str()), 0);
    return read_small_file(path, 1 << 24);
  }

private:
  TempDir directory_;
};

TEST_F(ElfPathsTest, reads_search_path_and_loader)
{
  const auto paths = read(made("-Wl,--enable-new-dtags,-rpath,/a/b::'$ORIGIN/c'"));
  ASSERT_TRUE(paths);
  EXPECT_EQ(paths->tag, "RUNPATH");
  EXPECT_THAT(paths->search, ElementsAre("/a/b", "", "$ORIGIN/c"));
  EXPECT_THAT(paths->interpreter, HasSubstr("/ld-linux"));
  EXPECT_EQ(read(made("-Wl,--disable-new-dtags,-rpath,/a"))->tag, "RPATH");
  EXPECT_THAT(read(made(""))->search, IsEmpty());
  EXPECT_EQ(read(made("-static"))->interpreter, "");
  EXPECT_TRUE(read(made("-c")));
}

TEST_F(ElfPathsTest, takes_no_harm_from_damaged_files)
{
  const auto good = made("-Wl,-rpath,/a/b -s");
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(
      read("\x7f"
           "ELF"));
  EXPECT_FALSE(read("#!/bin/sh\n"));
  for (std::size_t size = 0; size < 4096; size += 61) (void)read(good.substr(0, size));
  // Each byte of the headers, turned to what makes sums overflow.
  for (std::size_t at = 4; at < 64 + 56 * 13; ++at)
    for (const char value : {'\xff', '\x7f', '\0'}) {
      auto bad = good.substr(0, 20000);
      bad[at] = value;
      (void)read(bad);
    }
}

}  // namespace
}  // namespace cairn::library
