// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/unit_paths.hpp>

#include <gtest/gtest.h>

#include <string>

namespace cairn::volume {
namespace {

const UnitPaths paths({{"modules/all/zlib/1.3.lua", false}, {"software/zlib/1.3", true}}, "opt/apps");

std::string link(const std::string& path, const std::string& text)
{
  return paths.link_text("opt/apps/" + path, *paths.place("opt/apps/" + path), text);
}

TEST(UnitPaths, numbers_roots)
{
  EXPECT_EQ(paths.place("opt/apps/software/zlib/1.3/lib/libz.so")->path, "1/lib/libz.so");
  EXPECT_EQ(paths.place("opt/apps/modules/all/zlib/1.3.lua")->path, "0");
  EXPECT_TRUE(paths.place("opt/apps/modules/all/zlib/1.3.lua")->is_root);
}

TEST(UnitPaths, knows_what_lies_outside)
{
  for (const auto* path : {"opt/apps/software/zlib", "opt/apps/software/zlib/1.30/x", "opt/other/software/zlib/1.3/x",
                           "software/zlib/1.3/x", "opt/apps/software/zlib/1.3", "opt/apps/modules/all/zlib/1.3.lua/x"})
    EXPECT_FALSE(paths.place(path)) << path;
}

TEST(UnitPaths, keeps_links_that_stay_in_their_root)
{
  EXPECT_EQ(link("software/zlib/1.3/lib/libz.so", "libz.so.1"), "libz.so.1");
  EXPECT_EQ(link("software/zlib/1.3/lib/a/b", "../../bin/x"), "../../bin/x");
  EXPECT_EQ(link("software/zlib/1.3/lib/a", "/usr/lib/a"), "/usr/lib/a");
  EXPECT_EQ(link("software/zlib/1.3/lib/a", ".."), "..");
}

TEST(UnitPaths, leads_other_links_to_the_same_path_of_the_volume)
{
  // .cairn/units/KEY/1/lib/a: five directories below the volume.
  EXPECT_EQ(link("software/zlib/1.3/lib/a", "../../../../data/zlib/x"), "../../../../../data/zlib/x");
  EXPECT_EQ(link("software/zlib/1.3/a", "../1.2/a"), "../../../../software/zlib/1.2/a");
  // It leaves and comes back by its own name, which is not its name where it lies.
  EXPECT_EQ(link("software/zlib/1.3/lib/a", "../../1.3/bin/x"), "../../../../../software/zlib/1.3/bin/x");
  EXPECT_EQ(link("software/zlib/1.3/a", "../../.."), "../../../..");
}

TEST(UnitPaths, makes_links_out_of_the_tree_absolute)
{
  EXPECT_EQ(link("software/zlib/1.3/a", "../../../../../usr/bin/x"), "/usr/bin/x");
  EXPECT_EQ(link("software/zlib/1.3/a", "../../../../../../../../etc"), "/etc");
}

TEST(UnitPaths, keeps_the_text_of_a_root_that_is_a_link)
{
  EXPECT_EQ(link("modules/all/zlib/1.3.lua", "../../../elsewhere"), "../../../elsewhere");
}

}  // namespace
}  // namespace cairn::volume
