// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/regular_path.hpp>

#include <gtest/gtest.h>

#include <map>
#include <string>

using cairn::module::regular_path;

TEST(RegularPath, is_what_lmod_makes_of_each_example)
{
  const std::map<std::string, std::string> examples = {
      {"./r/./s", "r/s"}, {"//y/.//z/././w/", "/y/z/w"}, {"/a/b/.", "/a/b"}, {"/x//", "/x//"}, {"/x///", "/x"}, {"", " "}, {"/", " "},
      {" /a b ", "/a b"}, {"/a/../b", "/a/../b"},        {".", "."},         {"./.", "."},     {"~/x", "~/x"},  {"a", "a"}};
  for (const auto& [path, expected] : examples) EXPECT_EQ(regular_path(path), expected) << path;
}
