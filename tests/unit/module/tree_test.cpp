// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/tree.hpp>
#include <cairn/os/temp.hpp>

#include <support/error_matcher.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace cairn::module {
namespace {

using test::ThrowsError;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Optional;

/// A module tree in the making.
class TreeMaker {
public:
  TreeMaker& file(const std::string& path, const std::string& text = "")
  {
    std::filesystem::create_directories((directory_.path() / path).parent_path());
    std::ofstream(directory_.path() / path) << text;
    return *this;
  }
  TreeMaker& link(const std::string& path, const std::string& target)
  {
    std::filesystem::create_directories((directory_.path() / path).parent_path());
    std::filesystem::create_symlink(target, directory_.path() / path);
    return *this;
  }
  TreeMaker& mode(const std::string& path, unsigned bits)
  {
    std::filesystem::permissions(directory_.path() / path, static_cast<std::filesystem::perms>(bits));
    return *this;
  }
  [[nodiscard]] Tree evaluated(std::vector<std::string> modulepath = {}, std::size_t threads = 2) const
  {
    return evaluate({directory_.path(), "/apps", std::move(modulepath), threads}, Task());
  }
  [[nodiscard]] std::string path() const { return directory_.path(); }

private:
  TempDir directory_;
};

std::vector<std::string> paths(const Tree& tree)
{
  std::vector<std::string> out;
  for (const auto& file : tree.modulefiles) out.push_back(file.path);
  return out;
}

TEST(Evaluate, finds_the_modules_of_a_flat_tree)
{
  const auto tree = TreeMaker().file("modules/all/zlib/1.lua").file("modules/lib/zlib/1.lua").evaluated();
  EXPECT_THAT(tree.modulepath, ElementsAre("modules/all"));
  EXPECT_THAT(paths(tree), ElementsAre("modules/all/zlib/1.lua"));
  EXPECT_THAT(tree.spider_cache, HasSubstr(R"(["/apps/modules/all"] = {)"));
}

TEST(Evaluate, finds_nothing_in_an_empty_tree)
{
  const auto tree = TreeMaker().evaluated();
  EXPECT_THAT(tree.modulepath, IsEmpty());
  EXPECT_THAT(tree.modulefiles, IsEmpty());
  EXPECT_THAT(tree.spider_cache, HasSubstr("spiderT = {\n  version = 5,\n}\n"));
}

TEST(Evaluate, follows_a_hierarchy_from_core)
{
  const auto tree = TreeMaker()
                        .file("modules/all/Core/GCC/12.lua", "prepend_path('MODULEPATH', '/apps/modules/all/Compiler/GCC/12')")
                        .file("modules/all/Compiler/GCC/12/zlib/1.lua")
                        .evaluated();
  EXPECT_THAT(tree.modulepath, ElementsAre("modules/all/Core"));
  EXPECT_THAT(paths(tree), ElementsAre("modules/all/Compiler/GCC/12/zlib/1.lua", "modules/all/Core/GCC/12.lua"));
  EXPECT_EQ(tree.modulefiles[0].modulepath, "modules/all/Compiler/GCC/12");
  EXPECT_EQ(tree.modulefiles[0].full_name, "zlib/1");
  EXPECT_THAT(tree.modulefiles[1].modulepaths, ElementsAre("/apps/modules/all/Compiler/GCC/12"));
}

TEST(Evaluate, follows_a_hierarchy_written_for_where_the_tree_is_now)
{
  TreeMaker maker;
  const auto tree = maker.file("modules/all/Core/GCC/12.lua", "prepend_path('MODULEPATH', '" + maker.path() + "/modules/all/Compiler')").file("modules/all/Compiler/zlib/1.lua").evaluated();
  EXPECT_THAT(paths(tree), Contains("modules/all/Compiler/zlib/1.lua"));
  EXPECT_THAT(tree.spider_cache, HasSubstr("mpathMapT = {\n  [\"/apps/modules/all/Compiler\"]"));
}

TEST(Evaluate, takes_a_category_named_core_for_what_it_is)
{
  EXPECT_THAT(TreeMaker().file("modules/all/Core/1.lua").file("modules/all/zlib/1.lua").evaluated().modulepath, ElementsAre("modules/all"));
}

TEST(Evaluate, does_not_follow_modulepath_out_of_the_tree)
{
  const auto tree = TreeMaker().file("modules/all/a/1.lua", "prepend_path('MODULEPATH', '/etc') prepend_path('MODULEPATH', '/apps/../etc')").evaluated();
  EXPECT_THAT(tree.warnings, ElementsAre(HasSubstr("'/etc'"), HasSubstr("'/apps/../etc'")));
  EXPECT_THAT(tree.spider_cache, HasSubstr("[\"/etc\"] = {\n    [\"a/1\"]"));
}

TEST(Evaluate, reads_no_file_through_a_link_out_of_the_tree)
{
  TreeMaker outside;
  outside.file("secret.lua", "whatis('secret')");
  const auto tree = TreeMaker().link("modules/all/a/1.lua", outside.path() + "/secret.lua").link("modules/all/b", outside.path()).link("modules/all/c/1.lua", "../../../../secret.lua").evaluated();
  EXPECT_THAT(tree.modulefiles, IsEmpty());
  EXPECT_THAT(tree.warnings, ElementsAre(HasSubstr("'modules/all/b'"), HasSubstr("'modules/all/a/1.lua'")));
}

TEST(Evaluate, follows_links_within_the_tree_as_at_the_target)
{
  const auto tree = TreeMaker().file("modules/all/a/1.lua", "whatis('Description: d')").link("modules/all/b/1.lua", "/apps/modules/all/a/1.lua").link("modules/all/c", "a").evaluated();
  EXPECT_THAT(paths(tree), ElementsAre("modules/all/a/1.lua", "modules/all/b/1.lua", "modules/all/c/1.lua"));
  EXPECT_EQ(tree.modulefiles[2].description, "d");
}

TEST(Evaluate, leaves_out_a_directory_within_itself)
{
  const auto tree = TreeMaker().file("modules/all/a/1.lua").link("modules/all/a/loop", "..").link("modules/all/b", "b").evaluated();
  EXPECT_THAT(paths(tree), ElementsAre("modules/all/a/1.lua"));
  EXPECT_THAT(tree.warnings, ElementsAre(HasSubstr("leads back into itself")));
}

TEST(Evaluate, leaves_out_directories_too_deep_for_lua)
{
  std::string deep = "modules/all";
  for (int i = 0; i < 90; ++i) deep += "/d";
  const auto tree = TreeMaker().file(deep + "/1.lua").file("modules/all/a/1.lua").evaluated();
  EXPECT_THAT(paths(tree), ElementsAre("modules/all/a/1.lua"));
  EXPECT_THAT(tree.warnings, ElementsAre(HasSubstr("64 levels")));
}

TEST(Evaluate, reads_the_deepest_levels_that_it_keeps)
{
  std::string deep = "modules/all";
  for (int i = 0; i < 60; ++i) deep += "/d";
  const auto tree = TreeMaker().file(deep + "/1.lua").file("modules/all/d/.version", "set ModulesVersion d").evaluated();
  EXPECT_EQ(tree.modulefiles.size(), 1U);
}

TEST(Evaluate, leaves_out_what_others_may_not_read_whoever_runs_it)
{
  TreeMaker maker;
  maker.file("modules/all/a/1.lua").file("modules/all/a/2.lua").file("modules/all/b/1.lua").mode("modules/all/a/2.lua", 0640).mode("modules/all/b", 0750);
  const auto tree = maker.evaluated();
  EXPECT_THAT(paths(tree), ElementsAre("modules/all/a/1.lua"));
  EXPECT_THAT(tree.warnings, ElementsAre(HasSubstr("'modules/all/b'"), HasSubstr("'modules/all/a/2.lua'")));
}

TEST(Evaluate, refuses_a_modulefile_over_a_mebibyte_and_keeps_the_rest)
{
  const auto tree = TreeMaker().file("modules/all/a/1.lua", std::string((1 << 20) + 1, '\n')).file("modules/all/a/2.lua", std::string(1 << 20, '\n')).evaluated();
  EXPECT_THAT(tree.modulefiles[0].error, Optional(HasSubstr("1048576 bytes")));
  EXPECT_EQ(tree.modulefiles[1].error, std::nullopt);
}

TEST(Evaluate, warns_of_names_that_are_not_utf8_and_takes_them)
{
  const auto tree = TreeMaker().file("modules/all/a\xff/1.lua").evaluated();
  EXPECT_EQ(tree.modulefiles.size(), 1U);
  EXPECT_THAT(tree.warnings, ElementsAre(HasSubstr("'modules/all/a\\xff'")));
}

TEST(Evaluate, drops_backups_that_easybuild_leaves)
{
  EXPECT_THAT(paths(TreeMaker().file("modules/all/a/1.lua").file("modules/all/a/1.bak_20260101_1", "help('x')").evaluated()), ElementsAre("modules/all/a/1.lua"));
}

TEST(Evaluate, lists_what_decides_defaults)
{
  const auto tree = TreeMaker()
                        .file("modules/all/a/1.lua")
                        .link("modules/all/a/default", "1.lua")
                        .file("modules/all/a/.modulerc.lua", "module_version('a/1', 'one') hide_version('a/1')")
                        .file("modules/all/b/1.lua")
                        .file("modules/all/b/.version", "nosuch")
                        .evaluated();
  ASSERT_EQ(tree.default_files.size(), 3U);
  EXPECT_EQ(tree.default_files[0].path, "modules/all/a/.modulerc.lua");
  EXPECT_EQ(tree.default_files[1].path, "modules/all/a/default");
  EXPECT_THAT(tree.default_files[2].error, Optional(HasSubstr("nosuch")));
  ASSERT_EQ(tree.aliases.size(), 1U);
  EXPECT_EQ(tree.aliases[0].name, "a/one");
  EXPECT_EQ(tree.aliases[0].target, "a/1");
  EXPECT_TRUE(tree.modulefiles[0].hidden);
  EXPECT_FALSE(tree.modulefiles[1].hidden);
}

TEST(Evaluate, warns_of_an_alias_with_two_meanings)
{
  const auto tree = TreeMaker().file("modules/all/a/1.lua").file("modules/all/a/.modulerc.lua", "module_alias('x', 'a/1')").file("modules/all/b/1.lua").file("modules/all/b/.modulerc.lua", "module_alias('x', 'b/1')").evaluated();
  EXPECT_THAT(tree.warnings, ElementsAre(HasSubstr("'x'")));
  ASSERT_EQ(tree.aliases.size(), 1U);
  EXPECT_EQ(tree.aliases[0].target, "b/1");
}

TEST(Evaluate, fills_in_what_people_look_for)
{
  const auto tree = TreeMaker()
                        .file("modules/all/numpy/.1.26.lua", "whatis('Description: arrays') whatis('URL: https://numpy.org') whatis('Category: lib') family('np') extensions('numpy/1.26,scipy/1.1')\n"
                                                             "setenv('EBROOTNUMPY', '/apps/software/numpy/1.26') prepend_path('PATH', '/apps/software/numpy/1.26/bin') os.getenv('X')")
                        .evaluated();
  const auto& file = tree.modulefiles.at(0);
  EXPECT_TRUE(file.hidden);
  EXPECT_EQ(file.description, "arrays");
  EXPECT_EQ(file.url, "https://numpy.org");
  EXPECT_EQ(file.category, "lib");
  EXPECT_EQ(file.version, ".1.26");
  EXPECT_EQ(file.family, "np");
  EXPECT_THAT(file.extensions, ElementsAre("numpy/1.26", "scipy/1.1"));
  EXPECT_EQ(file.root, "/apps/software/numpy/1.26");
  EXPECT_THAT(file.prefixes, ElementsAre("/apps/software/numpy/1.26", "/apps/software/numpy/1.26/bin"));
  EXPECT_THAT(file.impure, ElementsAre("os.getenv X"));
}

TEST(Evaluate, is_the_same_with_any_number_of_threads)
{
  TreeMaker maker;
  for (int i = 0; i < 60; ++i) {
    maker.file("modules/all/m" + std::to_string(i) + "/1.lua", "whatis('x' .. myFileName()) nosuch()");
    maker.file("modules/all/t" + std::to_string(i) + "/1", "#%Module\nmodule-whatis [module-info name]\nproc ModulesHelp {} {puts stderr x}");
  }
  const auto one = maker.evaluated({}, 1);
  EXPECT_EQ(maker.evaluated({}, 4).spider_cache, one.spider_cache);
  EXPECT_EQ(one.modulefiles.size(), 120U);
}

TEST(Evaluate, refuses_settings_that_make_no_sense)
{
  TreeMaker maker;
  maker.file("modules/all/a/1.lua");
  EXPECT_THAT([&] { static_cast<void>(evaluate({maker.path(), "apps", {}, 1}, Task())); }, ThrowsError(Errc::bad_input, "'apps'"));
  EXPECT_THAT([&] { static_cast<void>(maker.evaluated({"../x"})); }, ThrowsError(Errc::bad_input, "'../x'"));
  EXPECT_THAT([&] { static_cast<void>(maker.evaluated({"nowhere"})); }, ThrowsError(Errc::not_found, "'nowhere'"));
  EXPECT_THAT([&] { static_cast<void>(evaluate({maker.path() + "/none", "/apps", {}, 1}, Task())); }, ThrowsError(Errc::not_found, "none"));
}

}  // namespace
}  // namespace cairn::module
