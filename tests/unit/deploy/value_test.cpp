// SPDX-License-Identifier: Apache-2.0
#include <cairn/deploy/value.hpp>

#include <cairn/recipe/yaml.hpp>

#include <gmock/gmock.h>

#include <string>

namespace cairn::deploy {
namespace {

TEST(Value, is_written_in_blocks)
{
  const Value value =
      Map{{"kind", "Job"}, {"spec", Map{{"args", List{"a", Map{{"b", 1}, {"c", true}}}}, {"none", Map{}}, {"nothing", List{}}}}};
  EXPECT_EQ(yaml(value), "kind: Job\nspec:\n  args:\n  - a\n  - b: 1\n    c: true\n  none: {}\n  nothing: []\n");
}

TEST(Value, is_quoted_where_a_reader_could_take_it_for_something_else)
{
  for (const std::string text :
       {"true",     "No", "y", "1.10", "0o7", "",   " a",   "a ", "a: b", "a #b", "- a", "*",  "&a", "!a", "~",          "null", "1e3",
        "12:30:45", "a:", "'", "\"",   "\\",  "\t", "\x01", ".5", ".inf", "[a]",  "{a}", "%a", "@a", "`a", "2026-11-25", "=",    "<<"}) {
    const auto written = yaml(Map{{"key", text}});
    EXPECT_TRUE(written.contains('"') || written.contains('\'')) << written;
    if (text == "\x01") continue;
    EXPECT_EQ(recipe::YamlDocument::parse(written, "it").root().at("key").string(), text) << written;
  }
}

TEST(Value, is_plain_where_it_can_be)
{
  for (const std::string text : {"a", "/opt/app-root", "registry.example.org/a@sha256:12", "a:b", "docker://a"})
    EXPECT_EQ(yaml(Map{{"key", text}}), "key: " + text + "\n");
}

TEST(Value, has_text_of_several_lines_as_it_is)
{
  for (const std::string text : {"a\nb\n", "a\nb", "a\n\nb\n", "a\n b\n\n", "a: b\n- c\n"})
    EXPECT_EQ(
        recipe::YamlDocument::parse(yaml(Map{{"list", List{Map{{"key", text}}}}}), "it").root().at("list").list()[0].at("key").string(),
        text);
}

TEST(Value, of_json_reads_back_the_same)
{
  const std::string text = R"([{"name":"Python","version":"v3.12"}])";
  EXPECT_EQ(yaml(Map{{"key", text}}), "key: '" + text + "'\n");
}

}  // namespace
}  // namespace cairn::deploy
