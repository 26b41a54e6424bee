// SPDX-License-Identifier: Apache-2.0
#include <cairn/recipe/yaml.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/temp.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>

namespace cairn::recipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

YamlDocument read(std::string_view text) { return YamlDocument::parse(text, "x.yaml"); }

/// The text of the Error that `body` throws.
std::string error_of(const std::function<void()>& body, Errc code = Errc::bad_input)
{
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "(nothing was thrown)";
}

std::string refused(std::string_view text)
{
  return error_of([&] { (void)read(text); });
}

TEST(Yaml, reads_lists_and_maps)
{
  const auto document = read("a: [x, 'y z']\nb:\n  k: v\n  l: \"\"\n");
  EXPECT_THAT(document.root().at("a").strings(), ElementsAre("x", "y z"));
  EXPECT_THAT(document.root().at("b").string_map(), ElementsAre(Pair("k", "v"), Pair("l", "")));
}

TEST(Yaml, keeps_what_other_readers_turn_into_numbers_and_flags)
{
  const auto document = read("- no\n- 1.10\n- 0o7\n- 1e3\n- 2026-01-01\n- yes\n- 'null'\n");
  EXPECT_THAT(document.root().strings(), ElementsAre("no", "1.10", "0o7", "1e3", "2026-01-01", "yes", "null"));
}

TEST(Yaml, knows_true_and_false_only)
{
  EXPECT_TRUE(read("true").root().boolean());
  EXPECT_FALSE(read("false").root().boolean());
  for (const auto* text : {"yes", "on", "True", "'true'", "1", "[]", "~"})
    EXPECT_THAT(error_of([&] { (void)read(text).root().boolean(); }), HasSubstr("x.yaml:1:1: expected true or false")) << text;
}

TEST(Yaml, reads_whole_numbers_within_a_range)
{
  EXPECT_EQ(read("0").root().uint64(), 0u);
  EXPECT_EQ(read("480").root().uint64(2, 480), 480u);
  EXPECT_EQ(read("18446744073709551615").root().uint64(), 18446744073709551615u);
  for (const auto* text : {"1", "481", "007", "-3", "+3", "3.0", "1_0", "0x10", "'3'", "18446744073709551616", "''"})
    EXPECT_THAT(error_of([&] { (void)read(text).root().uint64(2, 480); }), HasSubstr("expected a whole number from 2 to 480")) << text;
}

TEST(Yaml, names_line_column_and_key_of_what_is_wrong)
{
  const auto document = read("a: x\nb:\n  c:\n    - [1]\n");
  EXPECT_EQ(error_of([&] { (void)document.root().at("b").at("c").strings(); }),
            "x.yaml:4:7: 'b.c[0]': expected text, found a list");
}

TEST(Yaml, counts_columns_in_characters)
{
  const auto document = read("é: {ü: [ö, {}]}\r\nz: []\r\n");
  EXPECT_THAT(error_of([&] { (void)document.root().at("é").at("ü").strings(); }), HasSubstr("x.yaml:1:12: "));
  EXPECT_EQ(document.root().at("z").line(), 2u);
  EXPECT_EQ(document.root().at("z").column(), 4u);
}

TEST(Yaml, refuses_a_key_that_is_there_twice)
{
  EXPECT_EQ(refused("a: 1\nb: 2\na: 3\n"), "x.yaml:3:1: key 'a' is here twice");
  EXPECT_EQ(refused("{a: 1, 'a': 2}"), "x.yaml:1:8: key 'a' is here twice");
}

TEST(Yaml, refuses_unknown_keys_and_says_what_was_meant)
{
  const auto document = read("target: /x\nexlude: []\n");
  EXPECT_EQ(error_of([&] { document.root().check_keys({"target", "exclude", "include"}); }),
            "x.yaml:2:1: unknown key 'exlude'; did you mean 'exclude'?");
  EXPECT_EQ(error_of([&] { document.root().check_keys({"target", "layers"}); }),
            "x.yaml:2:1: unknown key 'exlude'; known are target, layers");
  EXPECT_NO_THROW(document.root().check_keys({"exlude", "target", "b"}));
}

TEST(Yaml, refuses_anchors_aliases_and_tags)
{
  EXPECT_THAT(refused("a: &x [1]\n"), HasSubstr("anchors"));
  EXPECT_THAT(refused("a: &x 1\nb: *x\n"), HasSubstr("anchors"));
  EXPECT_THAT(refused("a: &x\n"), HasSubstr("anchors"));
  EXPECT_THAT(refused("b: *x\n"), HasSubstr("x.yaml:1:4: "));
  for (const auto* text : {"- *.orig\n", "- *\n", "- */x\n", "- *a b\n"}) EXPECT_THAT(refused(text), HasSubstr("begins with '*' in quotes")) << text;
  EXPECT_THAT(refused("a: !!str 1\n"), HasSubstr("x.yaml:1:4: tags"));
  EXPECT_THAT(refused("a: !mine {}\n"), HasSubstr("tags"));
  EXPECT_THAT(refused("!!map {a: b}\n"), HasSubstr("tags"));
}

TEST(Yaml, refuses_a_second_document)
{
  EXPECT_THAT(refused("a: 1\n---\nb: 2\n"), HasSubstr("a file holds one"));
  EXPECT_EQ(read("---\na: 1\n...\n").root().at("a").string(), "1");
}

