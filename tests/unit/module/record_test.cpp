// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/record.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cairn::module {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Record evaluated(Language language, const std::string& text)
{
  const Script script{Script::Kind::modulefile, language, text, {"zlib", "1", "zlib/1", "/t/zlib/1"}};
  return record_of(script, run(script));
}
Record lua(const std::string& text) { return evaluated(Language::lua, text); }
Record tcl(const std::string& text) { return evaluated(Language::tcl, text); }

std::vector<std::string> words(const Record& record)
{
  std::vector<std::string> out;
  for (const auto& dependency : record.dependencies) out.push_back(std::to_string(static_cast<int>(dependency.kind)) + " " + dependency.name);
  return out;
}

TEST(Record, lists_dependencies_in_the_order_written)
{
  EXPECT_THAT(words(lua("depends_on('GCCcore/12', 'b') if not isloaded('c') then load('c') end try_load('d') prereq('e') conflict('zlib') load(atleast('f', '1')) depends_on(5)")),
              ElementsAre("0 GCCcore/12", "0 b", "1 c", "2 d", "3 e", "4 zlib", "1 f"));
  EXPECT_THAT(words(tcl("conflict zlib\ndepends-on GCCcore/12 b\nif { ![ is-loaded c ] } { module load c }\nmodule try-load d\nprereq e")),
              ElementsAre("4 zlib", "0 GCCcore/12", "0 b", "1 c", "2 d", "3 e"));
}

TEST(Record, takes_the_root_from_easybuilds_variable)
{
  EXPECT_EQ(lua("local root = '/a' setenv('EBROOTZLIB', '/b')").root, "/b");
  EXPECT_EQ(lua("local root = \"/a\"\nprepend_path('PATH', root)").root, "/a");
  EXPECT_EQ(tcl("set root /a\nprepend-path PATH $root/bin").root, "/a");
  EXPECT_EQ(tcl("set root \"/a b\"").root, "/a b");
  EXPECT_EQ(lua("local rooted = '/a'").root, std::nullopt);
}

TEST(Record, lists_the_values_of_variables_piece_by_piece)
{
  const auto record = lua("prepend_path('PATH', '/a:/b') setenv('X', '/c:/d') append_path('Y', '/e;/f', ';') pushenv('Z', 'g') prepend_path('MODULEPATH', '/m')");
  EXPECT_EQ(record.variables, (std::vector<std::pair<std::string, std::string>>{{"PATH", "/a"}, {"PATH", "/b"}, {"X", "/c:/d"}, {"Y", "/e"}, {"Y", "/f"}, {"Z", "g"}}));
  EXPECT_THAT(record.modulepaths, ElementsAre("/m"));
}

TEST(Record, loses_a_whole_tcl_file_to_one_quote_as_lmod_does)
{
  const auto record = tcl("module-whatis a\nprepend-path PATH {/x\"y}\nconflict z");
  EXPECT_THAT(record.cached, IsEmpty());
  EXPECT_THAT(record.dependencies, IsEmpty());
  EXPECT_NE(record.error, std::nullopt);
}

TEST(Record, says_errors_in_one_printable_line)
{
  const auto record = tcl("error \"two\\nlines \\u001b\"");
  ASSERT_TRUE(record.error);
  EXPECT_EQ(*record.error, "two\\nlines \\x1b");
}

}  // namespace
}  // namespace cairn::module
