// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/units.hpp>

#include <support/module_tree.hpp>

#include <gmock/gmock.h>

#include <algorithm>

namespace cairn::library {
namespace {

using test::ModuleTree;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// Units of a small tree.
class Forming : public testing::Test {
protected:
  Units form(const Mapping& mapping = {})
  {
    const auto modules = module::evaluate({tree_.path(), tree_.target(), mapping.modulepath, 1}, Task{});
    const auto root = tree_.open();
    auto units = form_units(root.get(), modules, tree_.target(), mapping, default_excludes(), Task{});
    for (const auto& unit : units.units) EXPECT_TRUE(std::ranges::is_sorted(unit.roots));
    EXPECT_TRUE(std::ranges::is_sorted(units.all_roots));
    EXPECT_EQ(std::ranges::adjacent_find(units.all_roots), units.all_roots.end()) << "a root of two units";
    return units;
  }
  static const Unit& unit(const Units& units, const std::string& name)
  {
    for (const auto& unit : units.units)
      if (unit.name == name) return unit;
    throw std::runtime_error("no unit " + name);
  }
  static std::vector<std::string> names(const Units& units)
  {
    std::vector<std::string> out;
    for (const auto& unit : units.units) out.push_back(unit.name);
    return out;
  }
  ModuleTree tree_;
};

TEST_F(Forming, joins_a_prefix_with_its_modulefile)
{
  tree_.module("zlib/1", "z");
  const auto units = form();
  ASSERT_THAT(names(units), ElementsAre("zlib/1"));
  EXPECT_THAT(units.units[0].roots, ElementsAre("modules/all/zlib/1.lua", "software/zlib/1"));
  EXPECT_EQ(units.units[0].kind, UnitKind::software);
}

TEST_F(Forming, reads_dependencies_and_what_is_missing)
{
  tree_.module("a/1", "a").module("b/1", "b", {"a/1", "gone/1"}).module("c/1", "c", {"a"});
  const auto units = form();
  EXPECT_THAT(unit(units, "b/1").dependencies, ElementsAre("a/1"));
  EXPECT_THAT(unit(units, "b/1").missing, ElementsAre("gone/1"));
  EXPECT_THAT(unit(units, "c/1").dependencies, ElementsAre("a/1")) << "a name without version";
}

TEST_F(Forming, takes_category_links_along)
{
  tree_.module("zlib/1", "z").symlink("modules/lib/zlib/1.lua", "../../all/zlib/1.lua");
  tree_.symlink("modules/tools/zlib/1.lua", tree_.target() + "/modules/all/zlib/1.lua").symlink("modules/lib/broken", "nowhere");
  const auto units = form();
  EXPECT_THAT(unit(units, "zlib/1").roots,
              ElementsAre("modules/all/zlib/1.lua", "modules/lib/zlib/1.lua", "modules/tools/zlib/1.lua", "software/zlib/1"));
  EXPECT_THAT(unit(units, "rest").roots, ElementsAre("modules/lib/broken"));
}

TEST_F(Forming, takes_the_easyconfig_along)
{
  tree_.module("zlib/1", "z").file("ebfiles_repo/zlib/zlib-1.eb").file("ebfiles_repo/other/other-1.eb");
  const auto units = form();
  EXPECT_THAT(unit(units, "zlib/1").roots, Contains("ebfiles_repo/zlib/zlib-1.eb"));
  EXPECT_THAT(unit(units, "rest").roots, ElementsAre("ebfiles_repo/other"));
}

TEST_F(Forming, knows_a_hierarchy)
{
  tree_.install("Core/GCC/12", "gcc");
  tree_.install("Compiler/GCC/12/zlib/1", "z");
  tree_.modulefile("GCC/12", "Core/GCC/12", {}, "modules/all/Core",
                   "prepend_path(\"MODULEPATH\", \"" + tree_.target() + "/modules/all/Compiler/GCC/12\")\n");
  tree_.modulefile("zlib/1", "Compiler/GCC/12/zlib/1", {"GCC/12"}, "modules/all/Compiler/GCC/12");
  const auto units = form();
  EXPECT_THAT(names(units), UnorderedElementsAre("Core/GCC/12", "Compiler/GCC/12/zlib/1"));
  EXPECT_THAT(unit(units, "Compiler/GCC/12/zlib/1").roots,
              ElementsAre("modules/all/Compiler/GCC/12/zlib/1.lua", "software/Compiler/GCC/12/zlib/1"));
  EXPECT_THAT(unit(units, "Compiler/GCC/12/zlib/1").dependencies, ElementsAre("Core/GCC/12"));
}

TEST_F(Forming, takes_a_dependency_from_the_compiler_at_hand)
{
  for (const std::string compiler : {"GCC", "clang"}) {
    const auto below = "Compiler/" + compiler + "/12";
    tree_.modulefile(compiler + "/12", {}, {}, "modules/all/Core",
                     "prepend_path(\"MODULEPATH\", \"" + tree_.target() + "/modules/all/" + below + "\")\n");
    tree_.install(below + "/z/1", "z");
    tree_.modulefile("z/1", below + "/z/1", {}, "modules/all/" + below);
    tree_.install(below + "/y/1", "y");
    tree_.modulefile("y/1", below + "/y/1", {"z/1"}, "modules/all/" + below);
  }
  tree_.modulefile("both/1", {}, {"GCC/12", "y/1"}, "modules/all/Core");
  const auto units = form();
  EXPECT_THAT(unit(units, "Compiler/GCC/12/y/1").dependencies, ElementsAre("Compiler/GCC/12/z/1"));
  EXPECT_THAT(unit(units, "Compiler/clang/12/y/1").dependencies, ElementsAre("Compiler/clang/12/z/1"));
  EXPECT_THAT(unit(units, "Core/both/1").dependencies, ElementsAre("Compiler/GCC/12/y/1", "Core/GCC/12"));
}

TEST_F(Forming, tells_a_module_that_is_called_as_shared_data_from_it)
{
  tree_.modulefile("data/set", {}).file("data/set/a.dat", "a");
  const auto units = form();
  EXPECT_THAT(names(units), UnorderedElementsAre("data/set", "data/set-shared"));
}

TEST_F(Forming, shares_data_of_several_versions)
{
  tree_.install("set/1", "one");
  tree_.modulefile("set/1", "set/1").file("data/set/a.dat", "a").file("data/set/more/b.dat", "b");
  const auto units = form();
  const auto& shared = unit(units, "data/set");
  EXPECT_EQ(shared.kind, UnitKind::shared);
  EXPECT_THAT(shared.roots, ElementsAre("data/set/a.dat", "data/set/more"));
}

TEST_F(Forming, gives_hidden_modules_to_their_prefix)
{
  tree_.install("zlib/1", "z");
  tree_.file("modules/all/zlib/.1.lua", "local root = \"" + tree_.target() + "/software/zlib/1\"\n");
  EXPECT_THAT(unit(form(), "zlib/1").roots, ElementsAre("modules/all/zlib/.1.lua", "software/zlib/1"));
}

TEST_F(Forming, gives_two_modulefiles_of_one_prefix_to_it)
{
  tree_.module("a/1", "a").modulefile("a-too/1", "a/1");
  const auto units = form();
  ASSERT_THAT(names(units), ElementsAre("a/1"));
  EXPECT_THAT(units.units[0].modulefiles, testing::SizeIs(2));
}

TEST_F(Forming, makes_a_unit_of_a_modulefile_without_prefix)
{
  tree_.module("a/1", "a").file("modules/all/meta/1.lua", "depends_on(\"a/1\")\n");
  const auto units = form();
  EXPECT_THAT(unit(units, "meta/1").roots, ElementsAre("modules/all/meta/1.lua"));
  EXPECT_THAT(unit(units, "meta/1").dependencies, ElementsAre("a/1"));
}

TEST_F(Forming, keeps_a_modulefile_whose_prefix_lies_elsewhere)
{
  tree_.file("modules/all/outside/1.lua", "local root = \"/usr/local/outside\"\nsetenv(\"EBROOTOUTSIDE\", root)\n");
  EXPECT_THAT(unit(form(), "outside/1").roots, ElementsAre("modules/all/outside/1.lua"));
}

TEST_F(Forming, makes_a_unit_of_a_prefix_without_modulefile)
{
  tree_.install("a/1", "a");
  EXPECT_THAT(unit(form(), "a/1").roots, ElementsAre("software/a/1"));
}

TEST_F(Forming, finds_a_prefix_by_its_modulefile_alone)
{
  tree_.modulefile("a/1", "a/1").file("software/a/1/bin/run");
  EXPECT_THAT(unit(form(), "a/1").roots, ElementsAre("modules/all/a/1.lua", "software/a/1"));
}

TEST_F(Forming, reads_the_mapping_of_other_prefixes)
{
  tree_.file("apps/R/4.4/bin/R").file("apps/R/4.5/bin/R").file("apps/loose").file("ref/genome/x").file("ref/other/x");
  Mapping mapping;
  mapping.prefixes = {"apps/*/*"};
  mapping.shared = {"ref/genome"};
  const auto units = form(mapping);
  EXPECT_THAT(names(units), ElementsAre("R/4.4", "R/4.5", "ref/genome", "rest"));
  EXPECT_THAT(unit(units, "rest").roots, ElementsAre("apps/loose", "ref/other"));
  EXPECT_EQ(unit(units, "ref/genome").kind, UnitKind::shared);
}

TEST_F(Forming, puts_defaults_and_featured_into_the_index)
{
  tree_.module("a/1", "a").module("a/2", "a").symlink("modules/all/a/default", "2.lua");
  tree_.file("modules/all/.modulerc.lua", "module_alias(\"A\", \"a/1\")\n").symlink("modules/featured/a/2.lua", "../../all/a/2.lua");
  EXPECT_THAT(form().index, ElementsAre("modules/all/.modulerc.lua", "modules/all/a/default", "modules/featured"));
}

TEST_F(Forming, lists_leftovers)
{
  tree_.module("a/1", "a")
      .file("software/a/leftover/x")
      .file("modules/all/README")
      .file("top")
      .file("sources/a.tar")
      .file("software/.locks/l");
  const auto units = form();
  EXPECT_THAT(unit(units, "rest").roots, ElementsAre("modules/all/README", "software/a/leftover", "top"));
  EXPECT_EQ(unit(units, "rest").kind, UnitKind::rest);
  EXPECT_THAT(units.dropped, ElementsAre("software/.locks", "sources"));
}

TEST_F(Forming, tells_a_unit_that_is_called_rest_from_the_rest)
{
  tree_.module("rest", "a module that is called so").file("top");
  const auto units = form();
  const auto with = [&](const std::string& root) {
    const auto found = std::ranges::find_if(units.units, [&](const Unit& unit) { return std::ranges::binary_search(unit.roots, root); });
    return found == units.units.end() ? std::string("none") : found->name;
  };
  EXPECT_NE(with("top"), with("modules/all/rest.lua"));
}

TEST_F(Forming, ends_at_aliases_that_lead_in_circles)
{
  tree_.module("a/1", "a", {"X"}).file("modules/all/.modulerc.lua", "module_alias(\"X\", \"Y\")\nmodule_alias(\"Y\", \"X\")\n");
  EXPECT_THAT(unit(form(), "a/1").missing, ElementsAre("X"));
}

TEST_F(Forming, of_nothing_gives_nothing)
{
  const auto units = form();
  EXPECT_THAT(units.units, IsEmpty());
  EXPECT_THAT(units.index, IsEmpty());
}

}  // namespace
}  // namespace cairn::library