TEST(Yaml, refuses_what_is_not_utf8)
{
  EXPECT_EQ(refused("a: 1\nb: \xff\n"), "x.yaml:2:4: not UTF-8");
  EXPECT_THAT(refused(std::string_view("\xff\xfe" "a\0:\0", 6)), HasSubstr("x.yaml:1:1: not UTF-8"));
  EXPECT_THAT(refused(std::string_view("\0a\0:", 4)), HasSubstr("control character 0x00"));
  EXPECT_THAT(refused("a: \x04 b"), HasSubstr("x.yaml:1:4: control character 0x04"));
  EXPECT_EQ(read("\xef\xbb\xbf" "a: b").root().at("a").string(), "b");
}

TEST(Yaml, refuses_what_is_too_deep_or_too_large)
{
  const std::string fifty = std::string(50, '[') + std::string(50, ']');
  EXPECT_NO_THROW((void)read(fifty));
  EXPECT_THAT(refused("[" + fifty + "]"), HasSubstr("x.yaml:1:51: more than 50 lists and maps"));
  EXPECT_THAT(error_of([] { (void)read(std::string(yaml_limit_bytes + 1, ' ')); }, Errc::limit), HasSubstr("the limit is 1048576"));
}

TEST(Yaml, refuses_floods_in_reasonable_time)
{
  for (const char c : {'[', '{', '-', '?', '"', '|', '\n', ':', ',', '#'}) {
    SCOPED_TRACE(c);
    const std::string flood(yaml_limit_bytes / 8, c);
    try {
      (void)read(flood);
    } catch (const Error&) {
    }
  }
  std::string list;
  while (list.size() < yaml_limit_bytes / 8) list += "- a: b\n";
  EXPECT_EQ(read(list).root().list().size(), list.size() / 7);
}

TEST(Yaml, refuses_keys_that_are_not_text)
{
  EXPECT_THAT(refused("? [a]\n: b\n"), HasSubstr("a key must be text"));
  EXPECT_THAT(refused("~: b\n"), HasSubstr("a key must be text"));
  EXPECT_THAT(refused("null: b\n"), HasSubstr("a key must be text"));
}

TEST(Yaml, explains_broken_syntax)
{
  EXPECT_EQ(refused("a: 1\n  b: 2\n"), "x.yaml:2:4: unexpected ': '; put text that holds it in quotes");
  EXPECT_THAT(refused("a: [1, 2\nb: 3\n"), HasSubstr("'['"));
  for (const auto* text : {"a: 'x", "a: 'x\n", "a: \"x\n\n", "a: \"x\\\"\n", "'a: x''\n"})
    EXPECT_THAT(refused(text), HasSubstr("a quote is never closed")) << text;
  EXPECT_EQ(read("'it''s': \"\\\"\"\n").root().at("it's").string(), "\"");
  EXPECT_THAT(refused("a:\n\t- x\n"), HasSubstr("x.yaml:2:"));
  EXPECT_THAT(refused("a: b: c\n"), HasSubstr("x.yaml:1:5: unexpected ': '"));
  EXPECT_THAT(refused("a: @b\n"), HasSubstr("x.yaml:1:4: unexpected character"));
}

TEST(Yaml, takes_null_as_absent)
{
  const auto document = read("a:\nb: ~\n");
  EXPECT_FALSE(document.root().find("a"));
  EXPECT_FALSE(document.root().find("b"));
  EXPECT_FALSE(document.root().find("c"));
  EXPECT_EQ(error_of([&] { (void)document.root().at("c"); }), "x.yaml:1:1: misses 'c'");
  EXPECT_EQ(read("# nothing\n").root().kind(), Yaml::Kind::null);
  EXPECT_THAT(read("").root().map(), IsEmpty());
}

TEST(Yaml, keeps_the_order_of_maps)
{
  const auto document = read("z: 1\na: 2\nm: 3\n");
  std::string keys;
  for (const auto& [key, value] : document.root().map()) keys += key + value.string();
  EXPECT_EQ(keys, "z1a2m3");
}

TEST(Yaml, escapes_what_it_quotes)
{
  EXPECT_THAT(error_of([] { (void)read("\"\\e[31m\"").root().boolean(); }), HasSubstr("found '\\x1b[31m'"));
}

TEST(Yaml, names_the_file_it_reads)
{
  const TempDir directory;
  const auto path = directory.path() / "library.yaml";
  std::ofstream(path) << "a: [";
  EXPECT_THAT(error_of([&] { (void)YamlDocument::read(path); }), HasSubstr(path.native() + ":1:"));
  EXPECT_THAT(error_of([&] { (void)YamlDocument::read(directory.path() / "none"); }, Errc::not_found), HasSubstr("none"));
}

TEST(NearMiss, proposes_only_what_is_near)
{
  EXPECT_EQ(near_miss("Excludes", {"exclude", "include"}), "exclude");
  EXPECT_EQ(near_miss("layer", {"layers", "target"}), "layers");
  EXPECT_EQ(near_miss("colour", {"layers", "target"}), std::nullopt);
}

}  // namespace
}  // namespace cairn::recipe
