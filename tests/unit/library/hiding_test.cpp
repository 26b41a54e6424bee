// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/hiding.hpp>

#include <gmock/gmock.h>

namespace cairn::library {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

RootPath directory(std::string path) { return {std::move(path), true}; }
RootPath file(std::string path) { return {std::move(path), false}; }

class Hiding : public testing::Test {
protected:
  Hiding()
  {
    current_.add({file("modules/all/a/1.lua"), directory("software/a/1")});
    current_.add({file("modules/all/b/1.lua"), directory("software/b/1")});
  }
  std::set<std::string> removed(const std::vector<RootPath>& dead) const
  {
    std::set<std::string> out;
    current_.hide(dead, out);
    return out;
  }
  CurrentPaths current_;
};

TEST_F(Hiding, is_not_needed_for_what_is_replaced_in_its_place)
{
  EXPECT_TRUE(current_.can_hide({file("modules/all/a/1.lua"), directory("software/a/1")}));
  EXPECT_THAT(removed({file("modules/all/a/1.lua"), directory("software/a/1")}), IsEmpty());
}

TEST_F(Hiding, is_done_where_nothing_current_lies_beside)
{
  EXPECT_TRUE(current_.can_hide({directory("software/a/2")}));
  EXPECT_THAT(removed({directory("software/a/2")}), ElementsAre("software/a/2"));
}

TEST_F(Hiding, is_done_as_high_up_as_nothing_current_lies_below)
{
  EXPECT_THAT(removed({directory("software/c/1"), file("modules/all/c/1.lua"), directory("data/c/x")}),
              ElementsAre("data", "modules/all/c", "software/c"));
}

TEST_F(Hiding, is_done_once_for_several)
{
  EXPECT_THAT(removed({directory("software/c/1"), directory("software/c/2")}), ElementsAre("software/c"));
}

TEST_F(Hiding, fails_where_current_content_lies_in_the_dead)
{
  EXPECT_FALSE(current_.can_hide({directory("software/a")}));
  EXPECT_FALSE(current_.can_hide({directory("software")}));
}

TEST_F(Hiding, fails_where_the_dead_lies_in_somebodys_directory)
{
  EXPECT_FALSE(current_.can_hide({directory("software/a/1/lib")}));
  EXPECT_FALSE(current_.can_hide({file("software/a/1/x")}));
  EXPECT_TRUE(current_.can_hide({file("software/a/1x")})) << "only the name begins alike";
}

TEST_F(Hiding, fails_where_the_kind_is_another)
{
  EXPECT_FALSE(current_.can_hide({file("software/a/1")}));
  EXPECT_FALSE(current_.can_hide({directory("modules/all/a/1.lua")}));
}

TEST_F(Hiding, fails_when_one_of_several_roots_cannot_be_hidden)
{
  EXPECT_FALSE(current_.can_hide({directory("software/c/1"), directory("software/a")}));
}

TEST(HidingInAnEmptyTree, is_always_possible)
{
  CurrentPaths current;
  EXPECT_TRUE(current.can_hide({directory("software/a/1")}));
  std::set<std::string> removed;
  current.hide({directory("software/a/1"), file("modules/a.lua"), file("top")}, removed);
  EXPECT_THAT(removed, ElementsAre("modules", "software", "top"));
}

}  // namespace
}  // namespace cairn::library
