// SPDX-License-Identifier: Apache-2.0
#include <cairn/module/lua_sandbox.hpp>
#include <cairn/module/value.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cairn::module {
namespace {

using testing::HasSubstr;

std::string top(const Value& value) { return serialized("t", value, 0, Place::top); }

TEST(Serialized, sorts_keys_and_ends_tables_as_lmod)
{
  EXPECT_EQ(top(Table{{"b", Table{}}, {"a", std::int64_t{5}}, {"a-b", true}}), "t = {\n  a = 5,\n  [\"a-b\"] = true,\n  b = {},\n}\n");
  EXPECT_EQ(serialized("t", Table{{"a", "x"}}, 4, Place::nested), "    t = {\n      a = \"x\",\n    },\n");
}

TEST(Serialized, drops_keys_that_start_with_two_underscores)
{
  EXPECT_EQ(top(Table{{"__a", "x"}, {"_b", "y"}}), "t = {\n  _b = \"y\",\n}\n");
  EXPECT_EQ(top(Table{{"__a", "x"}}), "t = {\n  }\n");
}

TEST(Serialized, breaks_lists_before_the_comma)
{
  const std::string word(30, 'w');
  const auto quoted = '"' + word + '"';
  EXPECT_EQ(top(List{word, word, word, "end"}), "t = {\n  " + quoted + ", " + quoted + "\n  , " + quoted + ", \"end\",\n}\n");
}

TEST(Serialized, breaks_before_a_first_item_that_is_too_long)
{
  const std::string word(90, 'w');
  EXPECT_EQ(top(List{word, "end"}), "t = {\n\n    \"" + word + "\", \"end\",\n}\n");
}

TEST(Serialized, takes_the_lowest_long_bracket_that_does_not_occur)
{
  EXPECT_THAT(top(List{"a\nb"}), HasSubstr("[[a\nb]]"));
  EXPECT_THAT(top(List{"[[\n]]"}), HasSubstr("[=[[[\n]]]=]"));
}

TEST(Serialized, doubles_backslashes_and_escapes_quotes) { EXPECT_THAT(top(List{"\\\""}), HasSubstr("\"\\\\\\\"\"")); }

TEST(Serialized, always_loads)
{
  std::string brackets;
  for (int level = 0; level < 12; ++level) brackets += "[" + std::string(static_cast<std::size_t>(level), '=') + "[";
  for (const std::string text : {"a\nb]", "a\r", "x\n]=", "\n]==]", "\\", "\"", "\n\\]"}) {
    EXPECT_EQ(syntax_error(top(List{text, text})), std::nullopt) << text;
    EXPECT_EQ(syntax_error(top(Table{{text, text}})), std::nullopt) << text;
  }
  EXPECT_EQ(syntax_error(top(List{brackets + "\n]"})), std::nullopt);
  for (const char* key : {"goto", "and", "", "1", "a\nb", "a\"b", "end\\"}) EXPECT_EQ(syntax_error(top(Table{{key, Table{{"x", "y"}}}})), std::nullopt) << key;
}

}  // namespace
}  // namespace cairn::module
